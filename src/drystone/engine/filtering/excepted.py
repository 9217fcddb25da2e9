"""Exceptions of lists (AdBlock's `@@`, RPZ's passthru): a host that a list does not mean, though it names one above it.

Of one list the most specific entry wins, and at one name the exception. Other lists that name the host stay as they
are; mandatory lists have none, for nothing opens what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from drystone.engine.filtering.lists import ListReader, Report


class Hosts(Protocol):
    def hosts(self, host: str) -> list[int]: ...


Exceptions = Mapping[str, tuple[int, ...]]  # host → lists


def read_exceptions(lists: Path, names: Sequence[str], mandatory: frozenset[int]) -> dict[str, tuple[int, ...]]:
    """The exceptions of all lists but the mandatory ones, by host, in order."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        if number not in mandatory:
            for host in ListReader(lists / name, Report(name)).exceptions():
                found.setdefault(host, []).append(number)
    return {host: tuple(dict.fromkeys(numbers)) for host, numbers in sorted(found.items())}


def not_meant(
    names: Sequence[str], exceptions: Exceptions, sites: Hosts, lists_of_set: Sequence[tuple[int, int]]
) -> int:
    """A mask of lists that do not mean the first of `names` (a host, then what lies above it, nearest first)."""
    mask = 0
    chain = sites.hosts(names[0])
    for name in names:
        if name in exceptions:
            nearer = chain[len(sites.hosts(name)) :]
            kept = 0
            for number in nearer:
                kept |= lists_of_set[number][0]
            for number in exceptions[name]:
                mask |= (1 << number) & ~kept
    return mask
