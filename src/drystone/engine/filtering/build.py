"""Building the index: lists in, tries and arrays of set ids out, without a Python object for each domain.

A county lists five million domains. They are kept as one run of bytes and as arrays of numbers; Python sees them a
block at a time. Only entries that are not in the most common set of lists are looked up again in the trie to write
their set ids: with one list larger than all others together, as is usual, that is one entry in ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import marisa_trie
import numpy as np

from drystone.engine.filtering.distinct import Numbers, entry_offsets, group_equal

BLOCK = 1 << 16
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Gathered:
    """Entries of all lists, one after another, each ended by a line end; `ends` says where each list's end."""

    blob: bytearray = field(default_factory=bytearray)
    ends: list[tuple[int, int]] = field(default_factory=list)  # (list, length of blob after it)

    def add(self, entries: Iterable[bytes]) -> None:
        if block := b"\n".join(entries):
            self.blob += block
            self.blob += b"\n"

    def end(self, number: int) -> None:
        self.ends.append((number, len(self.blob)))


class Sets:
    """Sets of lists, numbered as they are met. Shared by hosts and URLs."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        self.members: list[tuple[int, ...]] = [()]

    def with_list(self, number: int, added: int) -> int:
        """The number of set `number` with one list more."""
        members = tuple(sorted({*self.members[number], added}))
        if members not in self._numbers:
            self._numbers[members] = len(self.members)
            self.members.append(members)
        return self._numbers[members]


def reversed_keys(hosts: list[bytes]) -> list[bytes]:
    """As index.host_key, for bytes."""
    return [b".".join(host.split(b".")[::-1]) + b"." for host in hosts]


@dataclass(slots=True)
class Entries:
    """Entries as they were met, some more than once. `groups` has a number for each that equal ones share, `sets`
    the set of lists that name it for each of those numbers."""

    blob: bytearray
    offsets: Numbers
    groups: Numbers
    sets: Numbers

    def __len__(self) -> int:
        """How many differ."""
        return len(self.sets)

    def all(self) -> Iterator[bytes]:
        starts, blob = self.offsets, memoryview(self.blob)
        for first in range(0, len(starts) - 1, BLOCK):
            start, end = starts[first], starts[min(first + BLOCK, len(starts) - 1)]
            yield from bytes(blob[start : end - 1]).split(b"\n")

    def chosen(self, numbers: Numbers) -> Iterator[bytes]:
        starts, ends = self.offsets[numbers].tolist(), self.offsets[numbers + 1].tolist()
        blob = memoryview(self.blob)
        for start, end in zip(starts, ends, strict=True):
            yield bytes(blob[start : end - 1])


def with_sets(gathered: Gathered, sets: Sets) -> Entries:
    """The entries, with the set of lists that name each."""
    offsets = entry_offsets(gathered.blob)
    groups = group_equal(gathered.blob, offsets)
    of_group = np.zeros(int(groups.max()) + 1 if len(groups) else 0, np.uint32)
    first = 0
    for number, end in gathered.ends:
        last = int(np.searchsorted(offsets, end))
        mine = groups[first:last]
        before = of_group[mine]
        after = np.zeros(len(sets.members), np.uint32)
        for old in np.flatnonzero(np.bincount(before)).tolist():
            after[old] = sets.with_list(old, number)
        of_group[mine] = after[before]
        first = last
    return Entries(gathered.blob, offsets, groups, of_group)


def write_index(entries: Entries, trie_path: Path, ids_path: Path, width: int) -> None:
    """The trie and, in the order of its own numbers, the set id of each entry. `width` is the bytes of an id."""
    trie = marisa_trie.BinaryTrie(entries.all())
    common = int(np.bincount(entries.sets).argmax()) if len(entries) else 0
    ids = np.full(max(len(entries), 1), common, {2: "<u2", 4: "<u4"}[width])
    sets = entries.sets[entries.groups]
    other = np.flatnonzero(sets != common)
    ids[np.fromiter(map(trie.get, entries.chosen(other)), np.int64, len(other))] = sets[other]
    trie.save(str(trie_path))
    ids_path.write_bytes(ids.tobytes())
