"""A second ClientHello: the server may ask for one, and what it names must be what the first one named.

RFC 8446 §4.1.4: a server that cannot use the client's key shares answers with a HelloRetryRequest, and the client
says hello anew. It must not change the server name then, but a program that hides something could, and servers
take the second name. So the first bytes of the server are looked at as they pass, and where they ask for a retry the
client's next message is read before it goes on. What a client says before the server has said anything waits for that,
or a program that knows beforehand how the server will answer would send both hellos at once. Others have nothing to
say yet, but for early data, which reaches the server a moment later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drystone.gateway.proxy.hello import MAX_HELLO, Hello, HelloReader, NotTls
from drystone.gateway.proxy.wire import Expired, Wire, hold_for, rejoin

# "A message with the type server_hello whose Random is SHA-256 of 'HelloRetryRequest'" (§4.1.3)
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
HEAD = 43  # record header 5, message header 4, version 2, random 32
HANDSHAKE = 22
BETWEEN = (20, 23)  # change_cipher_spec for old machines in between; early data that the server throws away


class RetryWatch:
    """Stands at the server's side of a tunnel until its first message is known."""

    def __init__(self, client: Wire, origin: Wire, seconds: float, agrees: Callable[[Hello | NotTls], bool]) -> None:
        """`agrees` decides on the second hello, or what came in its place, and says in the log what it refuses."""
        self._client = client
        self._origin = origin
        self._seconds = seconds
        self._agrees = agrees
        self._head = b""
        self._task: asyncio.Task[None] | None = None
        origin.tap, client.tap = self._see, self._wait

    def close(self) -> None:
        self._origin.tap = self._client.tap = None
        if self._task is not None:
            self._task.cancel()

    def _wait(self, _: bytes) -> None:
        """Called with what the client says before the server has answered: it is kept."""
        self._client.tap = None
        hold_for(self._client, self._origin)

    def _see(self, data: bytes) -> None:
        """Called with what the server says, before the client gets it."""
        self._head += data[: HEAD - len(self._head)]
        if self._head[0] == HANDSHAKE and len(self._head) < HEAD:
            return
        self._origin.tap = self._client.tap = None
        if self._head[0] == HANDSHAKE and self._head[11:HEAD] == RETRY:
            self._client.sink = None  # what it says next is ours to read
            self._task = asyncio.get_running_loop().create_task(self._read_again())
        elif self._client.sink is None:
            rejoin(self._client, self._origin)

    async def _read_again(self) -> None:
        client, origin = self._client, self._origin
        try:
            passed, hello = await self._second_hello()
            good = self._agrees(hello)
        except NotTls as error:
            good = self._agrees(error)
        except (ConnectionError, Expired):
            good = False
        if good:
            origin.write(passed)
            rejoin(client, origin)  # with what came after it
        else:
            origin.abort()
            client.close()

    async def _second_hello(self) -> tuple[bytes, Hello]:
        """What came up to and with the hello. Raises NotTls, ConnectionError or Expired."""
        reader, data, skipped = HelloReader(), b"", b""
        self._client.patience(self._seconds)
        while True:
            more = await self._client.read()
            if not more:
                raise ConnectionResetError("the client has gone")
            data += more
            while not reader.raw and len(data) >= 5 and data[0] in BETWEEN:
                end = 5 + int.from_bytes(data[3:5], "big")
                if len(data) < end:
                    break
                skipped, data = skipped + data[:end], data[end:]
            if len(skipped) + len(data) > 4 * MAX_HELLO:
                raise NotTls("too much came before the second hello")
            if data and (reader.raw or data[0] not in BETWEEN):
                hello = reader.feed(data)
                data = b""
                if hello is not None:
                    return skipped + bytes(reader.raw), hello
