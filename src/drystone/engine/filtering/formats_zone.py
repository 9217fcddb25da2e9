"""Reader of RPZ zones (response policy zones, as BIND, Unbound and PowerDNS load them; master file of RFC 1035, 5.1).

An owner name whose action denies it, or answers with something else, is listed; `rpz-passthru` is an exception. Our
entries cover what lies below them, so `name` and `*.name` give one entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drystone.engine.filtering.formats import Sink

_TTL_OR_CLASS = re.compile(r"(?:\d+[smhdw]?)+|in|ch|hs", re.IGNORECASE).fullmatch
_TYPES = frozenset(
    {"a", "aaaa", "cname", "txt", "mx", "ptr", "srv", "ns", "soa", "dname", "caa", "https", "svcb", "naptr"}
)
# Triggers by address or by name server: nothing that is asked of a filter of names.
_OTHER_TRIGGERS = re.compile(r"(?:^|\.)rpz-(?:ip|client-ip|nsip|nsdname)(?:\.|$)")
_PASSTHRU, _TCP_ONLY = "rpz-passthru.", "rpz-tcp-only."


@dataclass(frozen=True, slots=True)
class Record:
    """`number` is the line it begins on; `owner` "" says that the line begins with a space: the owner before."""

    number: int
    owner: str
    kind: str
    data: str


def read_rpz(lines: Iterator[tuple[int, str]], sink: Sink) -> None:
    origin, owner, apex = "", "", ""
    for number, words, indented in _statements(lines):
        first = words[0].lower()
        if first == "$origin" and len(words) > 1:
            origin = words[1].lower().strip(".")
        if first.startswith("$"):
            continue
        record = _record(number, words, indented)
        if record is None:
            sink.skip(number, " ".join(words))
            continue
        owner = record.owner.lower() or owner
        if record.kind == "soa":
            apex = origin if owner == "@" else owner.strip(".") if owner.endswith(".") else f"{owner}.{origin}"
        if record.kind in ("soa", "ns") or owner == "@":
            continue
        _take(record, _relative(owner, origin, apex), sink)


def _take(record: Record, name: str, sink: Sink) -> None:
    target = record.data.lower()
    if not name or _OTHER_TRIGGERS.search(name) or (record.kind == "cname" and target == _TCP_ONLY):
        sink.skip(record.number, f"{name} {record.kind} {record.data}")
    elif record.kind == "cname" and (target == _PASSTHRU or target.rstrip(".") == name):  # the old way to say it
        sink.excepted(record.number, name)
    else:
        sink.listed(record.number, name.removeprefix("*."))


def _relative(owner: str, origin: str, apex: str) -> str:
    """The name that is meant: below the zone's own, and without it."""
    if not owner.endswith("."):
        return owner
    name = owner.rstrip(".")
    for zone in (apex, origin):
        if zone and name.endswith(f".{zone}"):
            return name.removesuffix(f".{zone}")
    return name


def _record(number: int, words: list[str], indented: bool) -> Record | None:
    owner, rest = ("", words) if indented else (words[0], words[1:])
    while rest and _TTL_OR_CLASS(rest[0]) and rest[0].lower() not in _TYPES:
        rest = rest[1:]
    if len(rest) < 2 or rest[0].lower() not in _TYPES:
        return None
    return Record(number, owner, rest[0].lower(), rest[1])


def _statements(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str], bool]]:
    """(first line, words, whether it begins with a space): comments taken out, parentheses joined."""
    words: list[str] = []
    start, indented, depth = 0, False, 0
    for number, line in lines:
        text = _without_comment(line)
        if not depth:
            start, words, indented = number, [], text[:1].isspace()
        depth = max(0, depth + text.count("(") - text.count(")"))
        words += text.replace("(", " ").replace(")", " ").split()
        if len(words) > 200:  # a parenthesis that nobody closed must not swallow the zone
            depth = 0
        if words and not depth:
            yield start, words, indented
            words = []
    if words:
        yield start, words, indented


def _without_comment(line: str) -> str:
    quoted = False
    for place, mark in enumerate(line):
        if mark == '"':
            quoted = not quoted
        elif mark == ";" and not quoted:
            return line[:place]
    return line
