"""A policy template or a standard, as data: sections of promises, each bound to a control or to none yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from drystone.registers.school.models import Role

FOLDER = Path(__file__).with_name("library")
KINDS = ("enforced", "coverage", "scheduled", "handled")
PROMISE_KEYS = {"id", "kind", "owner", "text", "kept_when", "control", "parameters"}
REQUIRED = ("id", "kind", "owner", "text", "kept_when")


class LibraryError(ValueError):
    """What is wrong in a template, and where: one line a mistake."""


@dataclass(frozen=True, slots=True)
class Promise:
    id: str
    kind: str
    owner: Role
    text: str
    kept_when: str
    control: str = ""  # "" while no register can answer
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Library:
    id: str
    edition: str
    title: str
    sections: tuple[Section, ...]

    def __iter__(self) -> Iterator[Promise]:
        return (promise for section in self.sections for promise in section.promises)

    def promise(self, promise_id: str) -> Promise:
        """Raises KeyError for an id that the library does not have."""
        for promise in self:
            if promise.id == promise_id:
                return promise
        raise KeyError(promise_id)


@cache
def policy_library() -> Library:
    """The e-safety policy template that ships with Drystone."""
    return load_library(FOLDER / "e-safety-policy.yaml")


def load_library(path: Path) -> Library:
    """Read a template. Raises LibraryError that lists every mistake with its line."""
    return parse_library(path.read_text(encoding="utf-8"), source=path.name)


def parse_library(text: str, *, source: str) -> Library:
    try:
        document = yaml.load(text, Loader=_LinedLoader)  # noqa: S506 - a SafeLoader that notes lines
    except yaml.YAMLError as error:
        raise LibraryError(f"{source}: not YAML: {' '.join(str(error).split())}") from error
    mistakes: list[str] = []
    if not isinstance(document, dict) or not isinstance(document.get("sections"), list):
        raise LibraryError(f"{source}: a template has the keys library, edition, title and sections")
    seen: dict[str, int] = {}
    sections = tuple(_section(raw, source, seen, mistakes) for raw in document["sections"])
    mistakes += [f"{source}: “{key}” is missing" for key in ("library", "edition", "title") if not document.get(key)]
    if mistakes:
        raise LibraryError("\n".join(mistakes))
    return Library(str(document["library"]), str(document["edition"]), str(document["title"]), sections)


def _section(raw: Any, source: str, seen: dict[str, int], mistakes: list[str]) -> Section:
    if not isinstance(raw, dict) or not isinstance(raw.get("promises"), list):
        mistakes.append(f"{source}: a section has the keys id, title and promises; this one is {str(raw)[:60]!r}")
        return Section("", "", ())
    promises = tuple(filter(None, (_promise(item, source, seen, mistakes) for item in raw["promises"])))
    return Section(str(raw.get("id", "")), str(raw.get("title", "")), promises)


def _promise(raw: Any, source: str, seen: dict[str, int], mistakes: list[str]) -> Promise | None:
    if not isinstance(raw, dict):
        mistakes.append(f"{source}: a promise is a set of keys, not {str(raw)[:60]!r}")
        return None
    line = raw.pop("__line__")
    where = f"{source}, line {line}"
    found = len(mistakes)
    for key in REQUIRED:
        if not raw.get(key):
            mistakes.append(f"{where}: “{key}” is missing")
    for key in sorted(set(raw) - PROMISE_KEYS):
        mistakes.append(f"{where}: “{key}” is not a key of a promise; the keys are {', '.join(sorted(PROMISE_KEYS))}")
    if raw.get("id") in seen:
        mistakes.append(f"{where}: {raw['id']} stands already in line {seen[raw['id']]}; give it an id of its own")
    if raw.get("kind") not in KINDS:
        mistakes.append(f"{where}: the kind is one of {', '.join(KINDS)}, not {raw.get('kind')!r}")
    if raw.get("owner") not in Role.values:
        mistakes.append(f"{where}: {raw.get('owner')!r} is not a role; the roles are {', '.join(Role.values)}")
    if not isinstance(raw.get("parameters", {}), dict):
        mistakes.append(f"{where}: parameters are written as a set of keys")
    if len(mistakes) > found:
        return None
    seen[raw["id"]] = line
    raw.get("parameters", {}).pop("__line__", None)
    return Promise(**{**raw, "owner": Role(raw["owner"])})


class _LinedLoader(yaml.SafeLoader):
    """Notes the line of each promise, for messages; a key that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"“{key}” stands twice", node.start_mark)
        mapping = super().construct_mapping(node, deep=deep)
        if "id" in mapping and "promises" not in mapping or "kind" in mapping:
            mapping["__line__"] = node.start_mark.line + 1
        return mapping
