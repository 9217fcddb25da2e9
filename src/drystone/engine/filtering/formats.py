"""P35: lists of other layouts, turned into SquidGuard's as they come in: hosts files, plain sites, AdBlock, RPZ, CSV.

Read a line at a time, whatever the size; each entry goes straight to its file. A dirty entry is mended or skipped and
counted with its line, never fatal. What gives nothing at all is refused by who installs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from drystone.engine.filtering.hosts import HostError
from drystone.engine.filtering.lists import CLEAN, LONGEST_LINE, ListError, Report, host_and_path, url_entry

FORMATS = {
    "squidguard": "SquidGuard folders (domains, urls, expressions)",
    "domains": "One site a line",
    "hosts": "A hosts file (0.0.0.0 site)",
    "adblock": "AdBlock filters (||site^)",
    "rpz": "An RPZ zone",
    "csv": "CSV with a column of categories",
}
MOST_FOLDERS = 300  # categories of one CSV; more is another column than was meant
_NO_SLUG = re.compile(r"[^a-z0-9]+")


class Unusable(ListError):
    """A file that is no list of the format. One line."""


@dataclass(slots=True)
class Sink:
    """Where a reader puts what it finds: `out/<folder>/{domains,urls,exceptions}`, counted in a report for each."""

    out: Path
    name: str  # the folder of entries that name none
    reports: dict[str, Report] = field(default_factory=dict)
    _files: dict[tuple[str, str], BinaryIO] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        self._stack.close()

    def listed(self, number: int, text: str, folder: str = "") -> None:
        """A site, or a site with a path, as the list writes it."""
        report = self._counted(folder)
        raw = text.encode("utf-8", "replace")
        if CLEAN(raw) and len(raw) < 254:
            self._put(report.name, "domains", raw)
        else:
            try:
                host, path = _site(text)
            except HostError:
                report.skip("file", number, raw)
                return
            entry = url_entry(host, path) if path.strip("/") else host
            self._put(report.name, "urls" if path.strip("/") else "domains", entry.encode("utf-8", "replace"))
            report.mended += entry != text
        report.kept += 1

    def excepted(self, number: int, text: str) -> None:
        """A site that the list does not mean."""
        report = self._counted("")
        try:
            host, path = _site(text)
        except HostError:
            path = "/x"
        if path.strip("/"):
            report.skip("file", number, text.encode("utf-8", "replace"))
            return
        self._put(report.name, "exceptions", host.encode())
        report.kept += 1

    def skip(self, number: int, text: str, folder: str = "") -> None:
        """An entry that says something this filter cannot do, or that nobody can read."""
        self._counted(folder).skip("file", number, text.encode("utf-8", "replace"))

    def _counted(self, folder: str) -> Report:
        name = folder or self.name
        if name not in self.reports:
            if len(self.reports) >= MOST_FOLDERS:
                raise Unusable(f"more than {MOST_FOLDERS} categories: is another column the category?")
            self.reports[name] = Report(name)
        self.reports[name].lines += 1
        return self.reports[name]

    def _put(self, folder: str, file: str, entry: bytes) -> None:
        place = (folder, file)
        if place not in self._files:
            path = self.out / folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[place] = self._stack.enter_context(path.open("ab"))
        self._files[place].write(entry + b"\n")


def _site(text: str) -> tuple[str, str]:
    """Host and path; a whole top-level domain is no entry, for it is a line cut short more often than a wish."""
    host, path = host_and_path(text)
    if "." not in host and ":" not in host:
        raise HostError("a whole top-level domain")
    return host, path


def slug(text: str) -> str:
    """A category's name in a list, as a folder: `Social Networks` is `social_networks`."""
    return _NO_SLUG.sub("_", text.strip().lower()).strip("_")[:40]


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """(number, line without its end). A line longer than any entry is cut, and is skipped as what it is then."""
    with path.open("rb") as source:
        number = 0
        while raw := source.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if not raw.endswith(b"\n") and len(raw) == LONGEST_LINE:
                while (more := source.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                    pass
                raw = b"a line of more than 65,536 bytes"
            if b"\0" in raw:
                raise Unusable(f"binary or damaged (a zero byte on line {number})")
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                text = raw.decode("latin-1")
            yield number, text.strip("\r\n")


Reader = Callable[[Iterator[tuple[int, str]], Sink], None]


def detect(path: Path) -> str:
    """Which of FORMATS a text file most likely is, by its first lines."""
    from drystone.engine.filtering.formats_guess import guess

    head = []
    for number, line in lines_of(path):
        head.append(line)
        if number >= 400:
            break
    return guess(head)


def convert(
    path: Path, out: Path, *, name: str, form: str = "", mandatory: bool = False
) -> tuple[str, Mapping[str, Report]]:
    """Reads one text file into list folders below `out`; which format it was, and what was read. Raises ListError.

    `name` is the folder of entries without a category of their own. Of a `mandatory` list nothing is excepted.
    """
    readers = _readers()
    if form and form not in readers:
        raise Unusable(f"{path.name}: {form!r} is no format of one file; there are {', '.join(readers)}")
    sink = Sink(out, name)
    try:
        form = form or detect(path)
        readers[form](lines_of(path), sink)
    except Unusable as error:
        raise Unusable(f"{path.name}: {error}") from error
    except OSError as error:
        raise ListError(f"{path}: cannot be read ({error.strerror})") from error
    finally:
        sink.close()
    if form == "adblock" and not mandatory:
        _drop_covered(out / name)
    if not any(report.kept for report in sink.reports.values()):
        raise Unusable(f"{path.name}: none of its lines is an entry of {FORMATS[form]}")
    return form, sink.reports


def _readers() -> dict[str, Reader]:
    from drystone.engine.filtering import formats_text, formats_zone

    return {
        "domains": formats_text.read_domains,
        "hosts": formats_text.read_hosts,
        "adblock": formats_text.read_adblock,
        "rpz": formats_zone.read_rpz,
        "csv": formats_text.read_csv,
    }


def _drop_covered(folder: Path) -> None:
    """In AdBlock an exception wins over all below it; in a bundle the most specific entry does. So entries below an
    exception of the same list go here."""
    exceptions = folder / "exceptions"
    if not exceptions.is_file():
        return
    kept = frozenset(exceptions.read_bytes().splitlines())
    for file in ("domains", "urls"):
        path = folder / file
        if not path.is_file():
            continue
        beside = path.with_name(f"{file}.part")
        with path.open("rb") as old, beside.open("wb") as new:
            new.writelines(line for line in old if not _below(line.strip().partition(b"/")[0], kept))
        beside.replace(path)


def _below(host: bytes, kept: frozenset[bytes]) -> bool:
    while host not in kept:
        _, dot, host = host.partition(b".")
        if not dot:
            return False
    return True
