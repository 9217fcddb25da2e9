"""CONNECT: a tunnel for TLS, and only to the host that was asked for.

The decision is on the CONNECT host; then the client's first bytes must be a ClientHello whose server
name is that same host. Otherwise a harmless name in the CONNECT would open a way to any other site
that the same server holds (domain fronting), or for a protocol that is no TLS at all.
"""

from __future__ import annotations

from ipaddress import ip_address

import h11

from drystone.engine.filtering import HostError, canonical_host
from drystone.engine.filtering.request import Action
from drystone.gateway.proxy.client import Client
from drystone.gateway.proxy.hello import Hello, HelloReader, NotTls
from drystone.gateway.proxy.judge import Judge, Verdict
from drystone.gateway.proxy.route import Route
from drystone.gateway.proxy.settings import Limits
from drystone.gateway.proxy.target import Site
from drystone.gateway.proxy.upstream import Upstream
from drystone.gateway.proxy.wire import Expired, join

ACCESS_DENIED = b"\x15\x03\x01\x00\x02\x02\x31"  # a fatal TLS alert (RFC 8446 §6.2): browsers say it at once


class Tunnel:
    """One CONNECT whose way is found and whose event is written."""

    def __init__(self, client: Client, route: Route, site: Site, *, check: str, judge: Judge, limits: Limits) -> None:
        self._client = client
        self._route = route
        self._site = site
        self._check = check
        self._judge = judge
        self._limits = limits

    async def run(self, upstream: Upstream) -> None:
        """Opens the connection, answers 200, reads the hello and joins the two ends. Raises Unreachable before."""
        client = self._client.wire
        origin = await upstream.open(self._route.place, self._route.addresses)
        client.on_lost = origin.abort
        try:
            self._client.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
            first = await self._first_bytes(bytes(self._client.conn.trailing_data[0]))
            if first is None:
                return
            client.on_lost = None
            origin.write(first)
            await join(client, origin, self._limits.tunnel_seconds)
        finally:
            client.on_lost = None
            self._client.sent += origin.received
            origin.abort()

    async def _first_bytes(self, early: bytes) -> bytes | None:
        """The bytes of a hello that may pass; None when the tunnel is refused or nobody used it."""
        reader = HelloReader()
        try:
            hello = await self._hello(reader, early)
        except NotTls as error:
            if reader.raw:  # browsers open connections beforehand and drop them unused: that is no offence
                self._refuse("no-tls", f"Only TLS may pass through a tunnel: {error}.", alert=False)
            return None
        return bytes(reader.raw) if self._agrees(hello) else None

    async def _hello(self, reader: HelloReader, data: bytes) -> Hello:
        wire = self._client.wire
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
        return hello

    def _agrees(self, hello: Hello) -> bool:
        asked = self._route.verdict.request.host
        try:
            named = canonical_host(hello.sni) if hello.sni else ""
        except HostError:
            named = ""
        if named == asked:
            return True
        if not is_address(asked):
            shown = named or "nobody"
            self._refuse("sni", f"The tunnel was asked for {asked}, but what came through it asks for {shown}.", named)
            return False
        return not hello.sni or self._may_reach(named)

    def _may_reach(self, named: str) -> bool:
        """A tunnel to a bare address with a name inside: the name is decided too, and shows in the log."""
        verdict = self._judge_name(named)
        if verdict.decision.action is Action.SAFE_SEARCH:
            reason = f"{named} may be reached by its name, so that its safe search is on."
            verdict = self._judge.refuse(verdict, "sni", reason)
        verdict = self._judge.record(verdict)
        if verdict.blocked:
            self._client.wire.write(ACCESS_DENIED)
        return not verdict.blocked

    def _refuse(self, rule: str, reason: str, named: str = "", *, alert: bool = True) -> None:
        """P35: what hides behind another name is logged as blocked, under the name that it tried to reach."""
        verdict = self._judge_name(named) if named else self._route.verdict
        self._judge.record(self._judge.refuse(verdict, rule, reason))
        if alert:
            self._client.wire.write(ACCESS_DENIED)

    def _judge_name(self, named: str) -> Verdict:
        url = f"{named}:{self._site.port}"
        return self._judge.decide(url, client=self._client.wire.peer, method="CONNECT", check=self._check)


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
