"""What `drystone lists` prints of sources and editions."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime

from drystone.engine.filtering.categories import STARTER_SOURCE, informational
from drystone.engine.filtering.editions import INSTALLED, WAITS, Outcome
from drystone.engine.filtering.formats import FORMATS
from drystone.engine.filtering.sources import Source

OLD_DAYS = 31  # UT1 changes daily, most makers at least weekly


def tell(outcome: Outcome) -> None:
    source = outcome.source
    if outcome.state == WAITS:
        print(f"{source.name}: the new edition WAITS for a person, and the one at work stays:")
        for sentence in outcome.why:
            print(f"  {sentence}")
        print(f"  see `drystone lists compare {source.name}`, then `drystone lists accept {source.name} --reason …`")
        return
    if outcome.state != INSTALLED:
        print(f"{source.name}: unchanged since its last edition")
        return
    skipped = sum(folder.skipped for folder in source.folders.values())
    line = f"{source.name}: {source.entries:,} entries in {len(source.folders)} lists"
    print(f"{line}, {skipped:,} unreadable lines left out" if skipped else line)
    tell_unmapped(source)
    print("they filter from the next bundle that is published")


def tell_preview(source: Source) -> None:
    """What a source would bring."""
    print(f"{source.origin}: {FORMATS.get(source.format or 'squidguard')}, {source.entries:,} entries")
    for name, folder in sorted(source.folders.items()):
        category = source.category(name)
        print(f"  {name}: {folder.kept:,} entries → {category.title if category else 'no category here'}")
    tell_dirt(source)


def tell_dirt(source: Source) -> None:
    mended, skipped = (
        sum(getattr(folder, what) for folder in source.folders.values()) for what in ("mended", "skipped")
    )
    if mended or skipped:
        print(f"  {mended:,} dirty entries mended, {skipped:,} left out")
    for example in [example for folder in source.folders.values() for example in folder.examples][:5]:
        print(f"  left out: {example}")


def tell_unmapped(source: Source) -> None:
    if source.unmapped:
        print(f"  of no category here: {', '.join(source.unmapped)} (`drystone lists map` says which, or a rules file)")


def tell_checked(name: str, source: Source | None, faults: tuple[str, ...]) -> None:
    for fault in faults:
        print(f"{name}: WRONG: {fault}")
    if source is None:
        return
    age = age_days(source)
    old = "" if source.name == STARTER_SOURCE or age <= OLD_DAYS else " (OLD: `drystone lists update`)"
    print(f"{name}: {source.entries:,} entries in {len(source.folders)} lists, {age} days old{old}")
    tell_dirt(source)
    tell_unmapped(source)


def as_plain(name: str, source: Source | None, faults: tuple[str, ...]) -> dict[str, object]:
    plain: dict[str, object] = {"source": name, "ok": not faults, "faults": faults}
    if source is None:
        return plain
    folders = {
        folder: asdict(read) | {"category": category.slug if (category := source.category(folder)) else None}
        for folder, read in source.folders.items()
    }
    return plain | {
        "origin": source.origin,
        "format": source.format,
        "licence": source.licence,
        "edition": source.edition,
        "id": source.id,
        "fetched_at": source.fetched_at,
        "age_days": age_days(source),
        "entries": source.entries,
        "mandatory": source.mandatory_folders,
        "unmapped": source.unmapped,
        "informational": [folder for folder in source.folders if folder in informational(name)],
        "warnings": source.warnings,
        "folders": folders,
    }


def age_days(source: Source) -> int:
    return max(0, int(time.time() - datetime.fromisoformat(source.fetched_at).timestamp()) // 86400)
