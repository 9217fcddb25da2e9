"""Names looked up at name servers that the school names, in place of those of this machine (`--dns`).

For a school whose own resolver knows its intranet, and for tests that stand in for the search engines.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import dns.exception
import dns.nameserver
import dns.resolver

from drystone.gateway.proxy.reach import Address
from drystone.gateway.proxy.resolve import Lookup

Place = tuple[str, int]  # address and port of a name server
SECONDS = 5.0


def name_server(text: str) -> Place:
    """`10.1.0.53`, `10.1.0.53:5353`, `[2001:db8::1]:5353`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not text.startswith("[")):  # an address alone, IPv6 included
        host, port = text, "53"
    address = str(ipaddress.ip_address(host.strip("[]")))
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} names no port")
    return address, int(port)


def lookup_at(servers: Sequence[Place]) -> Lookup:
    """Asks these servers and no others, for IPv6 and IPv4 both; this machine's hosts file does not count."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
    resolver.lifetime = SECONDS

    def lookup(host: str) -> list[Address]:
        found: list[Address] = []
        failure: Exception | None = None
        for kind in ("AAAA", "A"):
            try:
                answer = resolver.resolve(f"{host}.", kind, raise_on_no_answer=False)  # from the root: no search list
                found += [ipaddress.ip_address(record.address) for record in answer]
            except dns.exception.DNSException as error:
                failure = error
        if not found:  # a server that knows only one of the two kinds is no reason to fail
            raise OSError(f"{host}: {failure or 'no address'}")
        return found

    return lookup
