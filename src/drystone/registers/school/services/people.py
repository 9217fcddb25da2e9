"""People, the roles they hold, and classes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.hooks import announce_coordinator, announce_filter_change
from drystone.registers.school.models import Group, Person, Role, RoleHolding, School, SchoolClass
from drystone.registers.school.queries import coordinator, holdings_on
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values


@transaction.atomic
def add_person(*, school: School, by: Person | None, as_name: str = "", **details: Any) -> Person:
    lock(school)
    _sign_on_is_free(school, details.get("sign_on", ""), None)
    person = Person.objects.create(school=school, **details)
    audit.record(
        school=school,
        by=by,
        as_name=as_name,
        verb="add_person",
        subject=person,
        summary=f"{person.name} added",
        after=values(person),
    )
    announce_filter_change(school=school, by=by)
    return person


@transaction.atomic
def change_person(*, person: Person, by: Person, **details: Any) -> Person:
    lock(person.school)
    _sign_on_is_free(person.school, details.get("sign_on", ""), person)
    before = values(person)
    for name, value in details.items():
        setattr(person, name, value)
    person.save()
    old, new = differing(before, values(person))
    if new:
        audit.record(
            school=person.school,
            by=by,
            verb="change_person",
            subject=person,
            summary=f"Details of {person.name} changed: {', '.join(sorted(new))}",
            before=old,
            after=new,
        )
        if new.keys() & {"sign_on", "school_class_id"}:
            announce_filter_change(school=person.school, by=by)
    return person


@transaction.atomic
def give_role(
    *, person: Person, role: Role, by: Person | None, starts: date, ends: date | None = None, as_name: str = ""
) -> RoleHolding:
    """P02: from a day, until a day where that is known. Co-ordinators go by `change_coordinator`."""
    lock(person.school)
    if role == Role.COUNCIL:
        _refuse_council_by_school(person.school, by)
    if ends and ends < starts:
        raise Refused("The last day is before the first day", field="ends")
    overlapping = person.holdings.filter(role=role).filter(Q(ends__isnull=True) | Q(ends__gte=starts))
    if ends:
        overlapping = overlapping.filter(starts__lte=ends)
    if held := overlapping.first():
        raise Refused(f"{person.name} holds this role already, from {_day(held.starts)}", field="role")
    if role == Role.COORDINATOR and (clash := _coordinators_between(person.school, starts, ends).first()):
        raise Refused(
            f"{clash.person.name} is e-safety co-ordinator then. There is one: change the co-ordinator instead",
            field="role",
        )
    holding = RoleHolding.objects.create(person=person, role=role, starts=starts, ends=ends)
    audit.record(
        school=person.school,
        by=by,
        as_name=as_name,
        verb="give_role",
        subject=holding,
        summary=f"{person.name} is {role.label} from {_day(starts)}" + (f" to {_day(ends)}" if ends else ""),
        after={**values(holding), "person": person.key},
    )
    if role == Role.COORDINATOR and (before := _coordinator_before(holding)) and before != person:
        announce_coordinator(holding=holding, before=before, by=by)
    announce_filter_change(school=person.school, by=by)
    return holding


def _refuse_council_by_school(school: School, by: Person | None) -> None:
    """P35: who holds it sets rules for every school of the authority, so no one school can hand it out."""
    if school.authority_id is None:
        raise Refused("This school belongs to no council or trust", field="role")
    if by is not None and not holdings_on(by.school, Role.COUNCIL, timezone.localdate()).filter(person=by).exists():
        raise Refused(
            "This role sets rules for all schools of the authority. Somebody who holds it gives it, or the technician "
            "by “drystone manage council give”",
            field="role",
        )


@transaction.atomic
def end_role(*, holding: RoleHolding, by: Person | None, ends: date) -> RoleHolding:
    """The last day of a role. A school is never left without a head, who alone gives roles."""
    school = lock(holding.person.school)
    role = Role(holding.role)
    if ends < holding.starts:
        raise Refused(
            f"{holding.person.name} became {role.label} on {_day(holding.starts)}, after that day", field="ends"
        )
    if role == Role.HEAD and not holdings_on(school, Role.HEAD, ends + timedelta(days=1)).exclude(pk=holding.pk):
        raise Refused("The school would have no head teacher: give the role to the next head first", field="ends")
    before = values(holding)
    holding.ends = ends
    holding.save()
    audit.record(
        school=school,
        by=by,
        verb="end_role",
        subject=holding,
        summary=f"{holding.person.name} is {role.label} until {_day(ends)}",
        before=before,
        after=values(holding),
    )
    announce_filter_change(school=school, by=by)
    return holding


@transaction.atomic
def change_coordinator(*, school: School, person: Person, by: Person, starts: date) -> RoleHolding:
    """P02: one named co-ordinator, dated; the day before is the last day of the one before."""
    lock(school)
    if person.school_id != school.pk:
        raise Refused("That person is not of this school", field="person")
    present = coordinator(school, starts)
    if present and present.person_id == person.pk:
        raise Refused(f"{person.name} is the co-ordinator already", field="person")
    if later := _coordinators_between(school, starts, None).filter(starts__gt=starts).first():
        raise Refused(
            f"{later.person.name} becomes co-ordinator on {_day(later.starts)}, after that day", field="starts"
        )
    for held in _coordinators_between(school, starts, None):
        if held.starts == starts:
            raise Refused(
                f"{held.person.name} became co-ordinator on that very day: choose a later one", field="starts"
            )
        end_role(holding=held, by=by, ends=starts - timedelta(days=1))
    return give_role(person=person, role=Role.COORDINATOR, by=by, starts=starts)


@transaction.atomic
def add_class(*, school: School, by: Person | None, name: str, year_group: int, group: Group) -> SchoolClass:
    lock(school)
    _class_fits(school, name, group, None)
    school_class = SchoolClass.objects.create(school=school, name=name, year_group=year_group, group=group)
    audit.record(
        school=school,
        by=by,
        verb="add_class",
        subject=school_class,
        summary=f"Class {name} added",
        after=values(school_class),
    )
    announce_filter_change(school=school, by=by)
    return school_class


@transaction.atomic
def change_class(*, school_class: SchoolClass, by: Person, name: str, year_group: int, group: Group) -> SchoolClass:
    school = lock(school_class.school)
    _class_fits(school, name, group, school_class)
    before = values(school_class)
    school_class.name, school_class.year_group, school_class.group = name, year_group, group
    school_class.save()
    old, new = differing(before, values(school_class))
    if new:
        audit.record(
            school=school,
            by=by,
            verb="change_class",
            subject=school_class,
            summary=f"Class {name} changed",
            before=old,
            after=new,
        )
        announce_filter_change(school=school, by=by)
    return school_class


def _coordinator_before(holding: RoleHolding) -> Person | None:
    of_school = RoleHolding.objects.filter(person__school=holding.person.school_id, role=Role.COORDINATOR)
    last = of_school.filter(starts__lt=holding.starts).select_related("person").order_by("starts", "id").last()
    return last.person if last else None


def _coordinators_between(school: School, starts: date, ends: date | None) -> Any:
    held = RoleHolding.objects.filter(person__school=school, role=Role.COORDINATOR).filter(
        Q(ends__isnull=True) | Q(ends__gte=starts)
    )
    return (held.filter(starts__lte=ends) if ends else held).select_related("person").order_by("starts")


def _sign_on_is_free(school: School, sign_on: str, mine: Person | None) -> None:
    others = school.people.filter(sign_on__iexact=sign_on) if sign_on else Person.objects.none()
    if other := (others.exclude(pk=mine.pk) if mine else others).first():
        raise Refused(f"{other.name} signs on to the network as “{sign_on}” already", field="sign_on")


def _class_fits(school: School, name: str, group: Group, mine: SchoolClass | None) -> None:
    others = school.classes.filter(name__iexact=name)
    if (others.exclude(pk=mine.pk) if mine else others).exists():
        raise Refused(f"There is a class called “{name}” already", field="name")
    if group.school_id != school.pk:
        raise Refused("That group belongs to another school", field="group")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
