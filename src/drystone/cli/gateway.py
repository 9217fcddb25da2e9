"""`drystone gateway`: write Squid's configuration, and see how the gateways of this home stand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from drystone.cli.authority import ca
from drystone.cli.output import emit_json, fail
from drystone.cli.squid_config import squid_config
from drystone.cli.units import systemd
from drystone.engine.gateways import RUNNING, GatewayStatus, read_gateways
from drystone.engine.home import Home

app = typer.Typer(no_args_is_help=True, help="Write Squid's configuration, and see how gateways stand.")

RECENT = timedelta(days=7)  # a gateway that has been silent longer shows without its last event
HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.")]


@app.callback()
def gateway() -> None:
    """Doors to the network."""


app.command("squid-config")(squid_config)
app.command("systemd")(systemd)
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
        edition = f", edition {row['edition']}" if row["edition"] else ""
        pace = f", {row['decisions_per_second']:g} decisions a second" if row["state"] == RUNNING else ""
        errors = f", {row['errors']} errors" if row["errors"] else ""
        print(f"{row['gateway']}: {row['state']}{listen}{edition}{pace}{errors}, {last}")
        if row["trouble"]:
            print(f"  WRONG: {row['trouble']}")


@app.command("forget")
def forget(gateway: Annotated[str, typer.Argument(help="Its name.")], home: HomeOption = Path("var")) -> None:
    """Take a gateway that has been taken down off the list. Its events stay."""
    known = {row.name: row for row in read_gateways(Home(home).run, now=datetime.now(UTC))}
    if gateway not in known:
        fail(
            f"no gateway {gateway!r} has run in {home}; there {'is' if len(known) == 1 else 'are'} "
            f"{', '.join(known) or 'none'}"
        )
    if known[gateway].running:
        fail(f"{gateway} runs: stop it first")
    for file in Home(home).run.glob("*.json"):
        if _named(file) == gateway:
            file.unlink()


def _named(file: Path) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["gateway"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def gateways(home: Home, *, now: datetime) -> list[dict[str, Any]]:
    """One row a gateway that left a status file or has events, by name."""
    known = {status.name: _row(status) for status in read_gateways(home.run, now=now)}
    for name, at in last_events(home, now=now).items():
        row = known.setdefault(name, _row(GatewayStatus(name, kind="", listen="", state="elsewhere")))
        row["last_event"] = at.isoformat(timespec="seconds")
    return [known[name] for name in sorted(known)]


def _row(status: GatewayStatus) -> dict[str, Any]:
    return {
        "last_event": None,
        "gateway": status.name,
        "kind": status.kind,
        "listen": status.listen,
        "state": status.state,
        "edition": status.edition,
        "decisions": status.decisions,
        "decisions_per_second": status.per_second,
        "errors": status.errors,
        "helpers": status.helpers,
        "trouble": status.trouble,
    }


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
