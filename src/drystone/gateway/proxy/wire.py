"""One TCP connection: read a piece at a time, write with backpressure, give up when patience ends.

Leaner than asyncio's streams, and with two things they lack: a deadline that costs nothing per read
(one sweep looks at all wires), and joining two wires so that bytes pass without a task.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from math import inf
from typing import cast

LINGER = 2.0  # seconds that a closing connection may still take
HIGH = 256 * 1024  # bytes held for a reader that is slow, and as many again for a slow receiver


class Expired(Exception):
    """The other end was given its time and did not use it."""


class Wire(asyncio.Protocol):
    __slots__ = (
        "_ended", "_expired", "_loop", "_paused", "_pieces", "_held", "_reader", "_writer", "_wires",
        "choked", "closed", "expires", "idle", "lost", "on_lost", "peer", "received", "resting", "sink", "tap",
        "transport", "_start",
    )  # fmt: skip

    def __init__(self, wires: set[Wire], start: Callable[[Wire], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._wires = wires
        self._start = start
        self._pieces: list[bytes] = []
        self._held = 0
        self._paused = self.choked = self._ended = self._expired = self.closed = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self.on_lost: Callable[[], None] | None = None
        self.expires = inf
        self.idle = inf
        self.sink: Wire | None = None
        self.tap: Callable[[bytes], None] | None = None  # hears what comes, before it goes on
        self.received = 0
        self.resting = False  # between two requests: may be closed at any time
        self.peer = ""
        self.transport: asyncio.Transport

    # what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH)
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if peer else ""
        self._wires.add(self)
        if self._start is not None:
            self._start(self)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.tap is not None:
            self.tap(data)
        sink = self.sink
        if sink is not None:
            self.expires = sink.expires = self._loop.time() + self.idle
            sink.write(data)
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= HIGH and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake(self._reader)

    def eof_received(self) -> bool:
        self._ended = True
        self._wake(self._reader)
        if self.sink is not None:
            self._pass_on_end(self.sink)
        return True  # half closed: we may still have an answer to give

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's own signature
        self.closed = self._ended = True
        self._wires.discard(self)
        self._wake(self._reader)
        self._wake(self._writer)
        if self.sink is not None:
            self.sink.close()
        if not self.lost.done():
            self.lost.set_result(None)
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        self.choked = True
        if self.sink is not None:
            self.sink._hold()

    def resume_writing(self) -> None:
        self.choked = False
        self._wake(self._writer)
        if self.sink is not None:
            self.sink._release()

    # what the proxy calls

    async def read(self) -> bytes:
        """What has come, b"" at the end. Raises Expired when patience ends first."""
        while not self._pieces:
            if self._expired:
                raise Expired
            if self._ended:
                return b""
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        self._release()
        return data

    def unread(self, data: bytes) -> None:
        """Puts back what was read too far."""
        if data:
            self._pieces.insert(0, data)
            self._held += len(data)

    def write(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data)

    async def drain(self) -> None:
        """Returns once the receiver keeps up. Raises Expired or ConnectionResetError."""
        while self.choked and not self.closed:
            if self._expired:
                raise Expired
            self._writer = self._loop.create_future()
            try:
                await self._writer
            finally:
                self._writer = None
        if self.closed:
            raise ConnectionResetError("the other end has gone")

    def patience(self, seconds: float) -> None:
        """How long the other end has from now. Counts only while somebody waits for it."""
        self.expires = self._loop.time() + seconds

    def expire(self) -> None:
        """The sweep found the deadline passed."""
        self.expires = inf
        if self.sink is not None or self.transport.is_closing():
            self.abort()
        elif self._reader is not None or self._writer is not None:
            self._expired = True
            self._wake(self._reader)
            self._wake(self._writer)

    def finish(self) -> None:
        """Says that no more will be written."""
        if not self.transport.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                self.transport.write_eof()

    def close(self) -> None:
        """Closes once all is written, or a little later anyway: a receiver may have stopped reading."""
        if not self.transport.is_closing():
            self.patience(LINGER)
            self.transport.close()

    def abort(self) -> None:
        if not self.closed:
            self.transport.abort()

    async def close_gently(self) -> None:
        """Closes after the other end has: bytes that it still sends would otherwise destroy our answer (RST)."""
        self.finish()
        self.patience(LINGER)
        with contextlib.suppress(Expired):
            while await self.read():
                pass
        self.close()

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return self._ended

    @property
    def waiting(self) -> bool:
        """Bytes have come that nobody has read."""
        return bool(self._pieces)

    def _hold(self) -> None:
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self.transport.pause_reading()

    def _release(self) -> None:
        if self._paused and not self.transport.is_closing():
            self._paused = False
            self.transport.resume_reading()

    def _pass_on_end(self, sink: Wire) -> None:
        if sink.ended:  # both have said all they had to say
            self.close()
            sink.close()
        else:
            sink.finish()

    @staticmethod
    def _wake(future: asyncio.Future[None] | None) -> None:
        if future is not None and not future.done():
            future.set_result(None)


def hold_for(wire: Wire, sink: Wire) -> None:
    """What `wire` says waits until `rejoin`."""
    wire.sink, wire.on_lost = None, sink.close


def rejoin(wire: Wire, sink: Wire) -> None:
    """Passes on again what `wire` says, after it was read for a while. The other way was never interrupted."""
    pieces, wire._pieces = wire._pieces, []
    wire._held = 0
    wire.sink, wire.on_lost = sink, None
    wire.patience(wire.idle)
    for piece in pieces:
        sink.write(piece)
    if not sink.choked:
        wire._release()
    if wire.ended:
        wire._pass_on_end(sink)


async def join(one: Wire, other: Wire, idle: float, *, held: bool = False) -> None:
    """Passes bytes both ways until both ends are gone. What either end had sent already goes first. `held`: what `one`
    has said and says waits, as after `hold_for`."""
    for wire, sink in ((one, other), (other, one)):
        wire.idle = idle
        wire.patience(idle)
        if held and wire is one:
            hold_for(wire, sink)
            continue
        pieces, wire._pieces = wire._pieces, []
        wire._held = 0
        wire.sink = sink
        for piece in pieces:
            sink.write(piece)
        if sink.choked:
            wire._hold()
        else:
            wire._release()
    for wire, sink in ((one, other), (other, one)):
        if wire.closed:
            sink.close()
        elif wire.ended and wire.sink is sink:
            wire._pass_on_end(sink)
    await asyncio.gather(one.lost, other.lost)
