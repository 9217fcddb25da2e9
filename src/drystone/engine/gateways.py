"""How the gateways of this machine stand, from the files that they leave in `home/run`.

`<gateway>.json` is a gateway's own note of itself: our proxy writes it every second, `squid-config` once. Behind Squid
each helper says how it fares in `<gateway>/<process id>.json`. Read by `drystone gateway status` and by the web, which
see the same.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SILENT_AFTER = timedelta(seconds=15)  # of a status that is written every second or two
RUNNING, STOPPED = "running", "stopped"
NO_HELPER = "no helper answers: Squid lets nothing through; look into its cache.log"
SILENT = "it runs, and has said nothing of itself for {seconds} seconds"


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """`listen` is an address and a port, or a port. `school` is "" where it serves the school of `bundles/here`."""

    name: str
    kind: str
    listen: str
    state: str
    school: str = ""
    edition: str = ""
    trouble: str = ""
    decisions: int = 0
    per_second: float = 0.0
    errors: int = 0
    helpers: int = 0
    zone_ports: tuple[tuple[str, str], ...] = ()  # (zone, PORT or ADDRESS:PORT): doors of the gateway's own
    not_trusted: int = 0  # times since its start that a device did not trust the certificate of the block page
    last_not_trusted: str = ""  # the address of the last such device
    authority: str = ""  # SHA-256 of the certificate that its block page is shown with

    @property
    def running(self) -> bool:
        return self.state == RUNNING


def read_gateways(run: Path, *, now: datetime) -> list[GatewayStatus]:
    """One for each gateway that ever ran here, by name; files of other processes are left out."""
    found = [_read_gateway(run, file, now) for file in sorted(run.glob("*.json"))]
    return [gateway for gateway in found if gateway]


def _read_gateway(run: Path, file: Path, now: datetime) -> GatewayStatus | None:
    status = _read(file)
    if not status or str(status.get("gateway", "")) != file.stem:  # another process's, or one worker's of a gateway
        return None
    gateway = GatewayStatus(
        name=str(status["gateway"]),
        kind=str(status.get("kind", "proxy")),
        listen=str(status.get("listen", "")),
        state=RUNNING if _alive(status) else STOPPED,
        authority=str(status.get("authority", "")),
        zone_ports=_pairs(status.get("zone_ports")),
    )
    if not gateway.running:
        return gateway
    if folder := status.get("helpers"):
        return _with_helpers(gateway, run / Path(str(folder)).name, now)
    age = _age(status, now)
    told = _told(gateway, [status])
    return replace(told, trouble=SILENT.format(seconds=int(age.total_seconds()))) if age > SILENT_AFTER else told


def _with_helpers(gateway: GatewayStatus, folder: Path, now: datetime) -> GatewayStatus:
    said = [status for file in sorted(folder.glob("*.json")) if (status := _read(file))]
    alive = [status for status in said if _alive(status) and _age(status, now) <= SILENT_AFTER]
    return _told(gateway, alive) if alive else replace(gateway, trouble=NO_HELPER)


def _told(gateway: GatewayStatus, parts: list[dict[str, Any]]) -> GatewayStatus:
    """Counts added up. Of several editions the oldest news counts: one part that lags behind is worth knowing."""
    editions = {str(part.get("edition", "")) for part in parts}
    troubles = dict.fromkeys(str(part.get("trouble", "")) for part in parts)
    lags = ["its helpers work by different editions"] if len(editions) > 1 else []
    return replace(
        gateway,
        school=str(parts[-1].get("school", "")),
        edition=min(editions),
        trouble="; ".join([*filter(None, troubles), *lags]),
        decisions=sum(_number(part, "decisions") for part in parts),
        per_second=round(sum(float(part.get("decisions_per_second", 0) or 0) for part in parts), 1),
        not_trusted=sum(_number(part, "not_trusted") for part in parts),
        last_not_trusted=next((last for part in parts if (last := str(part.get("last_not_trusted", "")))), ""),
        errors=sum(_number(part, "errors") for part in parts),
        helpers=len(parts) if gateway.kind == "squid" else 0,
    )


def _read(file: Path) -> dict[str, Any] | None:
    try:
        status = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def _alive(status: dict[str, Any]) -> bool:
    """Its process is there. Squid leaves its number in a file of its own."""
    try:
        number = int(status.get("pid") or Path(str(status.get("pid_file", ""))).read_text(encoding="ascii"))
        os.kill(number, 0)
    except PermissionError:
        return True  # it is there, and another user's
    except (OSError, ValueError, TypeError, OverflowError):
        return False
    return True


def _age(status: dict[str, Any], now: datetime) -> timedelta:
    """How long ago it was written; a file without a time was written just now."""
    try:
        return now - datetime.fromisoformat(str(status.get("at") or now.isoformat()))
    except (ValueError, TypeError):
        return timedelta()


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((str(zone), str(door)) for zone, door in value.items()) if isinstance(value, dict) else ()


def _number(part: dict[str, Any], name: str) -> int:
    value = part.get(name, 0)
    return value if isinstance(value, int) else 0
