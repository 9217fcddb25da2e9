"""People of whom a delta says no role: known by the source's own reference, they are what the register has them as."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from drystone.engine.roll.values import GuardianRow, PersonRow, PupilRow, SchoolRoll, StaffRow
from drystone.registers.roll.models import Tab
from drystone.registers.roll.services.standing import Standing
from drystone.registers.roll.services.telling import Teller
from drystone.registers.school.models import STAFF, Role

COMMON = tuple(field.name for field in fields(PersonRow))


def placed(roll: SchoolRoll, standing: Standing, teller: Teller) -> SchoolRoll:
    """The roll with these among its pupils, guardians and staff. Who is not known, or is two things, is left out."""
    kinds: dict[type[PersonRow], list[Any]] = {PupilRow: [], GuardianRow: [], StaffRow: []}
    ours = (row for row in roll.perhaps if row.reference in standing.references)  # the others are of other schools
    for row in (*roll.unplaced, *ours):
        kind = _kind(row, standing)
        if isinstance(kind, str):
            name = f"{row.given_names} {row.family_name}"
            teller.tell(Tab.REFUSED, name, where=row.where, detail=f"{kind}. Export this person’s role as well.")
        else:
            kinds[kind].append(_as(kind, row))
    return replace(
        roll,
        pupils=(*roll.pupils, *kinds[PupilRow]),
        guardians=(*roll.guardians, *kinds[GuardianRow]),
        staff=(*roll.staff, *kinds[StaffRow]),
        unplaced=(),
        perhaps=(),
    )


def _kind(row: PupilRow, standing: Standing) -> type[PersonRow] | str:
    """What they are here, or why nobody can say."""
    person = standing.references.get(row.reference)
    if person is None:
        return "The file names no role of this person, and no file before it brought them"
    if standing.was_pupil(person):
        return PupilRow
    roles = {Role(each.role) for each in standing.held(person)}
    if row.gone and roles & STAFF and Role.PARENT in roles:
        return f"{person.name} works here and is a parent, and the file does not say which of the two has ended"
    if roles & STAFF:
        return StaffRow
    return GuardianRow


def _as(kind: type[PersonRow], row: PupilRow) -> PersonRow:
    if kind is PupilRow:
        return row
    common = {name: getattr(row, name) for name in COMMON}
    return StaffRow(**common, role=Role.SUPPORT_STAFF.value) if kind is StaffRow else GuardianRow(**common)
