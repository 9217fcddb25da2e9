"""A list of sites as people paste it, line by line: from a letter, a spreadsheet, a browser, another filter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drystone.engine.filtering.rules_values import read_target

MOST = 1000  # lines with something on them
LONGEST = 2000

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NULL_ADDRESS = re.compile(r"^(0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+")  # hosts files give each name an address
_ADBLOCK = re.compile(r"^\|\|([^\^|/$]+)\^?$")


@dataclass(frozen=True, slots=True)
class Line:
    """What stood on a line (`number` counts from 1), and the site it is; or why it is none."""

    number: int
    written: str
    site: str = ""
    trouble: str = ""


def read_sites(text: str) -> list[Line]:
    """Every line with something on it, doubles named. Empty lines and those that begin with # are passed over."""
    lines: list[Line] = []
    first: dict[str, int] = {}
    for number, written in _pieces(text):
        site, trouble = _read(written)
        if site and site in first:
            where = "this line" if first[site] == number else f"line {first[site]}"
            site, trouble = "", f"The same as on {where}."
        if site:
            first[site] = number
        lines.append(Line(number, written[:LONGEST], site, trouble))
    return lines


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Lines; several sites on one line, with commas, semicolons or spaces between, are several pieces."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().lstrip("\ufeff-•* \t") if not raw.strip().startswith("*.") else raw.strip()
        if not line or line.startswith(("#", "!")):
            continue
        line = re.split(r"\s#", line)[0].strip()
        line = _NULL_ADDRESS.sub("", line)
        pieces = [piece for raw in re.split(r"[,;\s]+", line) if (piece := raw.strip("\"'<>"))]
        if all("." in piece or ":" in piece for piece in pieces):
            yield from ((number, piece) for piece in pieces)
        else:  # words among them: somebody's sentence, and not ours to guess at
            yield number, line


def _read(written: str) -> tuple[str, str]:
    """(site, "") or ("", why not)."""
    text = written
    if re.search(r"\s", text):
        return "", "There are words on this line that are no site. Keep the site alone, like news.example."
    if adblock := _ADBLOCK.match(text):
        text = adblock[1]
    if scheme := _SCHEME.match(text):
        if scheme[0].lower() not in ("http://", "https://"):
            return "", f"“{scheme[0]}” is no address of a web page."
        text = text[scheme.end() :]
    text = text.partition("#")[0].removeprefix("*.")
    if not text or len(text) > LONGEST:
        return "", "There is no site in this." if not text else "This is too long for a site."
    if "." not in text and ":" not in text:
        return "", "This is a word and no site. Write it like news.example."
    try:
        target = read_target(f"site:{text}")
    except ValueError as error:
        words = str(error)
        return "", f"{words[:1].upper()}{words[1:]}."
    if "." not in target.host and ":" not in target.host:
        return "", "This is the whole top of the Internet’s names. Name the site itself."
    return target.value, ""
