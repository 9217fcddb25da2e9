"""`drystone log`: collect events into the lake, and query them."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import emit_json, fail
from drystone.engine.eventlog import Collector, Event, Lake, LakeError
from drystone.engine.eventlog.collector import CollectorBusyError
from drystone.engine.eventlog.questions import Filters
from drystone.engine.home import Home

app = typer.Typer(no_args_is_help=True, add_completion=False)

BUSY = 0.3  # seconds between two looks while events come in: they are on the Traffic page within one second
IDLE = 0.5
AFTER_A_FAULT = 5.0

HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.")]


@app.command()
def collect(
    home: HomeOption = Path("./var"),
    once: Annotated[bool, typer.Option("--once", help="Collect what is there, merge, and stop.")] = False,
    keep_days: Annotated[float, typer.Option(min=0, help="Days that a collected segment is kept.")] = 7,
) -> None:
    """Move events from the gateways' segments into the lake, until told to stop (SIGTERM, Ctrl-C)."""
    if not home.is_dir():
        fail(f"{home} is not a folder; name the home folder with --home")
    with Collector(Home(home), keep=timedelta(days=keep_days)) as collector:
        if once:
            records = collector.run_once()
            collector.compact()
            _say(f"records collected: {records}, lines put aside: {collector.rejected}")
            return
        _keep_collecting(collector, _told_to_stop())


def _keep_collecting(collector: Collector, stop: threading.Event) -> None:
    """Look again and again. A fault (disk full, a damaged file) is told once and tried again: events wait meanwhile."""
    told = ""
    aside = 0
    while not stop.is_set():
        try:
            wait = BUSY if collector.run_once() else IDLE
            told = ""
        except CollectorBusyError:
            raise
        except (LakeError, OSError) as error:
            wait = AFTER_A_FAULT
            if str(error) != told:
                told = str(error)
                _say(f"events wait: {told}")
        if collector.rejected > aside:
            _say(f"lines that were no events: {collector.rejected - aside}, put aside (see drystone log rejects)")
            aside = collector.rejected
        stop.wait(wait)


def _told_to_stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(line: str) -> None:
    print(f"drystone log: {line}", file=sys.stderr, flush=True)


@app.command()
def query(
    home: HomeOption = Path("./var"),
    school: Annotated[str, typer.Option(help="The school's short name; left out where there is but one.")] = "",
    since: Annotated[str, typer.Option(help="From this date or time on (2026-11-03, 2026-11-03T09:15).")] = "",
    until: Annotated[str, typer.Option(help="Up to this time; a date alone counts whole.")] = "",
    zone: str = "",
    group: str = "",
    person: Annotated[str, typer.Option(help="The person's key.")] = "",
    client: Annotated[str, typer.Option(help="The client's address.")] = "",
    category: str = "",
    action: Annotated[str, typer.Option(help="allow, block or safe-search.")] = "",
    level: str = "",
    host: str = "",
    gateway: str = "",
    text: Annotated[str, typer.Option(help="Looked for in host, path and search terms.")] = "",
    checks: Annotated[bool, typer.Option("--checks", help="The filter's own tests too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most events shown; --csv gives all.")] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV of all that is found.")] = False,
) -> None:
    """Show events, newest first."""
    if as_json and as_csv:
        fail("choose one of --json and --csv", code=2)
    lake = Lake(Home(home).lake)
    school = school or _only_school(lake, home)
    filters: Filters = {
        "since": _time(since, "--since"),
        "until": _time(until, "--until", whole_day=True),
        "zone": zone,
        "group": group,
        "person": person,
        "client": client,
        "category": category,
        "action": action,
        "level": level,
        "host": host,
        "gateway": gateway,
        "text": text,
        "checks": checks,
    }
    if as_csv:
        sys.stdout.writelines(lake.export_csv(school, **filters))
        return
    events = lake.events(school, limit=limit, offset=offset, **filters)
    if as_json:
        for event in events:
            emit_json(_as_dict(event))
        return
    for event in events:
        print(_one_line(event))
    print(f"{len(events)} of {lake.count(school, **filters)} events", file=sys.stderr)


@app.command()
def rejects(
    home: HomeOption = Path("./var"),
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the lines that were no events: torn by a kill, or of a newer format. They are kept as they stood."""
    lake = Lake(Home(home).lake)
    for reject in lake.rejects(limit=limit):
        line = reject.line.decode("utf-8", "backslashreplace")
        place = f"{reject.gateway}/{reject.file}"
        if as_json:
            told = {"gateway": reject.gateway, "file": reject.file, "offset": reject.offset, "lines": reject.lines}
            emit_json(told | {"reason": reject.reason, "line": line})
        else:
            print(
                f"{place} at byte {reject.offset} ({reject.lines} in a row): {reject.reason}: {_printable(line[:200])}"
            )
    print(f"lines put aside in all: {lake.rejected()}", file=sys.stderr)


def _only_school(lake: Lake, home: Path) -> str:
    schools = lake.schools()
    if not schools:
        fail(f"no events have been collected in {home}: is --home right, and does `drystone log collect` run?")
    if len(schools) > 1:
        fail(f"there are {len(schools)} schools; name one with --school: {', '.join(schools[:10])}", code=2)
    return schools[0]


def _time(text: str, option: str, *, whole_day: bool = False) -> datetime | None:
    """A time without a zone is this machine's own; a date alone its midnight, or with `whole_day` the next."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text).astimezone()
    except ValueError:
        fail(f"{option} {text!r} is no date or time; write 2026-11-03 or 2026-11-03T09:15", code=2)
    return time + timedelta(days=1) if whole_day and len(text) == len("2026-11-03") else time


def _as_dict(event: Event) -> dict[str, object]:
    values = {name: getattr(event, name) for name in Event.__slots__ if name != "id"}
    return values | {"at": event.at.astimezone(UTC).isoformat("T", "milliseconds")}


def _one_line(event: Event) -> str:
    time = event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    why = " ".join(word for word in (event.category, f"[{event.level} {event.rule}]".replace(" ]", "]")) if word)
    who = event.person or event.client or "-"
    asked = f"{event.method or '-':<7} {event.host}{event.path}"
    return _printable(f"{time}  {event.action:<11} {event.zone or '-':<10} {who:<17} {asked}  {why}")


def _printable(text: str) -> str:
    """A path may hold anything; a terminal obeys some of it."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
