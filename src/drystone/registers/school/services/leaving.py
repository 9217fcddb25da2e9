"""Coming to the school and leaving it: a first day, a last day, and what follows from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from drystone.registers.school.access import matrix, roles_of, whose
from drystone.registers.school.hooks import announce_filter_change, announce_joined, announce_left
from drystone.registers.school.models import ClassStaff, Person, Role, School, SchoolClass
from drystone.registers.school.moments import day
from drystone.registers.school.queries import current, still_held
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values
from drystone.registers.school.services.people import add_person, end_role, give_role
from drystone.registers.school.services.permission import require

# Whoever may change people may let these go; a role of the school's own is ended by whom roles are given by.
GUESTS = frozenset({Role.PUPIL, Role.PARENT, Role.VISITOR, Role.VOLUNTEER})


@transaction.atomic
def add_pupil(*, school: School, by: Person | None, joined_on: date, **details: Any) -> Person:
    """P64: a child comes to the school, from a day; what is asked of their parents then begins."""
    require(by, "school.change_people", school)
    pupil = add_person(school=school, by=by, joined_on=joined_on, **details)
    give_role(person=pupil, role=Role.PUPIL, by=by, starts=joined_on)
    announce_joined(school=school, people=[pupil], on=joined_on, by=by)
    return pupil


@transaction.atomic
def leave(*, person: Person, by: Person | None, on: date, today: date) -> list[Person]:
    """P42: `on` is the last day; roles and classes end with it. Parents who have no other child here leave with their
    child, or where they have another role are parents here no longer. Everybody who leaves by it, the person first."""
    school = lock(person.school)
    require(by, "school.change_people", school)
    _may_leave(person, by, on)
    leavers = [person]
    for parent in _parents_with_nobody_else(person, on):
        held = list(still_held(parent.holdings.all(), on))
        if all(holding.role == Role.PARENT for holding in held):
            leavers.append(parent)
        for holding in held:
            if holding.role == Role.PARENT and parent not in leavers:
                end_role(holding=holding, by=by, ends=max(on, holding.starts))
    for leaver in leavers:
        _let_go(leaver, by, on, today)
    announce_left(school=school, people=leavers, on=on, by=by)
    announce_filter_change(school=school, by=by)
    return leavers


@transaction.atomic
def come_back(*, person: Person, by: Person | None, on: date, school_class: SchoolClass | None = None) -> list[Person]:
    """Somebody who left is here again from `on`; a pupil's parents who left come back with their child. Roles at the
    school are given anew by whom roles are given by."""
    school = lock(person.school)
    require(by, "school.change_people", school)
    if person.left_on is None:
        raise Refused(f"{person.name} has not left")
    if school_class and school_class.school_id != school.pk:
        raise Refused("That class belongs to another school", field="school_class")
    people = [person]
    if not person.holdings.filter(role=Role.PUPIL).exists():
        _take_back(person, by, on, None)
    else:
        person.school_class = school_class
        _take_back(person, by, on, Role.PUPIL)
        lines = person.guardianships.filter(barred=False, guardian__left_on__isnull=False).select_related("guardian")
        people += [line.guardian for line in lines]
        for parent in people[1:]:
            _take_back(parent, by, on, Role.PARENT)
    announce_joined(school=school, people=people, on=on, by=by)
    announce_filter_change(school=school, by=by)
    return people


@transaction.atomic
def clear_places_of_leavers(*, school: School, today: date) -> int:
    """The night after a last day that was known ahead: the place in the class is free. How many there were."""
    gone = school.people.filter(left_on__lt=today, school_class__isnull=False)
    count = gone.update(school_class=None)
    if count:
        audit.record(
            school=school, by=None, as_name="Every night", verb="clear_places_of_leavers", subject=school,
            summary=f"{count} who left are in no class any more", after={"people": count},
        )  # fmt: skip
        announce_filter_change(school=school, by=None)
    return count


def _may_leave(person: Person, by: Person | None, on: date) -> None:
    if person.left_on is not None:
        raise Refused(f"{person.name} left already: the last day was {day(person.left_on)}", field="on")
    if person.joined_on and on < person.joined_on:
        raise Refused(f"{person.name} came on {day(person.joined_on)}, after that day", field="on")
    if child := current(Person.objects.filter(guardianships__guardian=person), on + timedelta(days=1)).first():
        raise Refused(
            f"{child.name} is still here, so {person.name} stays as a parent or carer. End the other roles instead"
        )
    held = still_held(person.holdings.exclude(role__in=GUESTS), on).first()
    if by is not None and held and not roles_of(by) & matrix()["school.change_roles"]:
        role = Role(held.role).label.lower()
        raise Refused(f"{person.name} is {role}: {whose('school.change_roles')} enters the last day, and ends the role")


def _parents_with_nobody_else(pupil: Person, on: date) -> list[Person]:
    """Those who have no child here any more when this one has left."""
    here = current(pupil.school.people.exclude(pk=pupil.pk), on + timedelta(days=1))
    with_others = Person.objects.filter(wards__pupil__in=here.values("pk"))
    return list(Person.objects.filter(wards__pupil=pupil, left_on=None).exclude(pk__in=with_others.values("pk")))


def _let_go(person: Person, by: Person | None, on: date, today: date) -> None:
    for holding in still_held(person.holdings.all(), on):
        if holding.starts > on:
            raise Refused(
                f"{person.name} becomes {Role(holding.role).label} on {day(holding.starts)}, after that day", field="on"
            )
        end_role(holding=holding, by=by, ends=on)
    before = values(person)
    ClassStaff.objects.filter(person=person, starts__gt=on).delete()
    ClassStaff.objects.filter(person=person).filter(Q(ends__isnull=True) | Q(ends__gt=on)).update(ends=on)
    person.left_on = on
    if on < today:
        person.school_class = None  # else the night after (clear_places_of_leavers)
    person.save()
    _record(person, by, before, "leave", f"{person.name} leaves: the last day is {day(on)}")


def _take_back(person: Person, by: Person | None, on: date, role: Role | None) -> None:
    """Called before the last day has passed, it is as if it had never been set; the role goes on the day after it."""
    before = values(Person.objects.get(pk=person.pk))
    last, person.left_on = person.left_on, None
    if last and last < on:
        person.joined_on = on
    person.save()
    if role:
        give_role(person=person, role=role, by=by, starts=max(on, last + timedelta(days=1)) if last else on)
    _record(person, by, before, "come_back", f"{person.name} is here again from {day(on)}")


def _record(person: Person, by: Person | None, before: dict[str, Any], verb: str, summary: str) -> None:
    old, new = differing(before, values(person))
    audit.record(school=person.school, by=by, verb=verb, subject=person, summary=summary, before=old, after=new)
