"""`drystone people import`: the roll from a file, of one school or of all schools of a county."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from drystone.cli.on_record import who
from drystone.cli.output import emit_json, fail
from drystone.engine.home import Home

if TYPE_CHECKING:
    from drystone.registers.roll.models import Mapping
    from drystone.registers.roll.services.county import Outcome
    from drystone.registers.school.models import School

app = typer.Typer(help="The roll: pupils, guardians, staff and classes.", add_completion=False, no_args_is_help=True)
AT_MOST = 20  # lines of a kind that are printed; --json has all


@app.callback()
def people() -> None:
    """The roll: pupils, guardians, staff and classes."""


@app.command("import")
def import_roll(
    file: Annotated[Path, typer.Argument(help="CTF (XML), OneRoster (folder or zip), CSV or XLSX.")],
    home: Annotated[Path, typer.Option(help="Folder that holds all state.", envvar="DRYSTONE_HOME")] = Path("var"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    school: Annotated[
        str, typer.Option(help="Short name of the school; left out, each is found by its DfE number or name.")
    ] = "",
    mapping: Annotated[
        str, typer.Option(help="Columns of a CSV or XLSX, by the name they were remembered under.")
    ] = "",
    yes_leavers: Annotated[
        bool, typer.Option("--yes-leavers", help="Yes, although more than a tenth of a roll would leave.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a school.")] = False,
) -> None:
    """Bring the roll up to date by a file: all of it in one transaction, or nothing. What is in doubt is left out."""
    _django(home)
    from django.db import DatabaseError

    from drystone.engine.roll.mapping import BadMapping
    from drystone.engine.roll.values import UnreadableRoll
    from drystone.registers.roll.services.county import import_file
    from drystone.registers.school.services.changes import Refused

    if not file.exists():
        fail(f"{file}: there is no such file or folder")
    try:
        of = _school(school) if school else None
        outcomes = import_file(
            file,
            on=_today(of),
            school=of,
            mapping=_mapping(mapping, of) if mapping else None,
            leavers=yes_leavers,
            dry_run=dry_run,
            as_name=who(),
        )
    except (UnreadableRoll, BadMapping, Refused) as refused:
        fail(str(refused))
    except DatabaseError as error:
        fail(f"the database cannot be used, and nothing was done: {error}")
    for outcome in outcomes:
        emit_json(_as_data(outcome, dry_run)) if as_json else _tell(outcome, dry_run)


def _django(home: Path) -> None:
    if not os.environ.get("DRYSTONE_DATABASE_URL") and not Home(home).database.is_file():
        fail(f"there is no database in {home}: name the home folder with --home")
    os.environ["DRYSTONE_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def _school(slug: str) -> School:
    from drystone.registers.school.models import School

    found = School.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(School.objects.order_by("slug").values_list("slug", flat=True)[:10])
        fail(f"there is no school {slug!r}; there are: {known or 'none yet'}", code=2)
    return found


def _mapping(name: str, school: School | None) -> Mapping:
    from drystone.registers.roll.models import Mapping

    found = Mapping.objects.filter(name=name)
    named = list(found.filter(school=school) if school else found)
    if len(named) != 1:
        many = "several schools remember" if named else "no school remembers"
        fail(
            f"{many} columns under the name {name!r}; choose them on screen (People, Import), or name --school", code=2
        )
    return named[0]


def _today(school: School | None) -> Any:
    """The day in the school's own time."""
    from django.utils import timezone

    return datetime.now(ZoneInfo(school.time_zone)).date() if school else timezone.localdate()


def _as_data(outcome: Outcome, dry_run: bool) -> dict[str, Any]:
    return {
        "school": outcome.school.slug,
        "dry_run": dry_run,
        "changes": outcome.changes,
        "run": outcome.run,
        "counts": outcome.counts,
        "lines": [asdict(line) for line in (*outcome.people, *outcome.lines)],
    }


def _tell(outcome: Outcome, dry_run: bool) -> None:
    from drystone.registers.roll.models import Tab

    told = ", ".join(f"{outcome.counts[tab]} {tab.label.lower()}" for tab in Tab if outcome.counts[tab])
    done = "would be" if dry_run else "done" if outcome.run else "nothing written"
    print(f"{outcome.school.name}: {told or 'nothing to change'} ({done})")
    if dry_run and outcome.counts["second_yes"]:
        print(f"  a second yes is needed: {outcome.counts['second_yes']} (--yes-leavers)")
    lines = [*outcome.people, *outcome.lines]
    for tab in Tab:
        of_tab = [line for line in lines if line.tab == tab]
        for line in of_tab[:AT_MOST]:
            where = f"{line.where}: " if line.where else ""
            print(f"  {tab.label.lower()}: {where}{line.name}{': ' * bool(line.name)}{line.detail}")
        if len(of_tab) > AT_MOST:
            print(f"  {tab.label.lower()}: and {len(of_tab) - AT_MOST} more (--json lists them)")
