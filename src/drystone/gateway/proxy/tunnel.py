"""CONNECT: a tunnel for TLS, and only to the host that was asked for.

The decision is on the CONNECT host; then the client's first bytes must be a ClientHello whose server
name is that same host. Otherwise a harmless name in the CONNECT would open a way to any other site
that the same server holds (domain fronting), or for a protocol that is no TLS at all. There is no port where this does
not hold: whatever a school needs besides the web goes past the proxy, by a rule of its firewall.
"""

from __future__ import annotations

import ssl
from ipaddress import ip_address

import h11

from drystone.engine.filtering import HostError, canonical_host
from drystone.engine.filtering.request import Action
from drystone.gateway.proxy import pages
from drystone.gateway.proxy.client import Client
from drystone.gateway.proxy.hello import Hello, HelloReader, NotTls
from drystone.gateway.proxy.judge import GATEWAY, Judge, Verdict
from drystone.gateway.proxy.retry import RetryWatch
from drystone.gateway.proxy.route import Route
from drystone.gateway.proxy.secure import SecurePages
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.target import Site
from drystone.gateway.proxy.tls import NotTrusted, show_page
from drystone.gateway.proxy.upstream import Upstream
from drystone.gateway.proxy.wire import Expired, Wire, join

ACCESS_DENIED = b"\x15\x03\x01\x00\x02\x02\x31"  # a fatal TLS alert (RFC 8446 §6.2): browsers say it at once


class Tunnel:
    """One CONNECT whose way is found and whose event is written."""

    def __init__(
        self,
        client: Client,
        route: Route,
        site: Site,
        *,
        check: str,
        judge: Judge,
        limits: Limits,
        pages: SecurePages,
        stands: list[Verdict],
    ) -> None:
        """`stands`: the decisions that keep the tunnel open; one on a name inside is added."""
        self._stands = stands
        self._client = client
        self._route = route
        self._site = site
        self._check = check
        self._judge = judge
        self._limits = limits
        self._pages = pages
        self._reader = HelloReader()
        self._asked = route.verdict.request.host
        self._first = Hello(sni="")

    async def run(self, upstream: Upstream) -> None:
        """The host is allowed: joins the two ends, and touches nothing of what passes. Raises Unreachable."""
        if is_address(self._asked):
            await self._run_by_address(upstream)
            return
        origin = await self._open(upstream)
        try:
            self._accept()
            hello = await self._hello()
            if hello is not None and self._agrees(hello):
                await self._join(origin)
        finally:
            self._close(origin)

    async def show_page(self) -> bool:
        """P35: the host is blocked; shows the block page inside the connection, which ends here: the host is never
        contacted. False when it may not be shown: nothing has been answered, and the CONNECT is to be refused."""
        verdict = self._route.verdict
        context = self._context(verdict)
        if context is None:
            return False
        self._accept()
        hello = await self._hello()
        if hello is not None and self._same_name(hello):
            await self._answer(verdict, context)
        return True

    async def _run_by_address(self, upstream: Upstream) -> None:
        """The hello comes first: it may name a blocked host, and that is not to be contacted."""
        self._accept()
        hello = await self._hello()
        if hello is None or (hello.sni and not await self._may_reach(hello)):
            return
        origin = await self._open(upstream)
        try:
            await self._join(origin)
        finally:
            self._close(origin)

    async def _open(self, upstream: Upstream) -> Wire:
        origin = await upstream.open(self._route.place, self._route.addresses)
        self._client.wire.on_lost = origin.abort
        return origin

    def _accept(self) -> None:
        self._client.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))

    async def _join(self, origin: Wire) -> None:
        client = self._client.wire
        client.on_lost = None
        origin.write(self._reader.records)
        client.unread(self._reader.rest)
        watch = RetryWatch(client, origin, self._limits.header_seconds, self._agrees_again)
        try:
            await join(client, origin, self._limits.tunnel_seconds, held=client.waiting)
        finally:
            watch.close()

    def _close(self, origin: Wire) -> None:
        self._client.wire.on_lost = None
        self._client.sent += origin.received
        origin.abort()

    def _context(self, verdict: Verdict) -> ssl.SSLContext | None:
        """Only for what a rule blocks, and never where the evidence of it could not be kept."""
        decision = verdict.decision
        if verdict.event is None or decision.level == GATEWAY:
            return None
        return self._pages.context(verdict.request.host, decision.zone)

    async def _answer(self, verdict: Verdict, context: ssl.SSLContext) -> None:
        page = pages.blocked(verdict, f"{verdict.request.host}:{self._site.port}", self._judge.on_page)
        wire, hello = self._client.wire, bytes(self._reader.raw)
        try:
            self._client.sent += await show_page(wire, context, hello, 403, page, self._limits)
        except NotTrusted as error:
            self._client.sent += error.sent
            self._pages.not_trusted_by(wire.peer)

    async def _hello(self) -> Hello | None:
        """None when the tunnel is refused or nobody used it."""
        early = bytes(self._client.conn.trailing_data[0])
        try:
            return await self._read_hello(early)
        except NotTls as error:
            if self._reader.raw:  # browsers open connections beforehand and drop them unused: that is no offence
                self._refuse("no-tls", f"Only TLS may pass through a tunnel: {error}.", alert=False)
            return None

    async def _read_hello(self, data: bytes) -> Hello:
        wire, reader = self._client.wire, self._reader
        wire.patience(self._limits.header_seconds)
        hello = reader.feed(data)
        while hello is None:
            try:
                data = await wire.read()
            except Expired:
                raise NotTls("no whole ClientHello came in time") from None
            if not data:
                raise NotTls("the connection ended before a whole ClientHello")
            hello = reader.feed(data)
        self._first = hello
        return hello

    def _agrees(self, hello: Hello) -> bool:
        """Whether the name inside is the one asked for; says so in the log and to the client when it is not."""
        named = name_in(hello)
        if named == self._asked:
            return True
        shown = named or "nobody"
        self._refuse(
            "sni", f"The tunnel was asked for {self._asked}, but what came through it asks for {shown}.", named
        )
        return False

    def _agrees_again(self, hello: Hello | NotTls) -> bool:
        """The second hello, where the server asked for one, names what the first one did."""
        if isinstance(hello, Hello):
            return hello.sni == self._first.sni or self._agrees(hello)
        self._refuse("no-tls", f"Only TLS may pass through a tunnel: {hello}.", alert=False)
        return False

    def _same_name(self, hello: Hello) -> bool:
        return (not hello.sni and is_address(self._asked)) or self._agrees(hello)

    async def _may_reach(self, hello: Hello) -> bool:
        """A tunnel to a bare address with a name inside: the name is decided too, and shows in the log."""
        named = name_in(hello)
        if not named:
            return self._agrees(hello)
        verdict = self._judge_name(named)
        if verdict.decision.action is Action.SAFE_SEARCH:
            reason = f"{named} may be reached by its name, so that its safe search is on."
            verdict = self._judge.refuse(verdict, "sni", reason)
        verdict = self._judge.record(verdict)
        if not verdict.blocked:
            self._stands.append(verdict)
            return True
        context = self._context(verdict)
        if context is None:
            self._client.wire.write(ACCESS_DENIED)
        else:
            await self._answer(verdict, context)
        return False

    def _refuse(self, rule: str, reason: str, named: str = "", *, alert: bool = True) -> None:
        """P35: what hides behind another name is logged as blocked, under the name that it tried to reach."""
        verdict = self._judge_name(named) if named else self._route.verdict
        self._judge.record(self._judge.refuse(verdict, rule, reason))
        if alert:
            self._client.wire.write(ACCESS_DENIED)

    def _judge_name(self, named: str) -> Verdict:
        url = f"{named}:{self._site.port}"
        user = self._route.verdict.request.user
        return self._judge.decide(url, client=self._client.wire.peer, method="CONNECT", check=self._check, user=user)


def name_in(hello: Hello) -> str:
    """The server name in its canonical spelling; "" for none and for one that is no host's."""
    try:
        return canonical_host(hello.sni) if hello.sni else ""
    except HostError:
        return ""


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
