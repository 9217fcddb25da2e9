"""Schools out of files in which a row has a pupil with contacts and class: CTF and tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from drystone.engine.roll import cells as cell
from drystone.engine.roll.doubles import drop_shared_sign_ons, refuse_shared, settle_pupils
from drystone.engine.roll.guardians import Guardians
from drystone.engine.roll.mapping import DateOrder
from drystone.engine.roll.names import fold
from drystone.engine.roll.people import Faults, pupil_row, staff_row, whom
from drystone.engine.roll.staging import Staged, Staging
from drystone.engine.roll.values import ClassRow, Membership, Place, PupilRow, SchoolRef, SchoolRoll, StaffRow

SEVERAL = re.compile(r"\s*[;,/&]\s*|\s+and\s+")


@dataclass(slots=True)
class Classes:
    """Classes by name, as rows of people mention them; the year is that of the youngest in it."""

    rows: dict[str, ClassRow] = field(default_factory=dict)
    memberships: dict[tuple[str, str], Membership] = field(default_factory=dict)

    def join(self, person: str, name: str, where: Place, year: int | None = None, teaches: bool = False) -> None:
        key = fold(name)
        row = self.rows.setdefault(key, ClassRow(where=where, key=key, name=name, year_group=year))
        if year is not None and (row.year_group is None or year < row.year_group):
            self.rows[key] = replace(row, year_group=year)
        made = Membership(where=where, person=person, school_class=key, teaches=teaches)
        self.memberships.setdefault((person, key), made)


@dataclass(frozen=True, slots=True)
class SimpleRolls:
    """Rows of kinds “pupil”, “staff” and “refused” under the text that names their school, as `ctf` and `table` put
    them down."""

    staging: Staging
    names: dict[str, SchoolRef]  # by the text that stands with the rows
    dates: DateOrder = DateOrder.DAY_FIRST
    contacts_told: bool = True

    def schools(self) -> tuple[SchoolRef, ...]:
        return tuple(sorted(self.names.values(), key=lambda ref: (ref.dfe_number, ref.name)))

    def close(self) -> None:
        self.staging.close()

    def roll(self, school: SchoolRef) -> SchoolRoll:
        text = next(text for text, ref in self.names.items() if ref == school)
        faults, classes = Faults(), Classes()
        for row in self.staging.of_school("refused", text):
            faults.refuse(row.where, row.cells["what"], row.cells["todo"], whom(row.cells, self.dates))
        guardians = Guardians(faults)
        pupils = self._pupils(self.staging.of_school("pupil", text), faults, guardians, classes)
        staff = self._staff(self.staging.of_school("staff", text), faults, classes)
        known = {row.key for row in [*pupils, *staff]}
        called = {care.guardian for pupil in pupils for care in pupil.care or ()}
        return SchoolRoll(
            school=school,
            pupils=tuple(pupils),
            guardians=tuple(row for row in guardians.rows.values() if row.key in called),
            staff=tuple(staff),
            classes=tuple(classes.rows.values()),
            memberships=tuple(made for made in classes.memberships.values() if made.person in known),
            refusals=tuple(sorted(faults.refusals, key=lambda refusal: refusal.where)),
            remarks=tuple(sorted(faults.remarks, key=lambda remark: remark.where)),
        )

    def _pupils(self, rows: Iterable[Staged], faults: Faults, guardians: Guardians, classes: Classes) -> list[PupilRow]:
        made: list[PupilRow] = []
        rooms: dict[str, str] = {}
        for row in rows:
            room = rooms[row.key] = row.cells.get("class_name", "")
            if len(room) > cell.LONGEST_CLASS:
                faults.refuse(row.where, *too_long(room), whom(row.cells, self.dates))
            elif pupil := pupil_row(row, faults, self.dates):
                care = guardians.care(row.where, row.lists) if self.contacts_told else None
                made.append(replace(pupil, care=care))
        settled = settle_pupils(in_one_class(made, rooms, faults), faults)
        for pupil in settled:
            if room := rooms[pupil.key]:
                classes.join(pupil.key, room, pupil.where, pupil.year_group)
        return settled

    def _staff(self, rows: Iterable[Staged], faults: Faults, classes: Classes) -> list[StaffRow]:
        made: list[StaffRow] = []
        for row in rows:
            if not (person := staff_row(row, faults)):
                continue
            made.append(person)
            for room in filter(None, SEVERAL.split(row.cells.get("class_name", ""))):
                if len(room) > cell.LONGEST_CLASS:
                    faults.remark(row.where, f"{too_long(room)[0]}, and is left out")
                else:
                    classes.join(row.key, room, row.where, teaches=True)
        made = refuse_shared(made, "number in your database", faults, [row.reference or None for row in made])
        return drop_shared_sign_ons(made, faults)


def in_one_class(rows: list[PupilRow], rooms: dict[str, str], faults: Faults) -> list[PupilRow]:
    """Rows that repeat a pupil must agree on the class."""
    seen: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        seen[row.upn or row.reference].add(rooms[row.key])
    torn = {number for number, some in seen.items() if number and len(some) > 1}
    numbers = [row.upn or row.reference for row in rows]
    return refuse_shared(rows, "number", faults, [number if number in torn else None for number in numbers])


def too_long(room: str) -> tuple[str, str]:
    return (
        f"The class {cell.shown(room)} has a name of more than {cell.LONGEST_CLASS} letters",
        "Shorten it in the school’s database, or see whether this is the right column",
    )
