"""Category lists in SquidGuard's layout: a folder with `domains`, `urls` and `expressions`, read block by block.

Lists of other layouts are turned into this one as they come in (formats.py). One file is ours: `exceptions` has hosts
that the list itself says it does not mean, whatever above them it names (AdBlock's `@@`, RPZ's passthru).

Real lists are dirty. An entry that can be mended is (`*.`, a scheme, a port, capitals, Unicode, Latin-1); one that
cannot be is skipped; both are counted, and neither is fatal. A list that gives nothing at all is: a category that
silently filters nothing is worse than an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drystone.engine.filtering.hosts import HostError, canonical_host, canonical_path, without_www

FILES = ("domains", "urls", "expressions", "exceptions")
BLOCK = 1 << 20
LONGEST_LINE = 64 * 1024
EXAMPLES = 5

# As hosts._PLAIN, and with a dot in it: a bare `com` is a line cut short more often than a wish to block all of com.
CLEAN = re.compile(rb"(?:(?!..--)[a-z0-9_-]{1,63}\.)+(?!..--)[a-z][a-z0-9_-]{0,62}").fullmatch
_LISTABLE = re.compile(r"[a-z0-9_.:-]+").fullmatch
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://").match
_COMMENT = re.compile(r"(?:^|\s)#.*")
_EXPRESSION_SCHEME = re.compile(r"^(\^?)(?:https?|https\?|\(https\?\)|\(http\|https\))(?:://|:\\/\\/)")
_UNFINISHED = re.compile(
    r"^\.?(?:domains|urls|expressions|exceptions)[.~-](?:part|tmp|temp|new|download|partial)|~$"
).match


class ListError(Exception):
    """A list folder that cannot be used. One line: which, why, what to do."""


@dataclass(slots=True)
class Report:
    """What was read of one list: `lines` are those that say something; comments and blank lines do not count."""

    name: str
    lines: int = 0
    kept: int = 0
    mended: int = 0
    skipped: int = 0
    examples: list[str] = field(default_factory=list)  # of skipped lines, with file and line
    warnings: list[str] = field(default_factory=list)

    def skip(self, file: str, number: int, line: bytes) -> None:
        self.skipped += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{self.name}/{file}, line {number}: {line[:80].decode('utf-8', 'replace')!r}")


def find_folder(root: Path, name: str) -> Path:
    """The folder of the list `name` below `root`. Raises ListError where it is missing, empty or half-written."""
    if not name.isprintable() or not name or name.startswith("/") or ".." in Path(name).parts:
        raise ListError(f"{name!r} is not the name of a list folder")
    folder = root / name
    if not folder.is_dir():
        raise ListError(f"{folder}: there is no such list folder; add the list, or take it out of the rules")
    try:
        present = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise ListError(f"{folder}: cannot be read ({error.strerror})") from error
    if unfinished := next(filter(_UNFINISHED, present), ""):
        raise ListError(f"{folder}: half-written ({unfinished} is left of an update); update the list again")
    if not any(file in present for file in FILES):
        raise ListError(f"{folder}: empty (it has none of {', '.join(FILES)}); update the list again")
    return folder


def list_names(root: Path) -> tuple[str, ...]:
    """The folders of LISTS by name, each of them a list. Raises ListError where there is no such place."""
    if not root.is_dir():
        raise ListError(f"{root}: there is no such folder of lists")
    try:
        return tuple(sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name[0] != "."))
    except OSError as error:
        raise ListError(f"{root}: cannot be read ({error.strerror})") from error


@dataclass(slots=True)
class ListReader:
    """Reads one list. `hosts` first, then `urls`, then `expressions`: entries of `domains` that name a path are
    URL entries, and are handed out by `urls`."""

    folder: Path
    report: Report
    _strays: list[str] = field(default_factory=list)

    def hosts(self) -> Iterator[list[bytes]]:
        """Canonical hosts, a block of them at a time."""
        for first, lines in self._blocks("domains"):
            clean = [line for line in lines if CLEAN(line) and len(line) < 254]
            self.report.lines += len(clean)
            if len(clean) < len(lines):
                for number, line in enumerate(lines, first):
                    if not (CLEAN(line) and len(line) < 254):
                        clean += self._mended_host(number, line)
            self.report.kept += len(clean)
            if clean:
                yield clean

    def urls(self) -> Iterator[str]:
        """URL entries in the form in which they are compared; see `url_entry`."""
        yield from self._strays
        self._strays = []
        for first, lines in self._blocks("urls"):
            for number, line in enumerate(lines, first):
                text = _text(line)
                if not text:
                    continue
                self.report.lines += 1
                try:
                    entry = url_entry(*host_and_path(text))
                except HostError:
                    self.report.skip("urls", number, line)
                    continue
                self.report.kept += 1
                self.report.mended += entry.encode("utf-8", "replace") != line
                yield entry

    def expressions(self) -> Iterator[tuple[int, str]]:
        """(line, expression in RE2 syntax); whether it compiles is for who compiles it to say."""
        for first, lines in self._blocks("expressions"):
            for number, line in enumerate(lines, first):
                text = line.decode("utf-8", "replace").strip()
                if not text or text.startswith("#"):
                    continue
                self.report.lines += 1
                mended = _EXPRESSION_SCHEME.sub(r"\1", text)  # ours are matched against host and path
                self.report.mended += mended != text
                self.report.kept += 1
                yield number, mended

    def exceptions(self) -> Iterator[str]:
        """Hosts that this list does not mean: each opens, of this list, itself and what nothing below it names."""
        for first, lines in self._blocks("exceptions"):
            for number, line in enumerate(lines, first):
                if not (text := _text(line)):
                    continue
                try:
                    host, path = host_and_path(text)
                except HostError:
                    path = "/"
                if path.strip("/"):
                    self.report.skip("exceptions", number, line)
                else:
                    yield host

    def _mended_host(self, number: int, line: bytes) -> list[bytes]:
        text = _text(line)
        if not text:
            return []
        self.report.lines += 1
        try:
            host, path = host_and_path(text)
            if path.strip("/"):
                self._strays.append(url_entry(host, path))
                self.report.mended += 1
                self.report.kept += 1
                return []
            if "." not in host and ":" not in host and not text.startswith((".", "*.")):
                raise HostError("a whole top-level domain is listed only when written with a dot before it")
        except HostError:
            self.report.skip("domains", number, line)
            return []
        mended = host.encode("ascii")
        self.report.mended += mended != line
        return [mended]

    def _blocks(self, file: str) -> Iterator[tuple[int, list[bytes]]]:
        """(number of the first line, lines without their ends) of a text file; nothing where it is missing."""
        path = self.folder / file
        if not path.exists():
            return
        try:
            yield from self._read(path, file)
        except OSError as error:
            raise ListError(f"{path}: cannot be read ({error.strerror})") from error

    def _read(self, path: Path, file: str) -> Iterator[tuple[int, list[bytes]]]:
        number, rest = 1, b""
        with path.open("rb") as source:
            while block := source.read(BLOCK):
                if number == 1 and not rest and block.startswith(b"\xef\xbb\xbf"):
                    block = block[3:]
                if (place := block.find(b"\0")) >= 0:
                    line = number + block.count(b"\n", 0, place)
                    raise ListError(f"{path}: binary or damaged (a zero byte on line {line}); update the list again")
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                if len(rest) > LONGEST_LINE:
                    self.report.lines += 1
                    self.report.skip(file, number + len(lines), rest)
                    rest = rest[-1:] + b" "  # what follows on this line is still part of it, and is skipped with it
                yield number, lines
                number += len(lines)
        if rest:
            self.report.warnings.append(f"{self.report.name}/{file}: no line end after the last line; is it whole?")
            yield number, [rest]


def url_entry(host: str, path: str) -> str:
    """A URL entry, or a request, as they are compared: without www., path in lower case and with no `/` at its end.

    In lower case, because many servers do not tell /Lotto from /lotto, and SquidGuard did not either.
    """
    return without_www(host) + path.rstrip("/").lower()


def covers(entry: str, text: str) -> bool:
    """Whether a URL entry that `text` begins with ends where a part of `text` ends: at `/`, `?` or the end.

    An entry with a query also ends at `&`: `/watch?v=1` is the same page as `/watch?v=1&t=9`.
    """
    after = text[len(entry) : len(entry) + 1]
    return after in ("", "/", "?") or (after == "&" and "?" in entry)


def _text(line: bytes) -> str:
    """The entry in a line, or "" for a comment or a blank line."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    text = text.strip()
    return "" if text.startswith(("#", ";", "!")) else _COMMENT.sub("", text).strip()


def host_and_path(text: str) -> tuple[str, str]:
    """Canonical host and path ("" for none) of a dirty entry. Raises HostError."""
    if len(text) > LONGEST_LINE or any(mark.isspace() for mark in text):
        raise HostError("an entry has no spaces in it")
    if scheme := _SCHEME(text):
        text = text[scheme.end() :]
    text = text.lstrip("*").lstrip(".") if text.startswith((".", "*.")) else text
    place = min((found for mark in "/?" if (found := text.find(mark)) >= 0), default=len(text))
    host = canonical_host(text[:place])
    if not _LISTABLE(host):  # the URL standard allows more; DNS and real lists do not
        raise HostError(f"{host[:80]!r} is no host of the Internet")
    return host, canonical_path(text[place:]) if place < len(text) else ""
