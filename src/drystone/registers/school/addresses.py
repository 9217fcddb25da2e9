"""Ranges of network addresses, as people write them and as zones must not share them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
THIS_MACHINE = ("127.0.0.0/8", "::1/128")


class RangeError(ValueError):
    """The sentence says which range, and how to write it."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two zones that would share addresses: whose rules would count, nobody could say."""

    one: str
    other: str
    network: Network
    other_network: Network

    def __str__(self) -> str:
        return f"{self.network} of “{self.one}” overlaps {self.other_network} of “{self.other}”"


def parse_ranges(text: str) -> tuple[Network, ...]:
    """One range a line, or separated by commas or spaces: `10.1.0.0/16`, `192.168.1.20`, `fd00::/64`.

    Raises RangeError for what is no range, for a range that starts inside itself, and for one given twice.
    """
    found: list[Network] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        network = parse_range(word)
        if clash := next((other for other in found if _share(network, other)), None):
            raise RangeError(f"{network} is part of {clash}: give each address once")
        found.append(network)
    return tuple(found)


def parse_range(word: str) -> Network:
    try:
        network = ipaddress.ip_network(word)
    except ValueError:
        try:
            meant = ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise RangeError(f"“{word}” is not an address range. Write it like 10.1.0.0/16 or 192.168.1.20") from None
        raise RangeError(f"{word} starts inside its range. Did you mean {meant}?") from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise RangeError(f"{word} is an IPv4 address in IPv6 clothes. Write it as IPv4, like 10.1.0.0/16")
    return network


def first_overlap(zones: Sequence[tuple[str, Iterable[Network]]]) -> Overlap | None:
    """The first two zones that share an address."""
    seen: list[tuple[str, Network]] = []
    for name, networks in zones:
        mine = list(networks)
        for network in mine:
            for other_name, other in seen:
                if _share(network, other):
                    return Overlap(name, other_name, network, other)
        seen += [(name, network) for network in mine]
    return None


def _share(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
