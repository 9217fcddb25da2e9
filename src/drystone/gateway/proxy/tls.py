"""The end of a TLS connection to a blocked host, held just long enough to show the block page.

What the client asks for inside is read to the end of its header, because a browser shows no answer before, and is
dropped unread: no path, cookie or field of it is judged, logged or kept (P35).
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from http import HTTPStatus

import h11

from drystone.gateway.proxy.pages import Page
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.wire import Expired, Wire

PIECE = 65536


class TlsEnd:
    """A server's side of TLS over a wire. `hello` are the bytes of the client that were read already."""

    def __init__(self, wire: Wire, context: ssl.SSLContext, hello: bytes) -> None:
        self._wire = wire
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._in.write(hello)
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.sent = 0  # bytes on the wire

    async def handshake(self) -> None:
        """Raises ssl.SSLError (a client that does not trust us says so here), ConnectionError or Expired."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                await self._more()
            else:
                self._flush()
                return

    async def read(self) -> bytes:
        """What the client says, b"" at its end. Raises as `handshake` does."""
        while True:
            try:
                return self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                self._flush()
                await self._more()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def finish(self) -> None:
        """Says that no more comes (close_notify), so that the page counts as whole."""
        with suppress(ssl.SSLError):
            self._tls.unwrap()  # raises WantRead: the client's own farewell is not waited for
        self._flush()

    def _flush(self) -> None:
        data = self._out.read()
        self.sent += len(data)
        self._wire.write(data)

    async def _more(self) -> None:
        data = await self._wire.read()
        if not data:
            raise ConnectionResetError("the client has gone")
        self._in.write(data)


# What a client says that knows the certificate's authority not, or no more (RFC 8446 §6.2); Chromium says the second.
NOT_TRUSTED = ("ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_BAD_CERTIFICATE")


class NotTrusted(Exception):
    """The device does not trust the school's certificate. `sent` bytes went out."""

    def __init__(self, sent: int) -> None:
        super().__init__()
        self.sent = sent


async def show_page(wire: Wire, context: ssl.SSLContext, hello: bytes, status: int, page: Page, limits: Limits) -> int:
    """Answers the first request inside the connection with `page`, whatever it asks for. Bytes that went out.

    A client that leaves, breaks off or is slow gets nothing, and that is no fault. Raises NotTrusted."""
    end = TlsEnd(wire, context, hello)
    wire.patience(limits.header_seconds)
    with suppress(ssl.SSLError, ConnectionError, Expired, h11.RemoteProtocolError):
        try:
            await end.handshake()
        except ssl.SSLError as error:
            if (error.reason or "").endswith(NOT_TRUSTED):
                raise NotTrusted(end.sent) from None
            raise
        if (method := await _method(end, limits.header_bytes)) is not None:
            end.write(_answer(status, page, head_only=method == b"HEAD"))
            end.finish()
    return end.sent


async def _method(end: TlsEnd, most: int) -> bytes | None:
    """Reads one request's header and says no more of it than its method; None when none comes."""
    conn = h11.Connection(h11.SERVER, max_incomplete_event_size=most)
    while (event := conn.next_event()) is h11.NEED_DATA:
        conn.receive_data(await end.read())
    return event.method if isinstance(event, h11.Request) else None


def _answer(status: int, page: Page, *, head_only: bool) -> bytes:
    """Built by h11, from a connection that knows nothing of the client's request."""
    conn = h11.Connection(h11.SERVER)
    conn.receive_data(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" if head_only else b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    conn.next_event()
    fields = [*page.fields, (b"content-length", str(len(page.body)).encode()), (b"connection", b"close")]
    head = h11.Response(status_code=status, headers=fields, reason=HTTPStatus(status).phrase)
    body = b"" if head_only else page.body
    parts = [conn.send(head), conn.send(h11.Data(data=body)), conn.send(h11.EndOfMessage())]
    return b"".join(part for part in parts if part)
