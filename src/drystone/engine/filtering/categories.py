"""The categories a school names, as `starter/categories.yaml` has them, and which lists belong to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

STARTER = Path(__file__).with_name("starter")
PROFILES = ("ks1", "ks2", "staff", "guests")
STARTER_SOURCE = "starter"


@dataclass(frozen=True, slots=True)
class Category:
    """`child` ends the sentence “This page is about …”; `theme` is the UK Safer Internet Centre's word.

    `sources` has, for each source of lists, the folders of it that belong here.
    """

    slug: str
    title: str
    child: str
    about: str
    theme: str
    blocked_for: frozenset[str]  # of PROFILES, in a fresh installation
    sources: Mapping[str, tuple[str, ...]]
    mandatory: bool = False

    @property
    def try_host(self) -> str:
        """A reserved name (RFC 2606) on the starter list: shows the block page without visiting anything."""
        return f"{self.slug.replace('_', '-')}.drystone.test"


@cache
def load_categories() -> Mapping[str, Category]:
    """By slug, in the order in which screens show them. Raises ValueError where the file is wrong."""
    return MappingProxyType({slug: _category(slug, fields) for slug, fields in _file()["categories"].items()})


@cache
def informational(source: str) -> Mapping[str, str]:
    """Folders of a source that are no category here, each with the reason."""
    return MappingProxyType(dict(_file()["informational"].get(source, {})))


@cache
def mandatory_sources() -> Mapping[str, Category]:
    """Sources whose every list is mandatory (IWF, CTIRU), each with its category, by name."""
    mandatory = [category for category in load_categories().values() if category.mandatory]
    return MappingProxyType({source: category for category in mandatory for source in category.sources})


def category_of(source: str, folder: str) -> Category | None:
    """The category that a folder of a source belongs to: as the file says, else by its name."""
    categories = load_categories()
    if source in mandatory_sources():
        return mandatory_sources()[source]
    for category in categories.values():
        if folder in category.sources.get(source, ()):
            return category
    return None if folder in informational(source) else categories.get(folder)


def is_source(entry: Path) -> bool:
    """A folder with its provenance beside it; not an edition that is being unpacked, or was replaced."""
    return entry.is_dir() and "." not in entry.name and entry.with_name(f"{entry.name}.json").is_file()


@cache
def _file() -> dict[str, Any]:
    with (STARTER / "categories.yaml").open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)  # type: ignore[no-any-return]  # noqa: S506  safe, and in C


def _category(slug: str, fields: Mapping[str, Any]) -> Category:
    if unknown := frozenset(fields) - {"title", "child", "about", "theme", "mandatory", "blocked_for", "sources"}:
        raise ValueError(f"categories.yaml: {slug} has an unknown field: {', '.join(sorted(unknown))}")
    blocked_for = frozenset(fields["blocked_for"])
    if unknown := blocked_for.difference(PROFILES):
        raise ValueError(f"categories.yaml: {slug} is blocked for an unknown profile: {', '.join(sorted(unknown))}")
    return Category(
        slug=slug,
        title=fields["title"],
        child=fields["child"],
        about=fields["about"],
        theme=fields["theme"],
        blocked_for=blocked_for,
        sources=MappingProxyType({source: tuple(folders) for source, folders in fields.get("sources", {}).items()}),
        mandatory=fields.get("mandatory", False),
    )
