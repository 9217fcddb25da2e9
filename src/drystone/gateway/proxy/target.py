"""What a request asks the proxy for, read strictly from its request target (RFC 9112 §3.2).

What was judged and what is fetched must be the same thing, so both are built from the parts found
here, and whatever two readers could take in two ways (`\\`, two `@`, a control character) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_URL = 8190  # bytes; Apache's limit for a request line, and longer than any school's form

# Squid's Safe_ports, without those that speak another protocol than HTTP (ftp, gopher, wais, https).
NAMED_HTTP_PORTS = frozenset({80, 280, 488, 591, 777})
CONNECT_PORTS = frozenset({443, 8443})

_AUTHORITY = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\\]+)(?::(?P<port>[0-9]{0,5}))?"
_ABSOLUTE = re.compile(r"(?i:http)://(?:[^/?#@\\]*@)?" + _AUTHORITY + r"(?P<path>[/?][^#]*)?(?:#.*)?")
_CONNECT = re.compile(_AUTHORITY)


class BadTarget(ValueError):
    """The request cannot be served; `status` and the message say how that is answered."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Site:
    """A host as the client wrote it (brackets round IPv6), a port, and a path with query ("" for CONNECT)."""

    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """What the engine judges: `http://host:port/path`, or `host:port` for a CONNECT."""
        if not self.path:
            return f"{self.host}:{self.port}"
        return f"http://{self.host}{'' if self.port == 80 else f':{self.port}'}{self.path}"


@dataclass(frozen=True, slots=True)
class Own:
    """A request to the proxy itself: `GET /proxy.pac`."""

    path: str


def parse_target(method: str, target: bytes) -> Site | Own:
    """Raises BadTarget with 400, 405, 414 or 501."""
    if len(target) > MAX_URL:
        raise BadTarget(414, "The address is too long.")
    text = target.decode("latin-1")
    if method == "CONNECT":
        return _connect_site(text)
    if method == "TRACE":
        raise BadTarget(405, "TRACE is not passed on.")
    if text.startswith("/"):
        return Own(text)
    found = _ABSOLUTE.fullmatch(text)
    if found is None:
        raise _unreadable(text)
    path = found["path"] or "/"
    return Site(found["host"], int(found["port"] or 80), path if path.startswith("/") else f"/{path}")


def port_refusal(site: Site, connect_ports: frozenset[int]) -> str:
    """Why this port is not open, as a sentence; "" when it is."""
    if not site.path:
        return "" if site.port in connect_ports else f"Port {site.port} is not open for tunnels through this filter."
    if site.port in NAMED_HTTP_PORTS or 1025 <= site.port <= 65535:
        return ""
    return f"Port {site.port} is not one that web pages use."


def _connect_site(text: str) -> Site:
    found = _CONNECT.fullmatch(text)
    if found is None or not found["port"]:
        raise BadTarget(400, "A CONNECT names a host and a port.")
    return Site(found["host"], int(found["port"]))


def _unreadable(text: str) -> BadTarget:
    scheme, colon, _ = text.partition("://")
    if colon and scheme.isalnum() and scheme.lower() != "http":
        return BadTarget(
            501, f"This proxy fetches http addresses and opens tunnels for https; {scheme}:// it does not."
        )
    return BadTarget(400, "The address of the request cannot be read.")
