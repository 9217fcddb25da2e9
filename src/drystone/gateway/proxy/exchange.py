"""One request passed on and its answer passed back, both as they come: nothing is held but a few buffers."""

from __future__ import annotations

import asyncio
import contextlib

import h11

from drystone.gateway.proxy.client import Client
from drystone.gateway.proxy.headers import DECISION, response_fields, trailer_fields, value_of
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.upstream import Origin
from drystone.gateway.proxy.wire import Expired, join

CONTINUE_SECONDS = 1.0  # how long a site may think over `Expect: 100-continue`
CONTINUE = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")


class Stale(Exception):
    """A connection kept for reuse was closed by the site before it answered: try once more on a new one."""


class BadAnswer(Exception):
    """The site gave no answer that can be passed on; nothing of it has gone to the client."""

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


class BadUpload(Exception):
    """The client's body was broken or too slow; nothing has been answered yet."""


class Exchange:
    def __init__(self, client: Client, origin: Origin, limits: Limits, *, note: bytes = b"") -> None:
        """`note`: the decision, shown to a self-test."""
        self._client = client
        self._origin = origin
        self._limits = limits
        self._note = note
        self._chunked_out = False
        self._begun = False  # an answer has begun to go to the client
        self._may_send = asyncio.Event()
        self._upload_failed = False
        self.through = 0  # bytes to the client on a connection that changed protocol

    async def run(self, request: h11.Request, *, chunked: bool) -> None:
        """`chunked`: how the request's body comes, if one does.

        Raises Stale, BadAnswer or BadUpload before an answer has begun, and ConnectionError after.
        """
        client, origin = self._client, self._origin
        upload: asyncio.Task[None] | None = None
        client.wire.on_lost = origin.wire.abort  # nobody waits for the answer any more
        try:
            origin.send(request)
            origin.wire.patience(self._limits.answer_seconds)
            first = client.conn.next_event() if client.conn.their_state is h11.SEND_BODY else None
            if first is None or type(first) is h11.EndOfMessage:
                origin.send(h11.EndOfMessage())
            else:
                upload = asyncio.create_task(self._pass_up(first, chunked))
            await self._pass_back()
        except Expired:
            raise self._failure("The site did not answer in time.", late=True) from None
        except h11.RemoteProtocolError:
            raise self._failure("The site's answer cannot be read.") from None
        finally:
            client.wire.on_lost = None
            if upload is not None:
                upload.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await upload

    def _failure(self, message: str, *, late: bool = False) -> Exception:
        origin = self._origin
        silent = not origin.conn.trailing_data[0]
        origin.wire.abort()
        if self._begun:
            return ConnectionResetError(message)
        if self._upload_failed:
            return BadUpload()
        if not origin.fresh and silent and not late:
            return Stale()
        if silent and not late:
            message = "The site closed the connection without an answer."
        return BadAnswer(message, late=late)

    # the request's body

    async def _pass_up(self, event: object, chunked: bool) -> None:
        client, origin = self._client, self._origin
        try:
            if client.conn.they_are_waiting_for_100_continue:
                await self._wait_for_continue()
            while type(event) is not h11.EndOfMessage:
                if type(event) is h11.Data:
                    origin.send(event)
                    await origin.wire.drain()
                else:
                    client.wire.patience(self._limits.body_seconds)
                    client.conn.receive_data(await client.wire.read())
                origin.wire.patience(self._limits.answer_seconds)
                event = client.conn.next_event()
            trailers = trailer_fields(event.headers) if chunked else []
            origin.send(h11.EndOfMessage(headers=trailers))
        except (h11.RemoteProtocolError, Expired):
            self._upload_failed = True
            origin.wire.abort()
        except (ConnectionError, h11.LocalProtocolError):
            return  # the site has closed: it may have answered before

    async def _wait_for_continue(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._may_send.wait(), CONTINUE_SECONDS)
        if self._client.conn.they_are_waiting_for_100_continue:
            self._client.send(CONTINUE)

    # the answer

    async def _pass_back(self) -> None:
        head = await self._head()
        if head is None:
            return
        client, origin, limits = self._client, self._origin, self._limits
        body_seconds = limits.body_seconds
        while True:
            event = origin.conn.next_event()
            if event is h11.NEED_DATA:
                client.flush()  # the body may be long in coming
                origin.conn.receive_data(await origin.wire.read())
            elif type(event) is h11.Data:
                origin.wire.patience(body_seconds)
                client.send(event)
                if client.wire.choked:
                    client.wire.patience(body_seconds)
                    await client.wire.drain()
                    origin.wire.patience(body_seconds)
            elif type(event) is h11.EndOfMessage:
                trailers = trailer_fields(event.headers) if event.headers and self._chunked_out else []
                client.send(h11.EndOfMessage(headers=trailers))
                client.flush()
                return
            else:
                raise ConnectionResetError("the site's answer ended early")

    async def _head(self) -> h11.Response | None:
        """Passes the answer's head back; None when the connection changed its protocol and has run its course."""
        client = self._client
        while True:
            event = await self._next()
            if type(event) is h11.Response:
                break
            if type(event) is not h11.InformationalResponse:
                raise h11.RemoteProtocolError("no answer")
            if event.status_code == 101:
                await self._switch(event)
                return None
            await self._inform(event)
        fields = response_fields(list(event.headers), event.http_version)
        if self._note:
            fields.append((DECISION, self._note))
        response = h11.Response(status_code=event.status_code, headers=fields, reason=event.reason)
        self._begun = True
        client.send_head(response)
        self._chunked_out = (
            value_of(fields, b"content-length") is None and (client.conn.their_http_version or b"") >= b"1.1"
        )
        return event

    async def _inform(self, event: h11.InformationalResponse) -> None:
        client = self._client
        if event.status_code == 100:
            if client.conn.they_are_waiting_for_100_continue:
                client.send(CONTINUE)
            self._may_send.set()
        elif (client.conn.their_http_version or b"") >= b"1.1":
            fields = response_fields(list(event.headers), event.http_version)
            client.send(h11.InformationalResponse(status_code=event.status_code, headers=fields, reason=event.reason))

    async def _switch(self, event: h11.InformationalResponse) -> None:
        """101: from here on the bytes are the two ends' own business (WebSocket)."""
        client, origin = self._client, self._origin
        fields = response_fields(list(event.headers), event.http_version)
        fields += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
        self._begun = True
        client.send(h11.InformationalResponse(status_code=101, headers=fields, reason=event.reason))
        early = bytes(origin.conn.trailing_data[0])
        client.wire.write(early)
        origin.wire.write(bytes(client.conn.trailing_data[0]))
        client.wire.on_lost = None
        before = origin.wire.received - len(early)
        await join(client.wire, origin.wire, self._limits.tunnel_seconds)
        self.through = origin.wire.received - before

    async def _next(self) -> object:
        conn, wire = self._origin.conn, self._origin.wire
        while (event := conn.next_event()) is h11.NEED_DATA:
            conn.receive_data(await wire.read())
        return event
