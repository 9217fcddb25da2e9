"""When an edition changes so much that a person should look at it first."""

from __future__ import annotations

from collections import Counter

from drystone.engine.filtering.sources import Source

FEW = 20  # entries: below this a share says nothing


def past_limits(old: Source, new: Source) -> tuple[str, ...]:
    """A sentence for each category that lost or gained more than the source's limits allow. `new.changes` are the
    entries that came and went since `old`."""
    before: Counter[str] = Counter()
    came: Counter[str] = Counter()
    went: Counter[str] = Counter()
    for folder, read in old.folders.items():
        before[_category(old, folder)] += read.kept
    for folder, (arrived, gone) in new.changes.items():
        known = new if folder in new.folders else old
        came[_category(known, folder)] += arrived
        went[_category(known, folder)] += gone
    sentences = []
    for category in sorted({*came, *went}):
        had = before[category]
        if not had:
            continue
        if _past(went[category], had, new.shrink) or went[category] == had:
            sentences.append(f"{category}: {went[category]:,} of {had:,} entries would go")
        if _past(came[category], had, new.grow):
            sentences.append(f"{category}: {came[category]:,} entries would come to the {had:,} there are")
    return tuple(sentences)


def _past(changed: int, had: int, limit: int) -> bool:
    return changed > FEW and changed * 100 > had * limit


def _category(source: Source, folder: str) -> str:
    known = source.category(folder)
    return known.title if known else f"{source.name}/{folder}"
