"""Gateways of this machine that filter for a school, as their status files say (engine/gateways.py)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from drystone.engine.gateways import GatewayStatus, read_gateways
from drystone.registers.school.models import School


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
