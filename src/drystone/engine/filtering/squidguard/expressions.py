"""POSIX extended expressions, as glibc reads them for squidGuard, in the syntax of RE2."""

from __future__ import annotations

import re

_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_SAME = frozenset("wWsSbB")  # GNU's own, which RE2 has as well
_OTHER = {"<": r"\b", ">": r"\b", "`": r"\A", "'": r"\z"}


def to_re2(pattern: str) -> str:
    """The same expression. Raises ValueError for what RE2 cannot say: back-references and collating elements."""
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        mark = pattern[place]
        if mark == "[":
            place, part = _bracket(pattern, place)
        elif mark == "\\":
            place, part = _escape(pattern, place)
        else:
            place, part = place + 1, mark
        parts.append(part)
    return "".join(parts)


def _escape(pattern: str, place: int) -> tuple[int, str]:
    if place + 1 >= len(pattern):
        raise ValueError("ends in a backslash")
    mark = pattern[place + 1]
    if mark.isdigit() and mark != "0":
        raise ValueError(f"refers back to a group (\\{mark})")
    if mark in _OTHER:
        return place + 2, _OTHER[mark]
    if mark in _SAME:
        return place + 2, "\\" + mark
    # POSIX has no \d, \n and the like: there a letter after a backslash is the letter itself.
    return place + 2, mark if mark.isalnum() else "\\" + mark


def _bracket(pattern: str, place: int) -> tuple[int, str]:
    """`[…]`: in POSIX a backslash is a backslash here, and a `]` that comes first is one."""
    parts = ["["]
    place += 1
    if pattern[place : place + 1] == "^":
        parts.append("^")
        place += 1
    first = True
    while place < len(pattern):
        mark = pattern[place]
        if mark == "]" and not first:
            return place + 1, "".join([*parts, "]"])
        if mark == "[" and pattern[place + 1 : place + 2] in (".", "="):
            raise ValueError("has a collating element ([.….] or [=…=])")
        if found := _CLASS.match(pattern, place):
            parts.append(found[0])
            place = found.end()
        else:
            parts.append("\\" + mark if mark in "\\[]^&~" else mark)
            place += 1
        first = False
    raise ValueError("has a [ without its ]")
