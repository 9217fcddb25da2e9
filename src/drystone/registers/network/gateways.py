"""Gateways of this machine, as their status files say: `home/run/<gateway>.json`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

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
    here = _here()
    found = []
    for path in sorted(settings.HOME.run.glob("*.json")):
        status = _read(path)
        if status is None or not _alive(status):
            continue
        serves = status.get("school") or here
        gateway = _gateway(status)
        if gateway is not None and serves == school.slug:
            found.append(gateway)
    return found


def _here() -> str:
    try:
        return str(settings.HOME.here.readlink().name)
    except OSError:
        return ""


def _read(path: Path) -> dict[str, Any] | None:
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) and status.get("gateway") and status.get("listen") else None


def _alive(status: dict[str, Any]) -> bool:
    """Its process is there. Squid names the file that holds its number."""
    try:
        number = int(status.get("pid") or Path(str(status.get("pid_file", ""))).read_text(encoding="ascii"))
        os.kill(number, 0)
    except PermissionError:
        return True  # it is there, and another user's
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _gateway(status: dict[str, Any]) -> Gateway | None:
    """`127.0.0.1:3128`, `[::1]:3128` or `3128`; a gateway on every address is reached on this machine's own."""
    host, _, port = str(status["listen"]).rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal():
        return None
    at = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return Gateway(
        str(status["gateway"]), str(status.get("kind", "proxy")), at, int(port), str(status.get("edition", ""))
    )
