"""The files that a squidGuard.conf names: users, addresses, and the lists of its destinations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drystone.engine.filtering.index import expression_fault
from drystone.engine.filtering.lists import FILES
from drystone.engine.filtering.squidguard.conf import Conf, Destination, Source, Word
from drystone.engine.filtering.squidguard.expressions import to_re2
from drystone.engine.filtering.squidguard.report import ImportReport, Kind
from drystone.engine.filtering.squidguard.sources import Range, range_of, within_mask

KINDS = {"domainlist": "domains", "urllist": "urls", "expressionlist": "expressions"}
_RANGE = re.compile(r"(\d+(?:\.\d+){3})(?:/(\d+)|/(\d+(?:\.\d+){3})|-(\d+(?:\.\d+){3}))?", re.ASCII)
_PORT = re.compile(r":\\?\(?\d")


def path_of(conf: Conf, word: Word, destination: str = "") -> Path:
    """Where a file lies: below dbhome, or where it says. A destination's `-` has its own place there."""
    if word.text == "-" and destination:
        return Path(conf.dbhome, "dest", destination)
    return Path(conf.dbhome, word.text)


def read_people(conf: Conf, source: Source, report: ImportReport) -> None:
    """Users and addresses of the files that a source names join those of the source itself. A file that is missing
    leaves the source with none of its kind, as in squidGuard: it fits nobody."""
    what = f"src {source.name.text}"
    for word in source.userlists:
        source.users = source.users if source.users is not None else set()
        for line in _lines(path_of(conf, word), word, what, report):
            source.users.update(_users(line))
    for word in source.iplists:
        source.addresses = source.addresses if source.addresses is not None else []
        for line in _lines(path_of(conf, word), word, what, report):
            for text in line.partition("#")[0].replace(",", " ").split():
                source.addresses += _range(text, word, what, report)


def _lines(path: Path, word: Word, what: str, report: ImportReport) -> Iterator[str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}), so nobody is in it"
        report.add(Kind.LOST, word, what, message)
        return
    text = raw.decode("utf-8", "replace")
    yield from (line for line in text.splitlines() if not line.startswith("#"))


def _users(line: str) -> list[str]:
    """Names with space or commas between them, or `name:…` as in a passwd file."""
    names = line.partition("#")[0].replace(",", " ").split()
    if names and ":" in names[0]:
        return [names[0].partition(":")[0].lower()]
    return [name.lower() for name in names]


def _range(text: str, word: Word, what: str, report: ImportReport) -> list[Range]:
    found = _RANGE.fullmatch(text)
    try:
        if not found:
            raise ValueError(f"'{text[:40]}' is not an address")
        return range_of(found[1], found[4]) if found[4] else within_mask(*found.groups()[:3])
    except ValueError as error:
        report.add(Kind.LOST, word, what, f"in {word.text}: {error}; left out")
        return []


@dataclass(slots=True)
class Copied:
    """What was made of a destination's files. `entries` is by kind of file; `pages` are entries that lead to a page
    of their own."""

    entries: dict[str, int] = field(default_factory=dict)
    pages: int = 0


def folder_of(conf: Conf, destination: Destination) -> str | None:
    """The folder below dbhome whose lists are the destination's, if they lie as Drystone's lists do and are all of
    them; else None."""
    folders = set()
    for kind, word in destination.lists.items():
        path = Path(word.text)
        if path.is_absolute() and path.is_relative_to(conf.dbhome):
            path = path.relative_to(conf.dbhome)
        if path.is_absolute() or ".." in path.parts or path.name != KINDS[kind] or len(path.parts) < 2:
            return None
        folders.add(str(path.parent))
    if len(folders) != 1:
        return None
    (folder,) = folders
    taken = {KINDS[kind] for kind in destination.lists}
    there = {name for name in FILES if Path(conf.dbhome, folder, name).exists()}
    return folder if there <= taken else None


def copy_lists(conf: Conf, destination: Destination, out: Path, report: ImportReport) -> Copied:
    """The destination's lists as a list folder at `out`. Raises OSError, whose file says which."""
    copied = Copied()
    what = f"dest {destination.name.text}"
    out.mkdir(parents=True)
    for kind, word in destination.lists.items():
        path = path_of(conf, word, destination.name.text)
        path = path / kind if word.text == "-" else path
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:  # they may be millions
            found = _entries(lines, copied) if kind != "expressionlist" else _expressions(lines, word, what, report)
            copied.entries[kind] = _write(out / KINDS[kind], found)
    if copied.pages:
        message = (
            f"{copied.pages:,} entries name a page of their own; they are blocked, and lead to the page of the rule"
        )
        report.add(Kind.CHANGED, destination.name, what, message)
    return copied


def _write(path: Path, entries: Iterator[str]) -> int:
    """How many there are. Of none there is no file."""
    count = 0
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for entry in entries:
            file.write(entry + "\n")
            count += 1
    if not count:
        path.unlink()
    return count


def _entries(lines: Iterable[str], copied: Copied) -> Iterator[str]:
    """The first word of each line; what follows it is a page."""
    for line in lines:
        if line.startswith("#"):
            continue
        words = line.removeprefix("+").removeprefix("-").split(None, 1)
        if words:
            copied.pages += len(words) > 1
            yield words[0]


def _expressions(lines: Iterable[str], word: Word, what: str, report: ImportReport) -> Iterator[str]:
    """Each in RE2's syntax. What follows a # never reaches a filter, so such a line is a comment, whatever it says."""
    for number, whole in enumerate(lines, 1):
        line = whole.rstrip("\r\n")
        if not line or line.startswith("#"):
            continue
        place = f"{word.text}, line {number}: '{line[:60]}'"
        try:
            pattern = to_re2(line)
            if fault := expression_fault(pattern):
                raise ValueError(fault)
        except ValueError as error:
            report.add(Kind.LOST, word, what, f"{place} cannot be said in RE2 ({error}); left out")
            continue
        if _PORT.search(line):
            report.add(Kind.LOST, word, what, f"{place} names a port, which no address has that is compared here")
        yield pattern
