"""Which addresses the proxy may connect to: the Internet, and not the school's own network.

Without this a pupil's browser, or a page in it, could use the proxy as a way into the server room
(server-side request forgery). Asked after resolving, for every address a name has.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registries (RFC 6890 and after), in words that an error page can use.
NEVER: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "is no address of a site"),
    ("224.0.0.0/4", "is a multicast address"),
    ("240.0.0.0/4", "is a reserved address"),
    ("::/128", "is no address of a site"),
    ("ff00::/8", "is a multicast address"),
)
INSIDE: tuple[tuple[str, str], ...] = (
    ("127.0.0.0/8", "is the gateway itself"),
    ("10.0.0.0/8", "is an address inside the school"),
    ("172.16.0.0/12", "is an address inside the school"),
    ("192.168.0.0/16", "is an address inside the school"),
    ("100.64.0.0/10", "is an address inside the provider's network"),
    ("169.254.0.0/16", "is a link-local address"),
    ("192.0.0.0/24", "is a reserved address"),
    ("192.0.2.0/24", "is a documentation address"),
    ("192.88.99.0/24", "is a reserved address"),
    ("198.18.0.0/15", "is a test address"),
    ("198.51.100.0/24", "is a documentation address"),
    ("203.0.113.0/24", "is a documentation address"),
    ("::1/128", "is the gateway itself"),
    ("::/96", "is a reserved address"),
    ("::ffff:0:0:0/96", "is a reserved address"),
    ("64:ff9b:1::/48", "is an address inside the school"),
    ("100::/64", "is a reserved address"),
    ("2001::/32", "is a Teredo address"),
    ("2001:db8::/32", "is a documentation address"),
    ("3fff::/20", "is a documentation address"),
    ("5f00::/16", "is a reserved address"),
    ("fc00::/7", "is an address inside the school"),
    ("fe80::/10", "is a link-local address"),
    ("fec0::/10", "is an address inside the school"),
)
_NEVER = tuple((ipaddress.ip_network(net), words) for net, words in NEVER)
_INSIDE = tuple((ipaddress.ip_network(net), words) for net, words in INSIDE)
# Binding fails with these for another machine's address, or where there is no IPv6 at all.
_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENODEV})
_NAT64 = IPv6Network("64:ff9b::/96")


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries inside (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@dataclass(frozen=True, slots=True)
class Reach:
    """`allow`: networks inside that the school has named. `own_ports`: Drystone's, on this machine."""

    allow: tuple[Network, ...] = ()
    own_ports: frozenset[int] = field(default_factory=frozenset)

    def refusal(self, address: Address, port: int) -> str:
        """Why this address may not be reached, as the end of a sentence; "" when it may."""
        if port in self.own_ports and is_this_machine(address):
            return "is Drystone's own"
        inner = unwrap(address)
        if words := _first(_NEVER, inner):
            return words
        if any(inner in network or address in network for network in self.allow):
            return ""
        return _first(_INSIDE, inner)

    def first_refusal(self, addresses: Iterable[Address], port: int) -> str:
        """One bad answer spoils them all: a name that points inside as well as outside is a trick."""
        return next((words for address in addresses if (words := self.refusal(address, port))), "")


def _first(table: tuple[tuple[Network, str], ...], address: Address) -> str:
    return next((words for network, words in table if address.version == network.version and address in network), "")


def is_this_machine(address: Address) -> bool:
    """Whether the address is one of this machine's: only those can be bound. In doubt, yes."""
    for candidate in {address, unwrap(address)}:
        family = socket.AF_INET if candidate.version == 4 else socket.AF_INET6
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((str(candidate), 0))
        except OSError as error:
            if error.errno not in _NOT_OURS:
                return True
        else:
            return True
    return False
