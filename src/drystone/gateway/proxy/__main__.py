"""`python -m drystone.gateway.proxy --home H --listen HOST:PORT --gateway NAME`: the proxy as a process.

Prints `ready HOST:PORT` once it listens. SIGTERM: no new connections, three seconds for what is under
way, exit 0. What stops it from starting is said in one line; exit 1.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import re
import resource
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import uvloop

from drystone.engine.eventlog import SegmentWriter
from drystone.engine.filtering import LiveFilter
from drystone.engine.home import Home
from drystone.gateway.proxy.judge import Judge
from drystone.gateway.proxy.reach import Network, Reach
from drystone.gateway.proxy.resolve import Lookup, Resolver, system_lookup
from drystone.gateway.proxy.server import Server
from drystone.gateway.proxy.settings import Settings
from drystone.gateway.proxy.status import Status
from drystone.gateway.proxy.target import CONNECT_PORTS
from drystone.gateway.proxy.workers import Workers

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class CannotStart(Exception):
    """One line: what is wrong, and what to do."""


def main(arguments: list[str] | None = None) -> int:
    settings = read_arguments(arguments)
    try:
        listeners = listen(settings)
        key = _prepare(settings)
    except CannotStart as error:
        print(f"drystone proxy: {error}", file=sys.stderr)
        return 1
    settings = _within_file_limit(settings)
    uvloop.install()
    host, port = listeners[0].getsockname()[:2]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    status_file = settings.home.run / f"{settings.gateway}.json"
    if len(listeners) == 1:
        serve(settings, key, listeners[0], status_file, ready=address)
        return 0
    status = Status(gateway=settings.gateway, listen=address, workers=len(listeners))
    Workers(
        listeners, lambda sock, file, alive: serve(settings, key, sock, file, parent=alive), status, status_file
    ).run(lambda: print(f"ready {address}", flush=True))
    return 0


def serve(
    settings: Settings,
    key: bytes | None,
    listener: socket.socket,
    status_file: Path,
    *,
    ready: str = "",
    parent: int = -1,
) -> None:
    """One worker, to its end. `parent` is a pipe that closes when the parent goes, and then so do we."""
    server = build(settings, key, listener, status_file)

    async def run() -> None:
        server.stop_on_signals()
        if parent >= 0:
            asyncio.get_running_loop().add_reader(parent, server.stop)
        if ready:
            asyncio.get_running_loop().call_soon(lambda: print(f"ready {ready}", flush=True))
        await server.run(listener)

    asyncio.run(run())


def build(
    settings: Settings,
    key: bytes | None,
    listener: socket.socket,
    status_file: Path,
    lookup: Lookup | None = None,
) -> Server:
    """The server with all its parts, its filter read once, so that the first request is decided by it."""
    home = settings.home
    port = listener.getsockname()[1]
    live = LiveFilter(settings.bundles, key=key, alarm=lambda text: print(text, file=sys.stderr, flush=True))
    segments = SegmentWriter(home.events / settings.gateway)
    judge = Judge(live, segments, gateway=settings.gateway, check_key=home.check_key, web=settings.web)
    judge.refresh()
    reach = Reach(settings.allow_private, settings.deny_ports | {port})
    resolver = Resolver(reach, settings.limits.resolve_seconds, lookup or _lookup(settings))
    return Server(settings, judge, resolver, status_file)


def _lookup(settings: Settings) -> Lookup:
    if not settings.dns:
        return system_lookup
    from drystone.gateway.proxy.name_servers import lookup_at  # a library that only this needs

    return lookup_at(settings.dns)


def listen(settings: Settings) -> list[socket.socket]:
    """One listening socket a worker, all on one port. Raises CannotStart."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        first = _bound(family, address, shared=False)  # a port that another program has shows here
        if settings.workers == 1:
            return [first]
        address = (address[0], first.getsockname()[1], *address[2:])
        first.close()
        return [_bound(family, address, shared=True) for _ in range(settings.workers)]
    except OSError as error:
        name = f"{settings.host}:{settings.port}"
        raise CannotStart(
            f"cannot listen on {name} ({error.strerror}): stop what uses it, or give another with --listen"
        ) from error


def _bound(family: int, address: object, *, shared: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)  # type: ignore[arg-type]
        sock.listen(1024)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _prepare(settings: Settings) -> bytes | None:
    """Makes the folders that are written to, so that a wrong home is known at once; gives the key of people's names.
    Raises CannotStart."""
    home = settings.home
    try:
        for folder in (home.run, home.events / settings.gateway):
            folder.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CannotStart(
            f"cannot write in {home.root} ({error.strerror}): give a folder of your own with --home"
        ) from error
    try:
        return home.person_key.read_bytes()
    except FileNotFoundError:
        return None  # bundles compiled by hand have a key of their own
    except OSError as error:
        raise CannotStart(f"cannot read {home.person_key} ({error.strerror}): run as its owner") from error


def _within_file_limit(settings: Settings) -> Settings:
    """Raises the soft limit, which most systems set for programs that need few files, and accepts no more
    connections than the limit leaves room for: each may need two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    room = max((soft - settings.limits.pool_idle - 64) // 2, 16)
    limits = replace(settings.limits, connections=min(settings.limits.connections, room))
    return replace(settings, limits=limits)


def read_arguments(arguments: list[str] | None) -> Settings:
    parser = argparse.ArgumentParser(prog="drystone proxy", description="Drystone's own forward proxy.")
    parser.add_argument("--home", type=Path, default=Path("var"), help="folder of all state (default ./var)")
    parser.add_argument("--listen", type=_host_port, default=("127.0.0.1", 8080), metavar="HOST:PORT")
    parser.add_argument("--gateway", type=_gateway, default="proxy", metavar="NAME", help="its name in the log")
    parser.add_argument("--bundles", type=Path, help="folder that holds `current` (default HOME/bundles/here)")
    parser.add_argument("--web", default="", metavar="URL", help="the school's Drystone pages: block pages lead there")
    parser.add_argument("--allow-private", type=_network, nargs="+", action="extend", default=[], metavar="CIDR",
                        help="networks inside the school that may be reached through the proxy")  # fmt: skip
    parser.add_argument("--deny-port", type=int, nargs="+", action="extend", default=[], metavar="PORT",
                        help="Drystone's other ports on this machine: never reached through the proxy")  # fmt: skip
    parser.add_argument("--connect-port", type=int, nargs="+", action="extend", default=[], metavar="PORT",
                        help="ports that a tunnel may go to (default 443 and 8443)")  # fmt: skip
    parser.add_argument("--dns", type=_name_server, nargs="+", action="extend", default=[], metavar="ADDRESS[:PORT]",
                        help="name servers to ask (default: as this machine looks names up)")  # fmt: skip
    parser.add_argument("--workers", type=int, choices=range(1, 33), default=1, metavar="N", help="processes")
    given = parser.parse_args(arguments)
    home = Home(given.home.absolute())
    host, port = given.listen
    return Settings(
        home=home,
        bundles=given.bundles.absolute() if given.bundles else home.here,
        gateway=given.gateway,
        host=host,
        port=port,
        web=given.web,
        allow_private=tuple(given.allow_private),
        deny_ports=frozenset(given.deny_port) | _port_of(given.web),
        connect_ports=frozenset(given.connect_port) or CONNECT_PORTS,
        dns=tuple(given.dns),
        workers=given.workers,
    )


def _host_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - `:8080` asks for every address


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a network like 10.1.0.0/16") from None


def _name_server(text: str) -> tuple[str, int]:
    from drystone.gateway.proxy.name_servers import name_server

    try:
        return name_server(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like 10.1.0.53 or 10.1.0.53:5353") from None


def _gateway(text: str) -> str:
    """Names a folder and a file, so it is a plain word."""
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a plain name of letters, digits, dots and hyphens")
    return text


def _port_of(url: str) -> frozenset[int]:
    """The port of the school's own pages: they are Drystone's, so they are not reached from here."""
    if not url:
        return frozenset()
    try:
        parts = urlsplit(url)
        return frozenset({parts.port or (443 if parts.scheme == "https" else 80)})
    except ValueError:
        return frozenset()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.umask(0o027)
    sys.exit(main())
