"""Connections to the sites: opened to checked addresses only, kept for reuse, bounded."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import chain, zip_longest

import h11

from drystone.gateway.proxy.reach import Address
from drystone.gateway.proxy.resolve import Resolver
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.wire import Wire

HEAD_START = 0.25  # seconds between attempts at a site's addresses (RFC 8305 §8)
MAX_ATTEMPTS = 6

# What a site is told apart by: where we connect, and the port.
Place = tuple[str, int]


class Unreachable(Exception):
    """No connection; `late` when it was the time that ran out."""

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


class Origin:
    """One HTTP connection to a site."""

    __slots__ = ("conn", "fresh", "place", "wire")

    def __init__(self, place: Place, wire: Wire, header_bytes: int) -> None:
        self.place = place
        self.wire = wire
        self.fresh = True  # not used before: then a failure is the site's, not a connection gone stale
        self.conn = h11.Connection(h11.CLIENT, max_incomplete_event_size=header_bytes)

    def send(self, event: h11.Event) -> None:
        data = self.conn.send(event)
        if data:
            self.wire.write(data)

    def reusable(self) -> bool:
        conn, wire = self.conn, self.wire
        if conn.our_state is not h11.DONE or conn.their_state is not h11.DONE:
            return False
        return not (wire.ended or wire.waiting or conn.trailing_data[0])


class Upstream:
    """Opens connections, and keeps those that may serve again: at most `pool_idle`, the oldest goes first."""

    def __init__(self, wires: set[Wire], resolver: Resolver, limits: Limits) -> None:
        self._wires = wires
        self._resolver = resolver
        self._limits = limits
        self._idle: dict[Place, deque[Origin]] = {}
        self._by_age: OrderedDict[Origin, float] = OrderedDict()  # idle since

    async def addresses(self, place: Place) -> list[Address]:
        """Raises resolve.NoAddress or resolve.Refused."""
        return await self._resolver.addresses(*place)

    def take(self, place: Place) -> Origin | None:
        """An idle connection to `place` that is still good."""
        idle = self._idle.get(place)
        while idle:
            origin = idle.pop()
            self._by_age.pop(origin, None)
            if not idle:
                self._idle.pop(place, None)
            origin.wire.on_lost = None
            if not origin.wire.ended and not origin.wire.waiting:
                origin.fresh = False
                return origin
            origin.wire.abort()
        return None

    def give_back(self, origin: Origin) -> None:
        """Keeps the connection if another request may follow on it, else closes it."""
        if not origin.reusable():
            origin.wire.abort()
            return
        origin.conn.start_next_cycle()
        idle = self._idle.setdefault(origin.place, deque())
        if len(idle) >= self._limits.pool_idle_per_site:
            origin.wire.abort()
            return
        while len(self._by_age) >= self._limits.pool_idle:
            self._drop(next(iter(self._by_age)))
        idle = self._idle.setdefault(origin.place, idle)
        idle.append(origin)
        self._by_age[origin] = asyncio.get_running_loop().time()
        origin.wire.on_lost = lambda: self._drop(origin)

    def sweep(self) -> None:
        """Closes what nobody wanted for a while, and what the site has closed."""
        before = asyncio.get_running_loop().time() - self._limits.pool_seconds
        for origin, since in list(self._by_age.items()):
            if since < before or origin.wire.ended:
                self._drop(origin)

    def close(self) -> None:
        for origin in list(self._by_age):
            self._drop(origin)

    async def connect(self, place: Place, addresses: list[Address]) -> Origin:
        return Origin(place, await self.open(place, addresses), self._limits.header_bytes)

    async def open(self, place: Place, addresses: list[Address]) -> Wire:
        """A connection to one of the checked addresses; IPv6 and IPv4 in turn. Raises Unreachable."""
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                if len(addresses) == 1:
                    return await self._open_one(addresses[0], place[1])
                return await self._race(_in_turn(addresses)[:MAX_ATTEMPTS], place[1])
        except TimeoutError as error:
            raise Unreachable("The site did not answer in time.", late=True) from error
        except OSError as error:
            raise Unreachable(_plain(error)) from error

    async def _open_one(self, address: Address, port: int) -> Wire:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: Wire(self._wires), str(address), port)
        return wire

    async def _race(self, addresses: list[Address], port: int) -> Wire:
        """Happy eyeballs, simply: each address gets a head start on the next; the first that opens wins."""
        tasks: set[asyncio.Task[Wire]] = set()
        left = iter(addresses)
        last: OSError | None = None
        try:
            while True:
                address = next(left, None)
                if address is not None:
                    tasks.add(asyncio.create_task(self._open_one(address, port)))
                if not tasks:
                    raise last or OSError("no address")
                done, tasks = await asyncio.wait(
                    tasks, timeout=HEAD_START if address is not None else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    failure = task.exception()
                    if failure is None:
                        tasks |= done - {task}
                        return task.result()
                    if not isinstance(failure, OSError):
                        raise failure
                    last = failure
        finally:
            for task in tasks:
                task.cancel()
                task.add_done_callback(_close_loser)

    def _drop(self, origin: Origin) -> None:
        self._by_age.pop(origin, None)
        idle = self._idle.get(origin.place)
        if idle is not None:
            with contextlib.suppress(ValueError):
                idle.remove(origin)
            if not idle:
                del self._idle[origin.place]
        origin.wire.on_lost = None
        origin.wire.abort()


def _close_loser(task: asyncio.Task[Wire]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()


def _in_turn(addresses: Iterable[Address]) -> list[Address]:
    """IPv6 and IPv4 alternately, beginning with the kind the system put first."""
    every = list(addresses)
    first = [address for address in every if address.version == every[0].version]
    second = [address for address in every if address.version != every[0].version]
    return [address for address in chain.from_iterable(zip_longest(first, second)) if address is not None]


def _plain(error: OSError) -> str:
    match error.errno:
        case errno.ECONNREFUSED:
            return "The site does not accept connections."
        case errno.ENETUNREACH | errno.EHOSTUNREACH | errno.EADDRNOTAVAIL:
            return "There is no way to the site from here."
        case errno.ETIMEDOUT:
            return "The site did not answer in time."
        case errno.EMFILE | errno.ENFILE:
            return "The filter has too many connections open."
        case _:
            return "The connection to the site failed."
