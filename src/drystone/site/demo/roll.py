"""A file from the demo school's database that waits for a yes: somebody new, a move, a doubt, a row that is refused."""

from __future__ import annotations

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from drystone.engine.roll.mapping import Mapping
from drystone.engine.spreadsheet import csv_lines
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.columns import remember
from drystone.registers.roll.uploads import keep
from drystone.registers.school.models import Person, School

COLUMNS = {
    "UPN": "upn",
    "Surname": "family_name",
    "Forename": "given_names",
    "Known as": "preferred_name",
    "Date of birth": "date_of_birth",
    "Year": "year_group",
    "Class": "class_name",
    "Contact 1": "guardian_1_full_name",
    "Contact 1 e-mail": "guardian_1_email",
}
CLASS, NEXT_CLASS = "Elders", "Firs"


def leave_a_file(school: School, office: Person, today: date) -> None:
    """A few pupils of one class, as the office exported them this morning."""
    pupils = list(school.people.filter(school_class__name=CLASS).order_by("family_name", "given_names")[:4])
    rows = [_row(pupil, CLASS) for pupil in pupils]
    rows[0]["Known as"] = "Bobbie"
    rows[1] |= {"Class": NEXT_CLASS, "Year": "5"}
    rows[2] |= {"UPN": "", "Surname": f"{pupils[2].family_name}e"}
    born = date(today.year - 9, 3, 14)
    rows.append(
        _new("Newcome", "Poppy", born.isoformat())
        | {"Contact 1": "Petra Newcome", "Contact 1 e-mail": "petra.newcome@home.drystone.test"}
    )
    rows.append(_new("Newcome", "Pip", "31/02/2018"))
    mapping = Mapping(columns=COLUMNS, complete=False, name="Pupils from the school’s database")
    kept = remember(school=school, by=office, mapping=mapping)
    content = "".join(csv_lines([list(COLUMNS), *([row[name] for name in COLUMNS] for row in rows)])).encode()
    run = imports.begin(
        school=school, by=office, file_name="pupils-this-morning.csv", on=today, size=len(content), mapping=kept
    )
    keep([SimpleUploadedFile(run.file_name, content)], imports.upload_of(run))
    imports.read(run=run)


def _row(pupil: Person, school_class: str) -> dict[str, str]:
    born = pupil.date_of_birth
    year = pupil.year_group if pupil.year_group is not None else 4
    told = _new(pupil.family_name, pupil.given_names, born.isoformat() if born else "")
    return told | {"UPN": pupil.upn, "Known as": pupil.preferred_name, "Year": str(year), "Class": school_class}


def _new(family: str, given: str, born: str) -> dict[str, str]:
    empty = dict.fromkeys(COLUMNS, "")
    return empty | {"Surname": family, "Forename": given, "Date of birth": born, "Year": "4", "Class": CLASS}
