"""P64: a pupil's parents and carers: who they are, who is called first, and who must be told nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from drystone.registers.school.hooks import announce_joined
from drystone.registers.school.models import Guardianship, Person, Role, RoleHolding
from drystone.registers.school.queries import still_held
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values
from drystone.registers.school.services.people import add_person, end_role, give_role
from drystone.registers.school.services.permission import require


@transaction.atomic
def add_guardian(*, pupil: Person, guardian: Person, by: Person | None, on: date, **details: Any) -> Guardianship:
    """A parent or carer for a pupil, from `on`. `details`: relationship, parental_responsibility, order, barred."""
    school = lock(pupil.school)
    require(by, "school.change_people", school)
    if guardian.school_id != school.pk:
        raise Refused("That person is not of this school", field="guardian")
    if guardian.pk == pupil.pk or guardian.holdings.filter(role=Role.PUPIL).exists():
        raise Refused(f"{guardian.name} is a pupil: choose an adult", field="guardian")
    _refuse_oneself(guardian, by)
    if pupil.guardianships.filter(guardian=guardian).exists():
        raise Refused(f"{guardian.name} is there already: change that line instead", field="guardian")
    if guardian.left_on is not None and guardian.left_on < on:
        raise Refused(f"{guardian.name} has left: bring them back first, on their page", field="guardian")
    line = Guardianship.objects.create(pupil=pupil, guardian=guardian, **details)
    _in_order(line)
    _role_follows(guardian, by, on)
    audit.record(
        school=school, by=by, verb="add_guardian", subject=line,
        summary=f"{guardian.name} is a parent or carer of {pupil.name}", after=values(line),
    )  # fmt: skip
    return line


@transaction.atomic
def add_new_guardian(
    *, pupil: Person, by: Person | None, on: date, person: dict[str, Any], **details: Any
) -> Guardianship:
    """The same for somebody whom the school does not know yet; `person` is what `add_person` takes."""
    require(by, "school.change_people", pupil.school)
    guardian = add_person(school=pupil.school, by=by, joined_on=on, **person)
    line = add_guardian(pupil=pupil, guardian=guardian, by=by, on=on, **details)
    announce_joined(school=pupil.school, people=[guardian], on=on, by=by)
    return line


@transaction.atomic
def change_guardian(*, line: Guardianship, by: Person | None, on: date, **details: Any) -> Guardianship:
    """What a court forbids counts from the moment it is saved: the child is gone from their pages."""
    school = lock(line.pupil.school)
    require(by, "school.change_people", school)
    _refuse_oneself(line.guardian, by)
    before = values(line)
    for name, value in details.items():
        setattr(line, name, value)
    line.save()
    _in_order(line)
    _role_follows(line.guardian, by, on)
    old, new = differing(before, values(line))
    if new:
        audit.record(
            school=school, by=by, verb="change_guardian", subject=line,
            summary=f"{line.guardian.name} for {line.pupil.name} changed: {', '.join(sorted(new))}",
            before=old, after=new,
        )  # fmt: skip
    return line


@transaction.atomic
def remove_guardian(*, line: Guardianship, by: Person | None, on: date) -> None:
    """They are no parent or carer of this child any more, and see nothing of the child from now on."""
    school = lock(line.pupil.school)
    require(by, "school.change_people", school)
    _refuse_oneself(line.guardian, by)
    audit.record(
        school=school, by=by, verb="remove_guardian", subject=line,
        summary=f"{line.guardian.name} is no longer a parent or carer of {line.pupil.name}", before=values(line),
    )  # fmt: skip
    pupil, guardian = line.pupil, line.guardian
    line.delete()
    _renumber(pupil.guardianships.order_by("barred", "order", "id"))
    _role_follows(guardian, by, on)


def _refuse_oneself(guardian: Person, by: Person | None) -> None:
    """What somebody may see hangs on whose parent they are (a safeguarding lead reads nothing of their own child), so
    a colleague says it."""
    if by is not None and guardian.pk == by.pk:
        raise Refused("You are this parent or carer yourself: a colleague has to enter that", field="guardian")


def _in_order(line: Guardianship) -> None:
    """One after another from 1, this one where it was put; those who are told nothing come last."""
    others = [each for each in line.pupil.guardianships.order_by("barred", "order", "id") if each.pk != line.pk]
    allowed = sum(not each.barred for each in others)
    place = len(others) if line.barred else min(max(line.order - 1, 0), allowed)
    _renumber([*others[:place], line, *others[place:]])


def _renumber(lines: Any) -> None:
    for number, each in enumerate(lines, 1):
        if each.order != number:
            each.order = number
            each.save(update_fields=["order"])


def _role_follows(guardian: Person, by: Person | None, on: date) -> None:
    """Whoever has a child here of whom they may be told holds the role of a parent; nobody else does."""
    holdings = RoleHolding.objects.filter(person=guardian, role=Role.PARENT)
    held = still_held(holdings, on - timedelta(days=1)).first()
    has_a_child = guardian.wards.filter(barred=False).exists()
    if has_a_child and held is None:
        give_role(person=guardian, role=Role.PARENT, by=by, starts=on)
    elif held is not None and not has_a_child:
        end_role(holding=held, by=by, ends=max(on, held.starts))
