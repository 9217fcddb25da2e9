"""Telling equal entries apart among millions, in arrays: no Python object and no hash table for each.

Entries are hashed to 64 bits a block at a time, sorted by hash, and neighbours of one hash are compared byte by
byte. So the answer is exact; the hash only says where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]

BLOCK = 1 << 16  # entries hashed or compared at once
_LONGEST = 1 << 10  # weights there are; bytes beyond share them again
TRIES = 4


def entry_offsets(blob: bytes | bytearray) -> Numbers:
    """Where each entry begins, and the end of the last; each is ended by a line end."""
    raw = np.frombuffer(blob, np.uint8)
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(raw == 10) + 1))


def group_equal(blob: bytes | bytearray, offsets: Numbers) -> Numbers:
    """For each entry the number of its group; entries of one group are equal, and all equal ones are in it."""
    raw = np.frombuffer(blob, np.uint8)
    for seed in range(TRIES):
        hashes = hashes_of(raw, offsets, seed)
        order = np.argsort(hashes, kind="stable")
        alike = hashes[order[1:]] == hashes[order[:-1]]
        places = np.flatnonzero(alike)
        if _all_equal(raw, offsets, order[places], order[places + 1]):
            groups = np.empty(len(order), np.int32)
            groups[order] = np.concatenate((np.zeros(min(len(order), 1), np.int32), np.cumsum(~alike, dtype=np.int32)))
            return groups
    raise AssertionError("different entries had the same hash under every seed")


def hashes_of(raw: Numbers, offsets: Numbers, seed: int) -> Numbers:
    """64 bits for each entry; two that differ share them once in some 2**57 pairs, by chance and not by design."""
    weights = np.random.Generator(np.random.PCG64(seed)).integers(1, 1 << 63, _LONGEST, np.uint64) | np.uint64(1)
    hashes = np.empty(len(offsets) - 1, np.uint64)
    for first in range(0, len(hashes), BLOCK):
        starts = offsets[first : first + BLOCK + 1]
        values = raw[starts[0] : starts[-1]].astype(np.uint64)
        places = np.arange(len(values)) - np.repeat(starts[:-1] - starts[0], np.diff(starts))
        values *= weights[places & (_LONGEST - 1)]
        hashes[first : first + BLOCK] = np.add.reduceat(values, starts[:-1] - starts[0])
    return hashes


def _all_equal(raw: Numbers, offsets: Numbers, left: Numbers, right: Numbers) -> bool:
    """Whether each entry of `left` is, byte for byte, the entry of `right` at its place."""
    lengths = offsets[left + 1] - offsets[left]
    if not np.array_equal(lengths, offsets[right + 1] - offsets[right]):
        return False
    return all(
        np.array_equal(
            raw[_bytes_of(offsets[left[part]], lengths[part])], raw[_bytes_of(offsets[right[part]], lengths[part])]
        )
        for part in _parts(len(left))
    )


def _bytes_of(starts: Numbers, lengths: Numbers) -> Numbers:
    """The places of all bytes of entries that begin at `starts`."""
    ends = np.cumsum(lengths)
    places: Numbers = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return places


def _parts(length: int) -> Iterator[slice]:
    for first in range(0, length, BLOCK):
        yield slice(first, first + BLOCK)
