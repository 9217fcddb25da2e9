"""The categories a school can name: the starter's, and those of installed lists, with the list folders of each.

`starter/categories.yaml` says which folders of a downloaded source belong to which category. A folder that it calls
informational is no category; a folder of a source it does not know (a school's own list) is a category of its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from drystone.engine import filtering
from drystone.engine.filtering.rules import plain_words

STARTER = Path(filtering.__file__).parent / "starter"
STARTER_NAME = "starter"
_LIST_FILES = ("domains", "urls", "expressions")


@dataclass(frozen=True, slots=True)
class Category:
    """`lists` are folders below the joined LISTS: `starter/gambling`, `ut1/gambling`."""

    key: str
    title: str
    about: str
    theme: str
    mandatory: bool
    blocked_for: frozenset[str]
    lists: tuple[str, ...]


class Catalog(Mapping[str, Category]):
    """Categories by key, in the order of the starter's file, those of other lists after."""

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
    """What is installed on this machine now."""
    return _catalog(settings.HOME.lists, _seen(settings.HOME.lists))


def installed(lists: Path) -> list[Path]:
    """The folders of installed sources, by name. What an update has left half done begins with a dot."""
    try:
        return sorted(entry for entry in lists.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except FileNotFoundError:
        return []


def _seen(lists: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a source is added, taken away or swapped."""
    return tuple((folder.name, stat.st_ino, stat.st_mtime_ns) for folder in installed(lists) for stat in [os.stat(folder)])


@lru_cache(maxsize=4)
def _catalog(lists: Path, _seen: tuple[tuple[str, int, int], ...]) -> Catalog:
    table = starter_table()
    folders = {source.name: _folders(source) for source in installed(lists)}
    categories: dict[str, Category] = {}
    mapped: dict[str, set[str]] = {name: set(table.get("informational", {}).get(name, ())) for name in folders}
    for key, entry in table["categories"].items():
        names = [f"{STARTER_NAME}/{key}"] if (STARTER / key).is_dir() else []
        for source, wanted in entry.get("sources", {}).items():
            for name in wanted:
                mapped.setdefault(source, set()).add(name)
                if name in folders.get(source, ()):
                    names.append(f"{source}/{name}")
        if names:
            categories[key] = _category(key, entry, tuple(names))
    for source, there in folders.items():
        for name in sorted(there - mapped[source]):
            key = name if name not in categories else f"{source}_{name}"
            about = f"From the list {source}."
            categories[key] = Category(key, plain_words(key), about, "", False, frozenset(), (f"{source}/{name}",))
    return Catalog(categories)


def _category(key: str, entry: Mapping[str, Any], lists: tuple[str, ...]) -> Category:
    return Category(
        key,
        entry["title"],
        entry.get("about", ""),
        entry.get("theme", ""),
        bool(entry.get("mandatory", False)),
        frozenset(entry.get("blocked_for", ())),
        lists,
    )


def _folders(source: Path) -> set[str]:
    """Folders that hold a list; sources have links (UT1: porn → adult), and a link is the same list again."""
    return {
        entry.name
        for entry in source.iterdir()
        if entry.is_dir() and not entry.is_symlink() and any((entry / name).is_file() for name in _LIST_FILES)
    }


@cache
def starter_table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = yaml.safe_load((STARTER / "categories.yaml").read_text(encoding="utf-8"))
    return table


def test_host(category: Category) -> str:
    """The host in the starter list that is there to try the category out, or "" where it has none (P49)."""
    path = STARTER / category.key / "domains"
    if not path.is_file():
        return ""
    hosts = path.read_text(encoding="utf-8").split()
    return next((host for host in hosts if host.endswith(".drystone.test")), "")
