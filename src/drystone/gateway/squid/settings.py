"""What the technician decides about a Squid gateway, checked before it becomes a line of squid.conf."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from drystone.engine.filtering.help import HELP_SITES

Network = IPv4Network | IPv6Network

CLIENTS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
SAFE_PORTS = (80, 443, 8080, 8443)
TUNNEL_PORTS = (443, 8443)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}").fullmatch
_LISTEN = re.compile(r"(?:[0-9.]+:|\[[0-9A-Fa-f:.]+\]:|[A-Za-z0-9.-]+:)?([0-9]{1,5})", re.ASCII).fullmatch
_HOST = re.compile(r"[a-z0-9._-]{1,253}", re.ASCII).fullmatch
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+=@:,?&%()*-]+", re.ASCII).fullmatch
_FILE = re.compile(r"[A-Za-z0-9/._+=@:,-]+", re.ASCII).fullmatch
_WEB = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9/._~-]*)?", re.ASCII).fullmatch


class ConfError(ValueError):
    """A setting that squid.conf cannot hold; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Auth:
    """Who signs on at the proxy, and by which program. `scheme` as Squid names it: basic or negotiate."""

    scheme: str
    program: tuple[str, ...]
    concurrency: int = 0  # how many questions the program takes at once; 0: Squid's own helpers take one
    realm: str = "School web filter"

    def check(self) -> None:
        if self.scheme not in ("basic", "negotiate"):
            raise ConfError(f"{self.scheme!r}: sign-on is basic or negotiate")
        for word in self.program:
            if not _PLAIN_PATH(word):
                raise ConfError(f"{word!r} cannot stand in squid.conf: no spaces or quotes (passwords go into a file)")
        if not re.fullmatch(r"[\w .,()&'’-]{1,60}", self.realm):
            raise ConfError(f"{self.realm!r} cannot be shown when people sign on: letters and spaces only")


@dataclass(frozen=True, slots=True)
class SquidSettings:
    """Everything that differs from school to school. Paths are absolute, as Squid sees them."""

    gateway: str
    school: str  # slug; stands in the events of what Squid itself refuses
    out: Path
    events: Path
    helper: tuple[str, ...]  # command line of the helper
    names: tuple[str, ...]  # command line of what compares the name inside a tunnel with the name outside
    user: str
    port: str = "3128"  # or ADDRESS:PORT
    zone_ports: tuple[tuple[str, str], ...] = ()  # (PORT or ADDRESS:PORT, zone): who comes that way is in the zone
    certgen: tuple[str, ...] = ()  # command line of what makes certificates for blocked hosts
    authority: Path = Path("ca.key")  # key and certificate in one file, for Squid's user alone
    helper_children: int = 2
    clients: tuple[str, ...] = CLIENTS
    named: tuple[str, ...] = ()  # own ground that the school opens: its intranet server
    own_ports: tuple[int, ...] = ()  # Drystone's, closed even where their address is named
    own_addresses: tuple[str, ...] = ()  # of this machine
    ports: tuple[int, ...] = SAFE_PORTS
    tunnel_ports: tuple[int, ...] = TUNNEL_PORTS
    dns: tuple[str, ...] = ()
    hosts_file: Path | None = None
    auth: Auth | None = None
    signs_on: tuple[str, ...] = ()  # ranges of clients that sign on; empty: all of them
    web: str = ""  # address of the school's own pages, for the block page
    help: tuple[str, ...] = HELP_SITES  # what is reached without a name, and logged without who it was

    @property
    def safe_search_ports(self) -> tuple[int, ...]:
        """Where a search engine can be asked: the usual two, and what the technician opened beside them."""
        return (80, 443, *(port for port in self.ports if port not in SAFE_PORTS))

    def check(self) -> None:
        """Refuse what would break out of its place in the file. Raises ConfError."""
        if not _NAME(self.gateway):
            raise ConfError(f"gateway {self.gateway!r}: use letters, digits, dots and hyphens")
        self._check_paths()
        for word in (*self.clients, *self.named, *self.own_addresses, *self.signs_on):
            network(word)
        for address in self.dns:
            if "/" in str(network(address)).removesuffix("/32").removesuffix("/128"):
                raise ConfError(f"{address!r} is not the address of a resolver")
        if not _NAME(self.user) or (self.school and not _NAME(self.school)):
            raise ConfError(f"{self.user!r} and {self.school!r}: a user's name and a school's short name are wanted")
        if not 1 <= self.helper_children <= 64:
            raise ConfError(f"{self.helper_children} helpers: give between 1 and 64")
        if self.web and not _WEB(self.web):
            raise ConfError(f"{self.web!r} is not an address such as https://drystone.fellside.example")
        for host in self.help:
            if not _HOST(host):
                raise ConfError(f"{host!r}: a site of help is a host such as childline.org.uk")
        if self.auth:
            self.auth.check()
        self._check_ports()

    def _check_paths(self) -> None:
        for value in (self.out, self.events, self.authority, self.hosts_file or "/"):
            if not _FILE(str(value)):
                raise ConfError(f"'{value}': Squid needs a path without spaces or special characters; choose another")
        for word in (*self.helper, *self.names, *self.certgen):
            if not _FILE(word) and not _WEB(word):
                raise ConfError(f"{word!r}: Squid needs a path without spaces or special characters; choose another")

    def _check_ports(self) -> None:
        for port in (*self.own_ports, *self.ports, *self.tunnel_ports):
            if not 0 < port < 65536:
                raise ConfError(f"{port} is not a port")
        taken = set()
        for where, zone in ((self.port, ""), *self.zone_ports):
            if not (listen := _LISTEN(where)) or not 0 < int(listen[1]) < 65536:
                raise ConfError(f"{where!r} is neither PORT nor ADDRESS:PORT")
            if listen[1] in taken:
                raise ConfError(f"port {listen[1]} is given twice: each zone needs one of its own")
            taken.add(listen[1])
            if zone and not _NAME(zone):
                raise ConfError(f"{zone!r} is not the short name of a zone")


def port_of(listen: str) -> int:
    """The port of `PORT` or `ADDRESS:PORT`; 0 where there is none."""
    port = listen.rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def network(word: str) -> Network:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        raise ConfError(f"{word!r} is not an address or a range such as 10.1.0.0/16") from None
