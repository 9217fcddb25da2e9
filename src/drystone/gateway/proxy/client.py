"""The client's side of a connection: its requests, and the pages that are ours to answer with."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import h11

from drystone.gateway.proxy.headers import Fields, value_of
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.wire import Expired, Wire


class Rejected(Exception):
    """The client's bytes are no request that can be served."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head as the client sent it. Names of fields are in lower case."""

    method: str
    target: bytes
    fields: Fields
    version: bytes

    @property
    def chunked(self) -> bool:
        return value_of(self.fields, b"transfer-encoding") is not None

    @property
    def has_body(self) -> bool:
        return self.chunked or value_of(self.fields, b"content-length") not in (None, b"0")


class Client:
    """One client's connection, spoken HTTP on. `sent` counts the bytes of the answers."""

    __slots__ = ("_head_only", "_held", "conn", "limits", "sent", "served", "wire")

    def __init__(self, wire: Wire, limits: Limits) -> None:
        self.wire = wire
        self.limits = limits
        self.conn = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self.sent = 0
        self.served = 0
        self._held = b""
        self._head_only = False

    async def request(self) -> Asked | None:
        """The next request, None when the client is done. Raises Rejected."""
        begun = bool(self.conn.trailing_data[0]) or self.wire.waiting
        limits = self.limits
        self.wire.patience(limits.header_seconds if begun or not self.served else limits.keep_alive_seconds)
        self.wire.resting = not begun
        try:
            while (event := self.conn.next_event()) is h11.NEED_DATA:
                data = await self.wire.read()
                if data and not begun:
                    begun, self.wire.resting = (
                        True,
                        False,
                    )  # from here the whole header has one deadline, however slowly it drips
                    self.wire.patience(limits.header_seconds)
                self.conn.receive_data(data)
        except Expired:
            if begun:
                raise Rejected(408, "The request did not arrive in time.") from None
            return None
        except h11.RemoteProtocolError as error:
            if not begun or self.wire.ended:
                return None
            status = error.error_status_hint
            too_long = "The request's header is too long."
            raise Rejected(status, too_long if status == 431 else "The request cannot be read.") from None
        if not isinstance(event, h11.Request):
            return None
        self.served += 1
        self._head_only = event.method == b"HEAD"
        if event.http_version not in (b"1.0", b"1.1"):
            raise Rejected(505, "This proxy speaks HTTP/1.1 and HTTP/1.0.")
        fields = list(event.headers)
        if sum([len(name) + len(value) for name, value in fields]) > limits.header_bytes:
            raise Rejected(431, "The request's header is too long.")
        return Asked(event.method.decode("ascii"), event.target, fields, event.http_version)

    def send(self, event: h11.Event) -> None:
        data = self.conn.send(event)
        if data:
            self.sent += len(data)
            self.wire.write(self._held + data)
            self._held = b""

    def send_head(self, event: h11.Response) -> None:
        """Kept back until `send` or `flush`, to go out in one packet with the first of the body."""
        self._held = self.conn.send(event) or b""
        self.sent += len(self._held)

    def flush(self) -> None:
        self.wire.write(self._held)
        self._held = b""

    def respond(self, status: int, body: bytes, fields: Fields, *, close: bool = False) -> None:
        """A whole answer of our own. The connection closes after it if the request is not read to its end."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        fields = [*fields, (b"content-length", str(len(body)).encode())]
        if close or not self._request_is_read():
            fields.append((b"connection", b"close"))
        self.send_head(h11.Response(status_code=status, headers=fields, reason=HTTPStatus(status).phrase))
        if not self._head_only:
            self.send(h11.Data(data=body))
        self.send(h11.EndOfMessage())
        self.flush()

    def next_cycle(self) -> bool:
        """Whether another request may come on this connection; makes ready for it."""
        if self.conn.our_state is not h11.DONE or self.conn.their_state is not h11.DONE:
            return False
        self.conn.start_next_cycle()
        self.sent = 0
        return True

    def _request_is_read(self) -> bool:
        if self.conn.their_state is h11.SEND_BODY:
            try:
                self.conn.next_event()
            except h11.RemoteProtocolError:
                return False
        return self.conn.their_state not in (h11.SEND_BODY, h11.ERROR)
