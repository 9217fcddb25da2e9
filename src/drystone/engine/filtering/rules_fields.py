"""One table of the rules file, read key by key: each reader gives the value, or complains and gives the default."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import TypeVar

from drystone.engine.filtering.rules_schema import Section, suggestion
from drystone.engine.filtering.rules_values import read_redirect
from drystone.engine.filtering.rules_yaml import Complain, Items, Node, Table, Text

Word = TypeVar("Word", bound=StrEnum)

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_LONGEST = 2000  # characters; a bundle and each event carry these texts


class Fields:
    """A table checked against its section: unknown and missing keys are complained of when it is made."""

    def __init__(self, node: Node, section: Section, where: str, complain: Complain, *, line: int = 0) -> None:
        self.where = where
        self.line = line or node.line  # of the table's name, where it has one
        self._tell = complain
        self._entries: dict[str, tuple[int, Node]] = {}
        self.readable = isinstance(node, Table) or (isinstance(node, Text) and node.nothing)
        if not isinstance(node, Table):
            if not self.readable:
                self.complain(node.line, "should be a table, as {key: value}")
                return
            node = Table(node.line)
        for key, (line, value) in node.entries.items():
            if not section.has(key):
                self.complain(line, f"'{key}' is not a key here; {suggestion(key, section.key_names)}")
            elif not (isinstance(value, Text) and value.nothing):
                self._entries[key] = (line, value)
        for known in section.keys:
            if known.required and known.name not in self._entries:
                self.complain(self.line, f"'{known.name}' is missing; add {known.name}: {known.shape}")

    def complain(self, line: int, message: str) -> None:
        self._tell(line, f"{self.where}: {message}" if self.where else message)

    def has(self, key: str) -> bool:
        return key in self._entries

    def line_of(self, key: str) -> int:
        return self._entries[key][1].line if key in self._entries else self.line

    def node(self, key: str) -> Node | None:
        return self._entries[key][1] if key in self._entries else None

    def text(self, key: str, default: str = "") -> str:
        """One line of text, without space around it."""
        node = self.node(key)
        if node is None:
            return default
        return self._plain(key, node) or default

    def flag(self, key: str) -> bool:
        text = self.text(key)
        if text.lower() not in ("", "true", "false"):
            self.complain(self.line_of(key), f"{key} is '{text}'; write true or false")
        return text.lower() == "true"

    def word(self, key: str, kind: type[Word], default: Word) -> Word:
        text = self.text(key)
        if not text:
            return default
        try:
            return kind(text)
        except ValueError:
            choices = tuple(str(word) for word in kind)
            self.complain(self.line_of(key), f"{key} is '{text}'; {suggestion(text, choices)}")
            return default

    def name_of(self, key: str, known: Collection[str], plural: str) -> str:
        """The name of something that stands elsewhere in the file."""
        text = self.text(key)
        if text and text not in known:
            self.complain(self.line_of(key), f"'{text}' is not under {plural}; {suggestion(text, tuple(known))}")
        return text

    def day(self, key: str) -> date | None:
        text = self.text(key)
        return self.as_day(key, text, self.line_of(key)) if text else None

    def page(self, key: str) -> str:
        """The address of a page that the rewriter leads to; see rules_values.read_redirect."""
        text = self.text(key)
        try:
            return read_redirect(text) if text else ""
        except ValueError as error:
            self.complain(self.line_of(key), f"{key}: {error}")
            return ""

    def as_day(self, key: str, text: str, line: int) -> date | None:
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.complain(line, f"{key}: '{text}' is not a day; write it as 2027-01-31")
        return None

    def texts(self, key: str) -> list[tuple[str, int]]:
        """A list of texts, each with its line; one text alone is a list of one."""
        node = self.node(key)
        if node is None:
            return []
        nodes = node.nodes if isinstance(node, Items) else [node]
        return [(text, item.line) for item in nodes if (text := self._plain(key, item))]

    def items(self, key: str) -> list[Node]:
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node, Items):
            self.complain(node.line, f"{key} should be a list, as [first, second]")
            return []
        return node.nodes

    def named(self, key: str) -> dict[str, tuple[int, Node]]:
        """The entries of a table whose keys are names that the school chose: name → (its line, what it names)."""
        node = self.node(key)
        if node is None:
            return {}
        if not isinstance(node, Table):
            self.complain(node.line, f"{key} should be a table, as {{name: {{…}}}}")
            return {}
        return node.entries

    def _plain(self, key: str, node: Node) -> str:
        if not isinstance(node, Text):
            self.complain(node.line, f"{key} should be plain text")
            return ""
        text = " ".join(line.strip() for line in node.value.strip().splitlines())
        if len(text) > _LONGEST:
            self.complain(node.line, f"{key} is over {_LONGEST} characters long; shorten it")
            return ""
        if not text:
            self.complain(node.line, f"{key} is empty; fill it in or leave the key out")
        if _UNPRINTABLE.search(text):  # by way of an escape, as "\\0"
            self.complain(node.line, f"{key} has a character that is not text; take it out")
        return text


def check_name(fields: Fields, name: str, line: int, what: str) -> None:
    """A chosen name stands in logs, in notes to Squid and in folders."""
    if NAME.fullmatch(name):
        return
    message = f"'{name}' cannot name a {what}; use letters, digits, _ and - only"
    fields.complain(line, message)
