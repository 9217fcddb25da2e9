"""Who a request comes from: squidGuard goes through its sources in order and takes the first that the address and
the user fit. Ours knows zones, which do not overlap, and people. So addresses are cut into pieces at every edge of
every source, and for each piece and each person it is worked out which sources fit, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, summarize_address_range

from drystone.engine.filtering.squidguard.conf import Source

_ALL = 0xFFFFFFFF
Range = tuple[int, int]


def number_of(text: str) -> int:
    """An address as a number. Raises ValueError."""
    parts = [int(part) for part in text.split(".") if len(part) < 10]
    if len(parts) != 4 or max(parts) > 255:
        raise ValueError(f"'{text}' is not an address; write it as 10.1.0.7")
    return parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]


def range_of(first: str, last: str) -> list[Range]:
    start, end = number_of(first), number_of(last)
    if end < start:
        raise ValueError(f"'{first}-{last}' ends before it begins; write the lower address first")
    return [(start, end)]


def within_mask(address: str, bits: str | None, mask: str | None) -> list[Range]:
    """One address, a CIDR network or an address with a netmask. As squidGuard compares them: a host part is cut off
    from a CIDR network, but with a netmask such an entry fits no address; then the answer is empty."""
    start = number_of(address)
    if bits is not None:
        if len(bits) > 2 or int(bits) > 32:
            raise ValueError(f"/{bits} is not the length of a network; write /0 to /32")
        size = 1 << 32 - int(bits)
        start &= ~(size - 1)
        return [(start, start + size - 1)]
    if mask is None:
        return [(start, start)]
    number = number_of(mask)
    hosts = ~number & _ALL
    if hosts & (hosts + 1):
        raise ValueError(f"'{mask}' has holes in it, which no zone can have; write the networks out one by one")
    return [] if start & hosts else [(start, start + hosts)]


@dataclass(frozen=True, slots=True)
class Piece:
    """Addresses that the same sources name. `sources` are their numbers, in order."""

    sources: tuple[int, ...]
    networks: tuple[IPv4Network, ...]


class Roster:
    """Which sources fit whom. `sources` in the file's order; those that can fit nobody are not among them."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self._anywhere = {number for number, source in enumerate(sources) if source.addresses is None}
        self._users: dict[str, frozenset[int]] = {}
        for number, source in enumerate(sources):
            for user in source.users or ():
                self._users[user] = self._users.get(user, frozenset()) | {number}
        self._anybody = frozenset(number for number, source in enumerate(sources) if source.users is None)

    @property
    def users(self) -> list[str]:
        return sorted(self._users)

    def candidates(self, named_here: Iterable[int], user: str = "") -> tuple[int, ...]:
        """The sources that may speak for this user at addresses that `named_here` name: all in order, up to the first
        that always does."""
        fitting = (self._anywhere | set(named_here)) & (self._anybody | self._users.get(user, frozenset()))
        found: list[int] = []
        for number in sorted(fitting):
            found.append(number)
            if self.sources[number].limit is None and self.sources[number].goes_on is None:
                break
        return tuple(found)

    def likeness(self, user: str) -> frozenset[int]:
        """Users with the same answer are treated alike everywhere."""
        return self._users.get(user, frozenset())

    def pieces(self) -> list[Piece]:
        """All addresses that any source names, cut up."""
        changes: dict[int, dict[int, int]] = {}
        for number, source in enumerate(self.sources):
            for first, last in merged(source.addresses or ()):
                changes.setdefault(first, {})[number] = 1
                changes.setdefault(last + 1, {})[number] = -1
        edges = sorted(changes)
        here: set[int] = set()
        spans: dict[tuple[int, ...], list[Range]] = {}
        for place, edge in enumerate(edges):
            for number, change in changes[edge].items():
                (here.add if change > 0 else here.discard)(number)
            if here:
                spans.setdefault(tuple(sorted(here)), []).append((edge, edges[place + 1] - 1))
        return [Piece(numbers, _networks(ranges)) for numbers, ranges in spans.items()]


def merged(ranges: Iterable[Range]) -> list[Range]:
    """In order, none touching another."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def _networks(ranges: Iterable[Range]) -> tuple[IPv4Network, ...]:
    return tuple(
        network
        for first, last in merged(ranges)
        for network in summarize_address_range(IPv4Address(first), IPv4Address(last))
    )
