"""Serves one client's connection: each request is parsed, judged, recorded, and only then answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import h11

from drystone.gateway.proxy import pages
from drystone.gateway.proxy.client import Asked, Client, Rejected
from drystone.gateway.proxy.exchange import BadAnswer, BadUpload, Exchange, Stale
from drystone.gateway.proxy.headers import (
    CHECK,
    Fields,
    Smuggling,
    check_framing,
    request_fields,
    value_of,
    wants_websocket,
)
from drystone.gateway.proxy.judge import SELF_TEST, Judge, Verdict
from drystone.gateway.proxy.resolve import NoAddress, Refused
from drystone.gateway.proxy.route import Route, Router
from drystone.gateway.proxy.secure import SecurePages
from drystone.gateway.proxy.settings import Settings
from drystone.gateway.proxy.signon import Signed, SignOn, must_sign_on, sign_on_page
from drystone.gateway.proxy.target import BadTarget, Own, Site, parse_target
from drystone.gateway.proxy.tunnel import Tunnel
from drystone.gateway.proxy.upstream import Unreachable, Upstream
from drystone.gateway.proxy.wire import Expired, Wire

# May be sent a second time when a kept connection turns out to be closed (RFC 9110 §9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Door:
    def __init__(self, judge: Judge, upstream: Upstream, settings: Settings, secure: SecurePages) -> None:
        self.judge = judge
        self.secure = secure
        self.upstream = upstream
        self.settings = settings
        self.requests = 0
        self.signon = SignOn(judge)
        self._router = Router(judge, upstream, settings.connect_ports)
        self._lasting: dict[Wire, list[Verdict]] = {}  # tunnels and WebSockets, and what they were opened on
        self._standing = judge.standing

    async def serve(self, wire: Wire) -> None:
        """Until the client goes, misbehaves or is done."""
        client = Client(wire, self.settings.limits)
        try:
            while (request := await client.request()) is not None:
                self.requests += 1
                await self._answer(client, request)
                if not client.next_cycle():
                    break
        except Rejected as error:
            client.respond(error.status, *pages.trouble(error.status, str(error)), close=True)
        except (ConnectionError, Expired):
            wire.abort()
            return
        await wire.close_gently()

    def recheck(self) -> None:
        """P35: what lasts ends as soon as it would not be opened any more: a class is switched off, a permit has run
        out, somebody has signed off, a new edition blocks the site."""
        standing = self.judge.standing
        if standing == self._standing:
            return
        self._standing = standing
        for wire, verdicts in list(self._lasting.items()):
            if not all(self.judge.stands(verdict) for verdict in verdicts):
                wire.abort()

    @contextmanager
    def _lasts(self, client: Client, verdict: Verdict) -> Iterator[list[Verdict]]:
        """From when it was decided, for a name server may be slow: the list may be added to."""
        verdicts = [] if verdict.blocked else [verdict]
        self._lasting[client.wire] = verdicts
        try:
            yield verdicts
        finally:
            del self._lasting[client.wire]

    async def _answer(self, client: Client, request: Asked) -> None:
        method = request.method
        try:
            check_framing(request.fields, request.version)
            target = parse_target(method, request.target)
        except Smuggling as error:
            raise Rejected(400, str(error)) from None
        except BadTarget as error:
            raise Rejected(error.status, str(error)) from None
        if isinstance(target, Own):
            status, page = pages.own(target.path, value_of(request.fields, b"host") or b"", self.settings.web)
            client.respond(status, *page)
            return
        check = (value_of(request.fields, CHECK) or b"").decode("latin-1")
        signed = await self.signon.who(client.wire.peer, request.fields)
        verdict = self.judge.decide(target.url, client=client.wire.peer, method=method, check=check, user=signed.user)
        if must_sign_on(signed, verdict):
            self._ask_who(client, verdict, signed)
            return
        if method == "CONNECT":
            with self._lasts(client, verdict) as verdicts:
                await self._tunnel(client, verdict, target, check, verdicts)
        elif wants_websocket(request.fields):
            with self._lasts(client, verdict):
                await self._fetch(client, request, verdict, target)
        else:
            await self._fetch(client, request, verdict, target)

    def _show_block(self, client: Client, verdict: Verdict, site: Site, *, close: bool = False) -> None:
        client.respond(
            503 if verdict.failed else 403, *pages.blocked(verdict, site.url, self.judge.on_page), close=close
        )

    def _ask_who(self, client: Client, verdict: Verdict, signed: Signed) -> None:
        """P62: 407, once its event is written: a wrong password leaves a trace, and never the password."""
        if signed.wrong:
            verdict = self.judge.refuse(verdict, "sign-on", signed.wrong)
        verdict = self.judge.record(verdict)
        client.respond(407, *sign_on_page(signed, self.judge.on_page.name))
        self.judge.sent(verdict, client.sent)

    async def _fetch(self, client: Client, request: Asked, verdict: Verdict, site: Site) -> None:
        websocket = wants_websocket(request.fields)
        reuse = request.method in IDEMPOTENT and not websocket and not request.has_body
        route = await self._router.find(verdict, site, reuse=reuse)
        verdict = route.verdict
        try:
            if verdict.blocked:
                self._show_block(client, verdict, site)
            elif route.trouble:
                client.respond(502, *pages.trouble(502, route.trouble, verdict))
            else:
                onward = outgoing(request, verdict, site, websocket=websocket)
                await self._pass_on(client, onward, route, chunked=request.chunked)
        except BadUpload:
            raise Rejected(400, "The body of the request cannot be read.") from None
        except (BadAnswer, Unreachable) as error:
            status = 504 if error.late else 502
            client.respond(status, *pages.trouble(status, str(error), verdict))
        finally:
            self.judge.sent(verdict, client.sent)

    async def _tunnel(self, client: Client, verdict: Verdict, site: Site, check: str, stands: list[Verdict]) -> None:
        route = await self._router.find(verdict, site, reuse=False)
        verdict = route.verdict
        limits = self.settings.limits
        tunnel = Tunnel(
            client, route, site, check=check, judge=self.judge, limits=limits, pages=self.secure, stands=stands
        )
        try:
            if verdict.blocked:
                if not await tunnel.show_page():
                    self._show_block(client, verdict, site, close=True)
            elif route.trouble:
                client.respond(502, *pages.trouble(502, route.trouble, verdict), close=True)
            else:
                await tunnel.run(self.upstream)
        except Unreachable as error:
            status = 504 if error.late else 502
            client.respond(status, *pages.trouble(status, str(error), verdict), close=True)
        finally:
            self.judge.sent(verdict, client.sent)

    async def _pass_on(self, client: Client, request: h11.Request, route: Route, *, chunked: bool) -> None:
        """A kept connection that the site had already closed is replaced, once."""
        try:
            await self._exchange(client, request, route, chunked)
        except Stale:
            route.origin = None
            try:
                route.addresses = await self.upstream.addresses(route.place)
            except (NoAddress, Refused):
                raise Unreachable("The site cannot be found any more.") from None
            await self._exchange(client, request, route, chunked)

    async def _exchange(self, client: Client, request: h11.Request, route: Route, chunked: bool) -> None:
        origin = route.origin or await self.upstream.connect(route.place, route.addresses)
        note = pages.decision_value(route.verdict.decision) if route.verdict.device == SELF_TEST else b""
        exchange = Exchange(client, origin, self.settings.limits, note=note)
        try:
            await exchange.run(request, chunked=chunked)
        finally:
            client.sent += exchange.through
            self.upstream.give_back(origin)


def outgoing(request: Asked, verdict: Verdict, site: Site, *, websocket: bool) -> h11.Request:
    """The request for the site: to the host that was judged, whatever else the client's header names."""
    host = verdict.request.host
    name = f"[{host}]" if ":" in host else host
    authority = name if site.port == 80 else f"{name}:{site.port}"
    fields: Fields = request_fields(request.fields, authority.encode("ascii"), request.version)
    if websocket:
        fields += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
    return h11.Request(method=request.method, target=site.path, headers=fields)
