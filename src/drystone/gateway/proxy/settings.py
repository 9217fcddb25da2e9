"""What the proxy is told when it starts, and the limits that keep one client from starving the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from drystone.engine.home import Home
from drystone.gateway.proxy.reach import Network
from drystone.gateway.proxy.target import CONNECT_PORTS


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    header_seconds: float = 15.0  # a whole request header, or a whole ClientHello, however slowly it drips
    keep_alive_seconds: float = 60.0  # between requests
    body_seconds: float = 60.0  # without a byte, either way
    resolve_seconds: float = 6.0
    connect_seconds: float = 10.0
    answer_seconds: float = 120.0  # from the last byte of the request to the first of the answer
    tunnel_seconds: float = 900.0  # an idle tunnel or WebSocket
    header_bytes: int = 64 * 1024
    connections: int = 4096  # in one worker
    connections_per_client: int = 512  # a whole class may sit behind one address
    pool_idle: int = 256
    pool_idle_per_site: int = 16
    pool_seconds: float = 25.0


@dataclass(frozen=True, slots=True)
class Settings:
    home: Home
    bundles: Path
    gateway: str
    host: str
    port: int
    web: str = ""
    allow_private: tuple[Network, ...] = ()
    deny_ports: frozenset[int] = field(default_factory=frozenset)
    connect_ports: frozenset[int] = CONNECT_PORTS
    dns: tuple[tuple[str, int], ...] = ()  # name servers, address and port; none: as this machine looks names up
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
