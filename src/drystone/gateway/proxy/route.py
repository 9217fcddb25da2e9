"""The way to a site: found, checked and recorded before anything is sent there."""

from __future__ import annotations

from dataclasses import dataclass, field

from drystone.gateway.proxy.judge import Judge, Verdict
from drystone.gateway.proxy.reach import Address
from drystone.gateway.proxy.resolve import NoAddress, Refused
from drystone.gateway.proxy.target import Site, port_refusal
from drystone.gateway.proxy.upstream import Origin, Place, Upstream


@dataclass(slots=True)
class Route:
    """Where an allowed request goes. Not `verdict.blocked` and no `trouble`: it may be sent."""

    verdict: Verdict  # recorded
    place: Place
    origin: Origin | None = None  # a kept connection
    addresses: list[Address] = field(default_factory=list)  # checked
    trouble: str = ""  # why there is no way, as a sentence


class Router:
    def __init__(self, judge: Judge, upstream: Upstream, connect_ports: frozenset[int]) -> None:
        self._judge = judge
        self._upstream = upstream
        self._connect_ports = connect_ports

    async def find(self, verdict: Verdict, site: Site, *, reuse: bool) -> Route:
        """Finds the way, then writes the event: what the door itself refuses stands in it. No answer has gone out."""
        route = Route(verdict, (verdict.decision.safe_host or verdict.request.host, site.port))
        if not verdict.blocked:
            if words := port_refusal(site, self._connect_ports):
                route.verdict = self._judge.refuse(verdict, "port", words)
            else:
                await self._look(route, reuse)
        route.verdict = self._judge.record(route.verdict)
        return route

    async def _look(self, route: Route, reuse: bool) -> None:
        if reuse:
            route.origin = self._upstream.take(route.place)
        if route.origin is not None:
            return
        try:
            route.addresses = await self._upstream.addresses(route.place)
        except Refused as error:
            reason = f"{route.place[0]} {error}: that cannot be reached through the filter."
            route.verdict = self._judge.refuse(route.verdict, "address", reason)
        except NoAddress as error:
            route.trouble = f"The site {route.place[0]} cannot be found: {error}."
