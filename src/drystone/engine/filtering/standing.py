"""P35: before anything is compiled, the mandatory lists stand on the disk as they came in.

Who has the disk can write over a list, move it, put a link in its place, or edit its record. What came once is on
record twice (at work, and among the editions that are kept), so each of these is found, and nothing is compiled: the
bundle in force stays, and closes what it closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from drystone.engine.filtering.bundle import Bundle, BundleError
from drystone.engine.filtering.categories import STARTER_SOURCE
from drystone.engine.filtering.editions import alone, settle
from drystone.engine.filtering.lists import ListError
from drystone.engine.filtering.rules import Category
from drystone.engine.filtering.sources import EDITIONS, Source, SourceError, kept_records, read_source, tree_digest


class MandatoryGone(ListError):
    """A mandatory list is not what it was. One line: which, and how it comes back."""


def check_standing(lists: Path) -> None:
    """Raises MandatoryGone. The starter's are let be: they hold a test site, and come with the program."""
    for name in _on_record(lists):
        if _fault(lists, name):
            with suppress(OSError, SourceError), alone(lists):  # an update may be between two renames
                settle(lists, name)
            if fault := _fault(lists, name):
                raise MandatoryGone(
                    f"{lists}: the mandatory list {fault}; nothing was compiled, and what is in force stays. "
                    f"Add {name} again from its maker"
                )


def refuse_to_lose(place: Path, categories: Iterable[Category], key: bytes) -> None:
    """A bundle does not take the place of one with a mandatory list that it lacks: lists from another folder are no
    way round. Raises MandatoryGone."""
    try:
        policy = Bundle.open(place, key=key).policy
    except BundleError:  # nothing there, or nothing that is at work
        return
    old = {policy.lists[number] for each in policy.categories if each.mandatory for number in each.lists}
    new = {name for each in categories if each.mandatory for name in each.lists}
    if lost := sorted(name for name in old - new if not name.startswith(f"{STARTER_SOURCE}/")):
        raise MandatoryGone(
            f"{place}: has the mandatory list {lost[0]}, and these lists and rules have not; the bundle in place stays"
        )


def _on_record(lists: Path) -> tuple[str, ...]:
    kept = lists / EDITIONS
    names = {path.stem for path in lists.glob("*.json")} if lists.is_dir() else set()
    names |= {path.name for path in kept.iterdir()} if kept.is_dir() else set()
    return tuple(sorted(names - {STARTER_SOURCE}))


def _fault(lists: Path, name: str) -> str:
    """What is wrong with the mandatory lists of a source; "" for nothing, or where it has none."""
    now: Source | None = None
    with suppress(SourceError):
        now = read_source(lists, name)
    known = [*([now] if now else []), *kept_records(lists, name)]
    wanted = {folder for source in known for folder in source.mandatory_folders}
    if not wanted:
        return ""
    if now is None:
        return f"{name}/{min(wanted)} has lost its record"
    if missing := wanted.difference(now.mandatory_folders):
        return f"{name}/{min(missing)} is not mandatory on its record any more"
    return "" if tree_digest(lists / name) == now.sha256 else f"{name}/{min(wanted)} is not what came in"
