"""Small files of the roll, as a school's database exports them; every name is made up."""

import csv
from datetime import date, timedelta
from pathlib import Path

from drystone.engine.roll.upn import check_letter
from drystone.registers.roll.models import Run, RunState
from drystone.registers.roll.services import imports
from drystone.registers.school.models import (
    ClassStaff,
    Guardianship,
    Person,
    Reference,
    RoleHolding,
    SchoolClass,
)

TODAY = date(2026, 11, 24)
HEADINGS = (
    "School", "UPN", "Surname", "Forename", "DOB", "Year", "Class", "Username",
    "Contact 1 Name", "Contact 1 Relationship", "Contact 1 Email", "Contact 1 Telephone",
    "Contact 2 Name", "Contact 2 Relationship", "Contact 2 Email", "Contact 2 Telephone",
)  # fmt: skip


def upn(number: int) -> str:
    rest = f"{909200126000 + number:012d}"
    return check_letter(rest) + rest


def pupil(number: int, given: str, family: str, **cells: str) -> dict[str, str]:
    """A row. The birth date and year follow from the number, so that each pupil has their own."""
    born = date(2017, 9, 1) + timedelta(days=number)
    row = {"UPN": upn(number), "Surname": family, "Forename": given, "DOB": born.isoformat(), "Year": "4"}
    return row | {name.replace("_", " "): text for name, text in cells.items()}


def contact(
    number: int, name: str, email: str = "", telephone: str = "", relationship: str = "Mother"
) -> dict[str, str]:
    told = {"Name": name, "Relationship": relationship, "Email": email, "Telephone": telephone}
    return {f"Contact {number} {part}": text for part, text in told.items()}


def write(path: Path, rows: list[dict[str, str]], headings: tuple[str, ...] = HEADINGS) -> Path:
    used = [name for name in headings if any(name in row for row in rows)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, used, restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def sent(school, by, path: Path, on: date = TODAY) -> Run:
    """The file is uploaded and read."""
    run = imports.begin(school=school, by=by, file_name=path.name, on=on)
    upload = imports.upload_of(run)
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.write_bytes(path.read_bytes())
    return imports.read(run=run)


def applied(school, by, path: Path, on: date = TODAY, *, leavers: bool = False, **answers: str) -> Run:
    run = sent(school, by, path, on)
    assert run.state == RunState.WAITING, run.problem
    imports.ask_to_apply(run=run, by=by, leavers=leavers)
    done = imports.carry_out(run=run, on=on)
    assert done.state == RunState.APPLIED, done.problem
    return done


def told(run: Run, tab: str) -> list[str]:
    return [line.name for line in run.lines.filter(tab=tab).order_by("position")]


def everything(school) -> dict[str, list[tuple]]:
    """All rows that an import may write: two equal ones mean that nothing has changed."""
    tables = {
        Person: {"school": school},
        RoleHolding: {"person__school": school},
        Reference: {"school": school},
        SchoolClass: {"school": school},
        Guardianship: {"pupil__school": school},
        ClassStaff: {"school_class__school": school},
    }
    return {
        table.__name__: list(table.objects.filter(**only).order_by("pk").values_list())
        for table, only in tables.items()
    }
