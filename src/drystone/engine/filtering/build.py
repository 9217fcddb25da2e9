"""Building the index: lists in, tries and arrays of set ids out, without a Python object for each domain.

A county lists five million domains. They are kept as one run of bytes and as arrays of numbers; Python sees them a
block at a time. Arrow tells equal ones apart, MARISA builds the trie, and only entries that are not in the most
common set of lists are looked up again to write their set ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import marisa_trie

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[Any]]

BLOCK = 65_536
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
    """Distinct entries in the order in which they were first met, and the set of each."""

    blob: memoryview  # each entry ended by a line end
    starts: Numbers  # one more than there are entries
    sets: Numbers

    def __len__(self) -> int:
        return len(self.sets)

    def keys(self, chosen: Numbers | None = None) -> Iterator[bytes]:
        """All entries, or those chosen by ascending numbers."""
        if chosen is not None:
            starts, ends = self.starts[chosen].tolist(), self.starts[chosen + 1].tolist()
            for start, end in zip(starts, ends, strict=True):
                yield bytes(self.blob[start : end - 1])
            return
        for first in range(0, len(self), BLOCK):
            start, end = self.starts[first], self.starts[min(first + BLOCK, len(self))]
            yield from bytes(self.blob[start : end - 1]).split(b"\n")


def distinct(gathered: Gathered, sets: Sets) -> Entries:
    """Each entry once, with the set of lists that name it."""
    import numpy as np
    import pyarrow as pa

    raw = np.frombuffer(gathered.blob, dtype=np.uint8)
    offsets = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(raw == 10) + 1))
    column = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(gathered.blob)]
    )
    encoded = column.dictionary_encode()
    which = encoded.indices.to_numpy()
    unique = encoded.dictionary
    of_entry = np.zeros(len(unique), np.uint32)
    first = 0
    for number, end in gathered.ends:
        last = int(np.searchsorted(offsets, end))
        mine = which[first:last]
        met, place = np.unique(of_entry[mine], return_inverse=True)
        of_entry[mine] = np.array([sets.with_list(int(old), number) for old in met], np.uint32)[place]
        first = last
    _, starts, blob = unique.buffers()
    begins = np.frombuffer(starts, np.int64, len(unique) + 1) if len(unique) else np.zeros(1, np.int64)
    return Entries(memoryview(blob) if blob is not None else memoryview(b""), begins, of_entry)


def write_index(entries: Entries, trie_path: Path, ids_path: Path, width: int) -> None:
    """The trie and, in the order of its own numbers, the set id of each entry."""
    import numpy as np

    trie = marisa_trie.BinaryTrie(entries.keys())
    common = int(np.bincount(entries.sets).argmax()) if len(entries) else 0
    ids = np.full(max(len(entries), 1), common, {2: "<u2", 4: "<u4"}[width])
    other = np.flatnonzero(entries.sets != common)
    places = np.fromiter(map(trie.get, entries.keys(other)), np.int64, len(other))
    ids[places] = entries.sets[other]
    trie.save(str(trie_path))
    ids_path.write_bytes(ids.tobytes())
