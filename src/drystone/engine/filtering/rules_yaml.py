"""YAML as plain nodes that know their lines.

A rules file needs tables, lists and text, and nothing else of YAML: every scalar stays the text it was written as
(so `12:00` is a time and `off` a word), and anchors, tags and doubled keys are refused, since each can make a file
mean what its reader does not see.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from drystone.engine.filtering.rules import Problem, RulesError

_DEEPEST = 12  # a rules file is five deep
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it was built in: ten times faster


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    line: int
    quoted: bool = False

    @property
    def nothing(self) -> bool:
        return not self.quoted and self.value in ("", "~", "null")


@dataclass(slots=True)
class Items:
    line: int
    nodes: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """`entries` in the file's order: key → (line of the key, value)."""

    line: int
    entries: dict[str, tuple[int, Node]] = field(default_factory=dict)


Node = Text | Items | Table
Complain = Callable[[int, str], None]


def read_yaml(text: str, *, source: str, complain: Complain) -> Node:
    """The file's one document. Raises RulesError where it cannot be read on; what can be passed over (a key that
    stands twice) is told to `complain`."""
    if control := _NOT_TEXT.search(text):
        line = text.count("\n", 0, control.start()) + 1
        message = f"has a character that is not text (U+{ord(control[0]):04X}); is this a rules file?"
        raise RulesError(source, Problem(line, message))
    builder = _Builder(source, complain)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise RulesError(source, _not_yaml(error, text)) from error
    except yaml.YAMLError as error:
        raise RulesError(source, Problem(0, f"cannot be read as YAML: {str(error).splitlines()[0]}")) from error
    if builder.root is None or (isinstance(builder.root, Text) and builder.root.nothing):
        raise RulesError(source, Problem(0, "is empty; a rules file has at least groups and zones"))
    return builder.root


def _not_yaml(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    line = min(mark.line + 1, len(text.splitlines())) if mark else 0  # it may lie behind the last line
    message = f"cannot be read as YAML: {error.problem}"
    if begun and begun.line + 1 < line:
        message += f", in what begins on line {begun.line + 1}"
    return Problem(line, f"{message}; look at the brackets, quotes and indents up to here")


class _Builder:
    """Puts parser events together, with a stack of its own: a file nested ten thousand deep is only refused."""

    def __init__(self, source: str, complain: Complain) -> None:
        self.root: Node | None = None
        self._source = source
        self._complain = complain
        self._open: list[Items | Table] = []
        self._keys: list[Text | None] = []  # for each open node: the key that waits for its value

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if getattr(event, "tag", None) not in (None, "!"):
            self._stop(line, "has a tag (!); write the plain value")
        match event:
            case yaml.AliasEvent():
                self._stop(line, "refers to another place (*); write it out")
            case yaml.ScalarEvent():
                self._put(Text(event.value, line, quoted=event.style is not None))
            case yaml.SequenceStartEvent():
                self._begin(Items(line))
            case yaml.MappingStartEvent():
                self._begin(Table(line))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._open.pop()
                self._keys.pop()
            case yaml.DocumentStartEvent() if self.root is not None:
                self._stop(line, "begins a second document (---); keep one rules file to a file")

    def _begin(self, node: Items | Table) -> None:
        if len(self._open) >= _DEEPEST:
            self._stop(node.line, "is nested too deeply; no rule needs that")
        self._put(node)
        self._open.append(node)
        self._keys.append(None)

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.nodes.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = self._key(node)
            return
        self._keys[-1] = None
        if key.value in parent.entries:
            first, _ = parent.entries[key.value]
            self._complain(key.line, f"'{key.value}' stands here a second time (first on line {first}); keep one")
            return
        parent.entries[key.value] = (key.line, node)

    def _key(self, node: Node) -> Text:
        if not isinstance(node, Text):
            self._stop(node.line, "has a list or a table where a key should stand")
        return node

    def _stop(self, line: int, message: str) -> NoReturn:
        raise RulesError(self._source, Problem(line, message))
