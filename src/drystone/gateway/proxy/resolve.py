"""Names to addresses, checked: every address of a name is asked after before any is connected to.

The caller connects to the addresses returned here and never asks DNS again, so that a name cannot
point outside while it is checked and inside when it is used (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from drystone.gateway.proxy.reach import Address, Reach

REMEMBERED = 4096  # names
FRESH_SECONDS = 20.0  # as long as a page takes to load; the resolver behind us keeps the real times
THREADS = 32  # getaddrinfo blocks, and one dead name server must not hold up the rest
WAITING = 512  # names asked for at one time; more is refused, not queued


class NoAddress(Exception):
    """The name has no address, or the name servers did not say in time."""


class Refused(Exception):
    """The address is not one to reach through this proxy; the message ends the sentence 'X …'."""


Lookup = Callable[[str], list[Address]]


def system_lookup(host: str) -> list[Address]:
    """All addresses of a name as this machine resolves names (hosts file, DNS). Blocks. Raises OSError."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    found = (ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers)
    return list(dict.fromkeys(found))


class Resolver:
    def __init__(self, reach: Reach, seconds: float, lookup: Lookup = system_lookup) -> None:
        self._reach = reach
        self._seconds = seconds
        self._lookup = lookup
        self._known: OrderedDict[str, tuple[float, list[Address]]] = OrderedDict()
        self._asking: dict[str, asyncio.Future[list[Address]]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolve")

    async def addresses(self, host: str, port: int) -> list[Address]:
        """What `host` (canonical: a name or an address) may be reached at. Raises NoAddress or Refused."""
        try:
            found = [ipaddress.ip_address(host)]
        except ValueError:
            found = await self._look_up(host)
        if words := self._reach.first_refusal(found, port):
            raise Refused(words)
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str) -> list[Address]:
        loop = asyncio.get_running_loop()
        known = self._known.get(host)
        if known is not None and known[0] > loop.time():
            return known[1]
        asking = self._asking.get(host)
        if asking is None:
            if len(self._asking) >= WAITING:
                raise NoAddress("too many names are being looked up")
            asking = loop.run_in_executor(self._threads, self._lookup, host)
            self._asking[host] = asking
            asking.add_done_callback(lambda done: self._remember(host, done))
        try:
            found = await asyncio.wait_for(asyncio.shield(asking), self._seconds)
        except TimeoutError as error:
            raise NoAddress("the name servers did not answer in time") from error
        except (OSError, UnicodeError, ValueError) as error:
            raise NoAddress("no address is known for it") from error
        if not found:
            raise NoAddress("no address is known for it")
        return found

    def _remember(self, host: str, done: asyncio.Future[list[Address]]) -> None:
        self._asking.pop(host, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._known[host] = (asyncio.get_running_loop().time() + FRESH_SECONDS, done.result())
        self._known.move_to_end(host)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
