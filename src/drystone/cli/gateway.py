"""`drystone gateway`: write Squid's configuration, and see how the gateways of this home stand."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from drystone.cli.authority import ca
from drystone.cli.output import emit_json, fail
from drystone.cli.squid_config import squid_config
from drystone.engine.home import Home

app = typer.Typer(no_args_is_help=True, help="Write Squid's configuration, and see how gateways stand.")

RECENT = timedelta(days=7)  # a gateway that has been silent longer shows without its last event
HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.")]


@app.callback()
def gateway() -> None:
    """Doors to the network."""


app.command("squid-config")(squid_config)
app.command("ca")(ca)


@app.command("status")
def status(
    home: HomeOption = Path("var"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a gateway.")] = False,
) -> None:
    """How each gateway of this home stands: running or not, and its last event."""
    if not home.is_dir():
        fail(f"{home} is not a folder; name the home folder with --home")
    rows = gateways(Home(home), now=datetime.now(UTC))
    if as_json:
        for row in rows:
            emit_json(row)
        return
    if not rows:
        print(
            "No gateway has run in this home yet. Start one with `drystone up`, or see `drystone gateway squid-config`."
        )
    for row in rows:
        listen = f" on {row['listen']}" if row["listen"] else ""
        last = f"last event {row['last_event']}" if row["last_event"] else "no event yet"
        print(f"{row['gateway']}: {row['state']}{listen}, {last}")
        if row["trouble"]:
            print(f"  WRONG: {row['trouble']}")


def gateways(home: Home, *, now: datetime) -> list[dict[str, Any]]:
    """One row a gateway that left a status file or has events, by name."""
    known = {row["gateway"]: row for row in map(_from_status, sorted(home.run.glob("*.json"))) if row}
    for name, at in last_events(home, now=now).items():
        row = known.setdefault(
            name, {"gateway": name, "kind": "", "listen": "", "state": "elsewhere", "edition": "", "trouble": ""}
        )
        row["last_event"] = at.isoformat(timespec="seconds")
    return [{"last_event": None, **known[name]} for name in sorted(known)]


def last_events(home: Home, *, now: datetime) -> dict[str, datetime]:
    """When each gateway last wrote an event that the collector has seen, over all schools of this home."""
    if not home.lake.is_dir():
        return {}
    from drystone.engine.eventlog import Lake

    lake = Lake(home.lake)
    last: dict[str, datetime] = {}
    for school in lake.schools():
        for seen in lake.gateways(school, now, within=RECENT):
            last[seen.gateway] = max(seen.last, last.get(seen.gateway, seen.last))
    return last


def _from_status(file: Path) -> dict[str, Any] | None:
    """A gateway's own note of itself, or None for another process's file (the web's, the worker's)."""
    try:
        status = json.loads(file.read_text())
        name = str(status["gateway"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    running = _is_running(status)
    return {
        "gateway": name,
        "kind": str(status.get("kind", "proxy")),
        "listen": str(status.get("listen", "")),
        "state": "running" if running else "stopped",
        "edition": str(status.get("edition", "")) if running else "",
        "trouble": str(status.get("trouble", "")) if running else "",
    }


def _is_running(status: dict[str, Any]) -> bool:
    """Squid leaves its process id in a file of its own; our proxy writes it into its status."""
    try:
        pid = int(Path(status["pid_file"]).read_text()) if status.get("pid_file") else int(status["pid"])
        os.kill(pid, 0)
    except PermissionError:
        return True  # it is there, and another user's
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True
