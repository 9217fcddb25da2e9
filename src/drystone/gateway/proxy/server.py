"""Accepts connections within limits, and keeps house: deadlines, new bundles, the status file, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from drystone.gateway.proxy.door import Door
from drystone.gateway.proxy.judge import Judge
from drystone.gateway.proxy.resolve import Resolver
from drystone.gateway.proxy.secure import SecurePages
from drystone.gateway.proxy.settings import Settings
from drystone.gateway.proxy.status import Meter, Status, write_status
from drystone.gateway.proxy.upstream import Upstream
from drystone.gateway.proxy.wire import Wire

SWEEP_SECONDS = 0.25
REFRESH_SECONDS = 0.5
STATUS_SECONDS = 1.0
DRAIN_SECONDS = 3.0
_FULL_TEXT = b"The filter has too many connections. Try again in a moment.\n"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_FULL_TEXT)
) + _FULL_TEXT


class Server:
    """One worker: one loop, one thread, one segment."""

    def __init__(self, settings: Settings, judge: Judge, resolver: Resolver, status_file: Path) -> None:
        self.settings = settings
        self.judge = judge
        self._resolver = resolver
        self._status_file = status_file
        self._wires: set[Wire] = set()
        self._upstream = Upstream(self._wires, resolver, settings.limits)
        self._secure = SecurePages(settings.home.ca, settings.bundles)
        self._secure.refresh()
        self._door = Door(judge, self._upstream, settings, self._secure)
        self._serving: dict[asyncio.Task[None], Wire] = {}
        self._clients: Counter[str] = Counter()
        self._stopping = asyncio.Event()
        self._status = Status(gateway=settings.gateway)
        self._meter = Meter()
        self._errors = 0

    async def run(self, listener: socket.socket) -> None:
        """Serves until `stop` is called (or SIGTERM, SIGINT come), then lets what is under way finish."""
        loop = asyncio.get_running_loop()
        host, port = listener.getsockname()[:2]
        self._status.listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        server = await loop.create_server(lambda: Wire(self._wires, self._accept), sock=listener, backlog=1024)
        keepers = [
            asyncio.create_task(self._every(SWEEP_SECONDS, self._sweep)),
            asyncio.create_task(self._every(REFRESH_SECONDS, self._refresh)),
            asyncio.create_task(self._every(REFRESH_SECONDS, self._secure.refresh)),
            asyncio.create_task(self._every(STATUS_SECONDS, self._write_status)),
        ]
        try:
            await self._stopping.wait()
            server.close()
            await self._drain()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            self._upstream.close()
            self._resolver.close()
            self._door.signon.close()
            self._write_status()
            self.judge.close()

    def stop(self) -> None:
        self._stopping.set()

    def stop_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def _accept(self, wire: Wire) -> None:
        limits = self.settings.limits
        full = len(self._serving) >= limits.connections
        if full or self._clients[wire.peer] >= limits.connections_per_client:
            wire.write(FULL)
            wire.close()
            return
        self._clients[wire.peer] += 1
        task = asyncio.get_running_loop().create_task(self._door.serve(wire))
        self._serving[task] = wire
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        wire = self._serving.pop(task)
        self._clients[wire.peer] -= 1
        if not self._clients[wire.peer]:
            del self._clients[wire.peer]
        if task.cancelled():
            wire.abort()
        elif (error := task.exception()) is not None:  # a fault of ours: this connection ends, nothing passes
            wire.abort()
            self._errors += 1
            print(f"drystone proxy: a connection failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)

    def _refresh(self) -> None:
        self.judge.refresh()
        self._door.recheck()

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        for wire in [wire for wire in self._wires if wire.expires < now]:
            wire.expire()
        self._upstream.sweep()

    async def _drain(self) -> None:
        """Idle clients go at once; what is under way gets its time."""
        for task, wire in list(self._serving.items()):
            if wire.resting:
                task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=DRAIN_SECONDS)
        left = list(self._serving)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _every(self, seconds: float, keep: Callable[[], None]) -> None:
        while True:
            try:
                keep()
            except Exception as error:
                self._errors += 1
                print(f"drystone proxy: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            await asyncio.sleep(seconds)

    def _write_status(self) -> None:
        judge, status = self.judge, self._status
        status.requests = self._door.requests
        status.decisions, status.blocked = judge.decisions, judge.blocked
        status.decisions_per_second = self._meter.rate(judge.decisions)
        status.errors = judge.errors + self._errors
        status.open = len(self._serving)
        status.not_trusted, status.last_not_trusted = self._secure.not_trusted, self._secure.last_not_trusted
        status.edition, status.school = judge.edition, judge.school
        status.trouble = judge.trouble or self._secure.trouble
        with contextlib.suppress(OSError):  # a full disk stops the record, not the filter
            write_status(self._status_file, status)
