"""The categories this machine's lists give a school to name, each with the list folders that belong to it.

The starter's categories come first; a folder of another source that no category takes, and that nobody has called
informational, is a category of its own name: a school may bring its own lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from drystone.engine.filtering import categories as starter
from drystone.engine.filtering.rules import plain_words
from drystone.engine.filtering.sources import Source, SourceError, lists_of, read_source, source_names
from drystone.engine.filtering.starter_lists import install_starter


@dataclass(frozen=True, slots=True)
class Category:
    """`lists` are folders below LISTS: `starter/gambling`, `ut1/gambling`. `try_host` is a reserved name on the
    starter's list, there to try the category out, or "" (P49)."""

    key: str
    title: str
    about: str
    theme: str
    mandatory: bool
    blocked_for: frozenset[str]
    lists: tuple[str, ...]
    try_host: str = ""


class Catalog(Mapping[str, Category]):
    """Categories by key, in the order in which screens show them."""

    def __init__(self, categories: dict[str, Category]) -> None:
        self._categories = categories

    def __getitem__(self, key: str) -> Category:
        return self._categories[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._categories)

    def __len__(self) -> int:
        return len(self._categories)

    def title(self, key: str) -> str:
        """Plain words, also for a category that is no longer there."""
        return self._categories[key].title if key in self._categories else plain_words(key)

    def mandatory(self, key: str) -> bool:
        return key in self._categories and self._categories[key].mandatory

    def choices(self) -> list[tuple[str, str]]:
        return sorted(((key, entry.title) for key, entry in self.items()), key=lambda pair: pair[1].lower())


def catalog() -> Catalog:
    """What is installed on this machine now. Where nothing is yet, the starter is put in place."""
    lists: Path = settings.HOME.lists
    if starter.STARTER_SOURCE not in source_names(lists):
        lists.mkdir(parents=True, exist_ok=True)
        install_starter(lists, edition=version("drystone"), at=timezone.now())
    return _catalog(lists, _seen(lists))


def all_sources() -> tuple[list[Source], list[str]]:
    """Provenance of every source, the starter first, and a line for each whose provenance cannot be read."""
    found, faults = [], []
    for name in source_names(settings.HOME.lists):
        try:
            found.append(read_source(settings.HOME.lists, name))
        except SourceError as error:
            faults.append(str(error))
    return sorted(found, key=lambda source: (source.name != starter.STARTER_SOURCE, source.name)), faults


def _seen(lists: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a source is added, swapped or taken away."""
    stats = [(name, (lists / f"{name}.json").stat()) for name in source_names(lists)]
    return tuple((name, stat.st_ino, stat.st_mtime_ns) for name, stat in stats)


@lru_cache(maxsize=4)
def _catalog(lists: Path, _seen: tuple[tuple[str, int, int], ...]) -> Catalog:
    categories: dict[str, Category] = {}
    for key, entry in starter.load_categories().items():
        folders = lists_of(entry, lists)
        if folders:
            tried = entry.try_host if f"{starter.STARTER_SOURCE}/{key}" in folders else ""
            categories[key] = Category(
                key, entry.title, entry.about, entry.theme, entry.mandatory, entry.blocked_for, folders, tried
            )
    for source in all_sources()[0]:
        for folder in source.unmapped:
            key = folder if folder not in categories else f"{source.name}_{folder}"
            about = f"From the list {source.name}."
            categories[key] = Category(
                key, plain_words(key), about, "", False, frozenset(), (f"{source.name}/{folder}",)
            )
    return Catalog(categories)
