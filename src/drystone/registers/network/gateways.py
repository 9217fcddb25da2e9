"""Gateways of this machine that filter for a school, as their status files say (engine/gateways.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from drystone.engine.certificates import CURRENT, read_certificates
from drystone.engine.eventlog import Lake
from drystone.engine.gateways import GatewayStatus, read_gateways
from drystone.registers.network.models import Publication
from drystone.registers.network.services.changes import current_publication
from drystone.registers.school.models import School

SETTLED = timedelta(seconds=15)  # by then every gateway has a new edition; two is what it takes
RECENT = timedelta(days=2)  # a gateway that has been silent longer shows without its last event


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that runs now. `edition` "" where it does not say (Squid's helper keeps none in its status)."""

    name: str
    kind: str
    host: str
    port: int
    edition: str

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def running(school: School) -> list[Gateway]:
    """The gateways of this machine that filter for the school, by name."""
    return [gateway for status in of_school(school) if status.running and (gateway := _gateway(status))]


def of_school(school: School) -> list[GatewayStatus]:
    """All of the school's that ever ran on this machine. One that does not say whose it is serves the school here."""
    here = _here()
    found = read_gateways(settings.HOME.run, now=timezone.now())
    return [status for status in found if (status.school or here) == school.slug]


def _here() -> str:
    try:
        return str(settings.HOME.here.readlink().name)
    except OSError:
        return ""


def _gateway(status: GatewayStatus) -> Gateway | None:
    """`127.0.0.1:3128`, `[::1]:3128` or `3128`; a gateway on every address is reached on this machine's own."""
    host, _, port = status.listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal():
        return None
    at = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return Gateway(status.name, status.kind, at, int(port), status.edition)


@dataclass(frozen=True, slots=True)
class Standing:
    """A gateway and what is wrong with it, in sentences; `tag` sums it up."""

    status: GatewayStatus
    last_event: datetime | None
    wrong: tuple[str, ...]

    @property
    def tag(self) -> str:
        if not self.status.running:
            return "stopped"
        return "trouble" if self.wrong else "running"


def standing(school: School, *, events: bool = False) -> list[Standing]:
    """P35: how each gateway of the school stands, for the page and for whoever has to look after it. With `events`
    the lake is asked for the last of each, which takes a moment."""
    statuses = of_school(school)
    seen = _last_events(school) if statuses and events else {}
    current = current_publication(school)
    certificate = next((one.sha256 for one in read_certificates(settings.HOME.ca) if one.which == CURRENT), "")
    return [
        Standing(status, seen.get(status.name), tuple(_wrong(status, current, certificate, timezone.now())))
        for status in statuses
    ]


def _wrong(status: GatewayStatus, current: Publication | None, certificate: str, now: datetime) -> Iterator[str]:
    if not status.running:
        yield "It is not running: nothing passes it."
        return
    if status.trouble:
        yield f"{status.trouble[0].upper()}{status.trouble[1:].rstrip('.')}."
    settled = current and current.finished_at and now - current.finished_at > SETTLED
    if current and settled and status.edition and status.edition != current.edition:
        yield f"It works by edition {status.edition}; in force is {current.edition}."
    if status.authority and certificate and status.authority != certificate:
        yield "It shows the block page with an older certificate: run drystone gateway squid-config again."


def _last_events(school: School) -> dict[str, datetime]:
    lake = settings.HOME.lake
    if not lake.is_dir():
        return {}
    return {seen.gateway: seen.last for seen in Lake(lake).gateways(school.slug, timezone.now(), within=RECENT)}
