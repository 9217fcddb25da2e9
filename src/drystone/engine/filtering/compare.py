"""What came and what went between two editions of a source, entry by entry, at the size of a county.

Entries are compared as they filter (canonical), not as they are written. They go once through a file on the disk and
are told apart by sorted 64-bit hashes: 8 bytes of memory an entry, and seconds for millions. Lists whose files are the
same byte for byte are not read at all.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from drystone.engine.filtering.distinct import Numbers, entry_offsets, hashes_of
from drystone.engine.filtering.lists import FILES, ListReader, Report, list_names

BATCH = 1 << 15
CAME, WENT = "came", "went"


@dataclass(slots=True)
class _Spool:
    """Canonical entries of one list in a temporary file, a block at a time, and the hash of each."""

    file: IO[bytes]
    blocks: list[tuple[int, int]]  # bytes, entries
    hashes: Numbers

    def chosen(self, wanted: Numbers) -> Iterator[bytes]:
        """Entries by their number, in order."""
        self.file.seek(0)
        first = 0
        for size, count in self.blocks:
            block = self.file.read(size)
            mine = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, first + count)] - np.uint32(first)
            if len(mine):
                entries = block.split(b"\n")
                yield from (entries[place] for place in mine.tolist())
            first += count


def compare(old: Path, new: Path, out: Path) -> dict[str, tuple[int, int]]:
    """(came, went) for each folder in which something did. The entries lie in `out/<folder>.came` and `.went`, one a
    line: a site, a site with a path, `expression …` or `not …` (an exception). Raises ListError and OSError."""
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for folder in sorted({*_names(old), *_names(new)}):
        if not _same(old / folder, new / folder):
            with TemporaryFile(dir=out) as one, TemporaryFile(dir=out) as two:
                counts[folder] = _compare(_spooled(old / folder, one), _spooled(new / folder, two), out / folder)
    return {folder: count for folder, count in counts.items() if any(count)}


def _names(root: Path) -> tuple[str, ...]:
    return list_names(root) if root.is_dir() else ()


def _same(old: Path, new: Path) -> bool:
    for name in FILES:
        one, two = old / name, new / name
        if one.is_file() != two.is_file():
            return False
        if one.is_file() and not one.samefile(two) and not filecmp.cmp(one, two, shallow=False):
            return False
    return True


def _spooled(folder: Path, file: IO[bytes]) -> _Spool:
    blocks: list[tuple[int, int]] = []
    hashes = [np.empty(0, np.uint64)]
    if folder.is_dir():
        reader = ListReader(folder, Report(folder.name))
        for entries in _blocks(reader):
            blob = b"\n".join(entries) + b"\n"
            file.write(blob)
            blocks.append((len(blob), len(entries)))
            hashes.append(hashes_of(np.frombuffer(blob, np.uint8), entry_offsets(blob), 0))
    return _Spool(file, blocks, np.concatenate(hashes))


def _blocks(reader: ListReader) -> Iterator[list[bytes]]:
    yield from reader.hosts()
    yield from _batches(entry.encode("utf-8", "replace") for entry in reader.urls())
    yield from _batches(b"expression " + text.encode("utf-8", "replace") for _, text in reader.expressions())
    yield from _batches(b"not " + host.encode() for host in reader.exceptions())


def _batches(entries: Iterable[bytes]) -> Iterator[list[bytes]]:
    source = (entry for entry in entries if b"\n" not in entry)
    while batch := list(islice(source, BATCH)):
        yield batch


def _compare(old: _Spool, new: _Spool, place: Path) -> tuple[int, int]:
    """Sorted once each, then each is looked up in the other in order, which is as good as a merge."""
    one, two = _sorted(old.hashes), _sorted(new.hashes)
    return _write(new, _missing(two, one), place, CAME), _write(old, _missing(one, two), place, WENT)


def _sorted(hashes: Numbers) -> tuple[Numbers, Numbers]:
    """The hashes in order, and the number of the entry of each; of equal ones the first."""
    order = np.argsort(hashes, kind="stable").astype(np.uint32)
    ordered = hashes[order]
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first], order[first]


def _missing(mine: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> Numbers:
    """Numbers of the entries that the other has not, in order."""
    hashes, numbers = mine
    gone = np.ones(len(hashes), bool)
    if len(other[0]):
        for first in range(0, len(hashes), BATCH):
            part = hashes[first : first + BATCH]
            places = np.minimum(np.searchsorted(other[0], part), len(other[0]) - 1)
            np.not_equal(other[0][places], part, out=gone[first : first + BATCH])
    return np.sort(numbers[gone])


def _write(spool: _Spool, wanted: Numbers, place: Path, kind: str) -> int:
    with place.with_name(f"{place.name}.{kind}").open("wb") as file:
        for entry in spool.chosen(wanted):
            file.write(entry + b"\n")
    return len(wanted)


@dataclass(frozen=True, slots=True)
class Difference:
    folder: str
    kind: str  # CAME or WENT
    entry: str


def read_differences(out: Path, *, text: str = "", folder: str = "", kind: str = "") -> Iterator[Difference]:
    """What `compare` wrote, one at a time; of it what contains `text`."""
    wanted = text.strip().lower()
    if not out.is_dir():
        return
    for path in sorted(entry for entry in out.iterdir() if entry.suffix in (f".{CAME}", f".{WENT}")):
        name, _, what = path.name.rpartition(".")
        if (folder and name != folder) or (kind and what != kind) or not os.path.getsize(path):  # noqa: PTH202
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if not wanted or wanted in line.lower():
                    yield Difference(name, what, line.rstrip("\n"))
