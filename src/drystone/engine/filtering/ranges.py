"""What is kept by ranges of addresses, found by an address: the narrowest range first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Generic, TypeVar

T = TypeVar("T")


class Ranges(Generic[T]):
    """One dictionary for each length of prefix, so a look-up costs as many steps as there are lengths."""

    __slots__ = ("_by_length",)

    def __init__(self, held: Iterable[tuple[str, T]]) -> None:
        """`held` are (CIDR, what is kept there). Raises ValueError for what is no range."""
        by_length: dict[tuple[int, int], dict[int, list[T]]] = {}
        for text, thing in held:
            network = ip_network(text)
            shift = network.max_prefixlen - network.prefixlen
            at_length = by_length.setdefault((network.version, shift), {})
            at_length.setdefault(int(network.network_address) >> shift, []).append(thing)
        self._by_length = sorted(by_length.items(), key=lambda item: item[0][1])

    def over(self, client: str) -> Iterator[T]:
        """All that is kept for an address, narrowest range first; nothing for what is no address."""
        try:
            address = ip_address(client.partition("%")[0])
        except ValueError:
            return
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        number, version = int(address), address.version
        for (of, shift), at_length in self._by_length:
            if of == version:
                yield from at_length.get(number >> shift, ())
