"""P35: lists that nobody can switch off (IWF, CTIRU and their like), by whatever door somebody tries.

Which they are: every list of a source that bears one of their names, every list of a source that was added as
mandatory, and every list that is mapped to a mandatory category. Each attempt is refused; `note` puts it in a journal
beside the lists, and the register takes it over into the audit trail.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.categories import Category as Known
from drystone.engine.filtering.categories import load_categories, mandatory_sources
from drystone.engine.filtering.lists import list_names
from drystone.engine.filtering.rules import Category, Problem, Rules, RulesError
from drystone.engine.filtering.sources import Source, SourceError, read_source, source_names
from drystone.engine.filtering.words import RuleAction, TargetKind

JOURNAL = ".journal.jsonl"


class MandatoryRefused(SourceError):
    """What would switch off, empty or take away a mandatory list. One line."""


class MandatoryRules(RulesError):
    """A rules file that would. Lines as RulesError has them."""


def mandatory_lists(lists: Path) -> Mapping[str, Known]:
    """The mandatory lists below LISTS, as a rules file names them, each with its category."""
    if not lists.is_dir():
        return {}
    found: dict[str, Known] = {}
    known = {key: category for key, category in load_categories().items() if category.mandatory}
    sources = source_names(lists)
    for name in list_names(lists):
        if name in sources:
            try:
                source = read_source(lists, name)
            except SourceError:
                source = Source(name, "", "", "", "")
            for folder in list_names(lists / name):
                category = source.category(folder)
                if category is not None and category.mandatory:
                    found[f"{name}/{folder}"] = category
        elif name in mandatory_sources() or name in known:
            found[name] = mandatory_sources().get(name) or known[name]
    return found


def keep_mandatory(lists: Path, rules: Rules, completed: Mapping[str, Category]) -> tuple[Category, ...]:
    """The categories of a rules file, completed by LISTS, with every mandatory list in a mandatory one: a list that
    the file leaves out is put in. Raises MandatoryRules where the file says that one is not mandatory, or opens it."""
    mandatory = mandatory_lists(lists)
    if not mandatory:
        return tuple(completed.values())
    written = rules.categories or {}
    categories = [
        replace(each, mandatory=True) if key not in written and key in mandatory else each
        for key, each in completed.items()
    ]
    problems = _opened(rules, {each.key for each in categories if each.mandatory})
    for category in categories:
        named = [name for name in category.lists if name in mandatory]
        if named and not category.mandatory:
            message = (
                f"category '{category.key}' has the mandatory list {', '.join(named)}: nobody can switch that off; "
                "say mandatory: true"
            )
            problems.append(Problem(category.line, message))
    if problems:
        raise MandatoryRules(rules.source, *problems)
    there = {name for category in categories for name in category.lists}
    whole = {category.key: category for category in categories}
    for name, known in mandatory.items():
        if name in there:
            continue
        key = _key(known.slug, whole)
        old = whole.get(key) or Category(key, (), title=known.title, mandatory=True)
        whole[key] = replace(old, lists=(*old.lists, name))
    return tuple(whole.values())


def _opened(rules: Rules, mandatory: set[str]) -> list[Problem]:
    return [
        Problem(rule.line, f"category '{rule.target.value}' is mandatory and nothing may open it; take this rule out")
        for rule in rules.rules
        if rule.action is RuleAction.ALLOW
        and rule.target.kind is TargetKind.CATEGORY
        and rule.target.value in mandatory
    ]


def _key(slug: str, taken: Mapping[str, Category]) -> str:
    """A rules file may use the category's name for something milder."""
    while slug in taken and not taken[slug].mandatory:
        slug = f"{slug}_mandatory"
    return slug


def refuse_to_drop(old: Source, new: Source, went: Mapping[str, int], past: Sequence[Source] = ()) -> None:
    """An edition may not empty a mandatory list, leave it out, or lose more than half of it; nor half of what it had
    in one of the `past` editions that are kept, or it could be emptied by halves. Raises."""
    for folder in old.mandatory_folders:
        before = old.folders[folder].kept
        most = max([before, *(each.folders[folder].kept for each in past if folder in each.folders)])
        after = new.folders[folder].kept if folder in new.folders else 0
        if most and (after * 2 < most or went.get(folder, 0) * 2 > before):
            stay = max(0, before - went.get(folder, before))
            raise MandatoryRefused(
                f"{old.name}/{folder} is a mandatory list and had {most:,} entries; this edition would leave {stay:,} "
                "of those that are there. It was refused, and nobody can accept it: ask its maker"
            )
    dropped = [folder for folder in old.mandatory_folders if folder not in new.mandatory_folders]
    if dropped:
        raise MandatoryRefused(f"{old.name}/{dropped[0]} is a mandatory list: nobody can make it another category")


def refuse_to_remove(source: Source) -> None:
    if source.mandatory_folders:
        raise MandatoryRefused(f"{source.name} has mandatory lists: nobody can remove it, switch it off or replace it")


def note(folder: Path, *, at: datetime, by: str, verb: str, subject: str, summary: str) -> None:
    """A line of the journal, on the disk before this returns. Raises OSError."""
    entry = {"at": at.isoformat(), "by": by, "verb": verb, "subject": subject, "summary": " ".join(summary.split())}
    line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    descriptor = os.open(folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
