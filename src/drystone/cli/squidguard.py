"""`drystone filter import-squidguard`: a squidGuard.conf becomes a rules file, and a report says what did not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from drystone.cli.output import emit_json, fail
from drystone.engine.filtering.schedule import DEFAULT_TIMEZONE


def import_squidguard(
    conf: Annotated[Path, typer.Argument(metavar="squidGuard.conf", help="The file that squidGuard runs by.")],
    out: Annotated[Path, typer.Option(metavar="RULES.yaml", help="The rules file to write; not one that is there.")],
    lists: Annotated[
        Path | None, typer.Option(metavar="LISTS", help="Copy its lists there, a folder for each destination.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there as well; as JSON if it ends in .json.")
    ] = None,
    school: Annotated[str, typer.Option(help="Name of the school.")] = "School",
    timezone: Annotated[str, typer.Option(help="Whose clock its times go by.")] = DEFAULT_TIMEZONE,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Turn a whole squidGuard.conf into rules, and report what has no equal. Nothing is written when it has a fault."""
    from drystone.engine.filtering.squidguard import Kind, SquidGuardError, import_conf

    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        fail(f"--timezone {timezone!r} is not a time zone; write it as Europe/London", code=2)
    if out.exists():
        fail(f"{out}: is there already; name a new file, so that nothing written by hand is lost")
    try:
        imported = import_conf(conf, lists=lists, timezone=timezone, school=school)
    except SquidGuardError as error:
        fail(str(error))
    found = imported.report
    text = "\n".join(found.lines())
    _write(out, imported.text)
    if report:
        _write(report, json.dumps(found.as_json(), ensure_ascii=False, indent=1) if report.suffix == ".json" else text)
    if as_json:
        emit_json({"rules": str(out), **found.as_json()})
        return
    lost = len(found.of(Kind.LOST))
    print(text)
    print(f"\n{out}: written; {lost} of its parts have no equal" if lost else f"\n{out}: written; all has an equal")
    print(f"next: drystone filter compile {imported.lists} --rules {out} --out BUNDLE")


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        fail(f"{path}: cannot be written ({error.strerror}); name a place that can")
