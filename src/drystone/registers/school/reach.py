"""Whom somebody may see by a permission: each of their roles by itself, so that a parent who is a governor and a
lunchtime supervisor gains nothing by one role through another's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from drystone.registers.school.access import Reach, reaches
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, SchoolClass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, the roles they hold on that day, and the day."""

    person: Person
    roles: frozenset[Role]
    on: date


def people_for(viewer: Viewer, permission: str) -> QuerySet[Person]:
    """Everybody whom this permission lets this viewer see; nobody where none of their roles has it.

    Never a child whom they are told nothing of by order of a court, whatever their role.
    """
    found = Person.objects.filter(school=viewer.person.school_id).exclude(pk__in=kept_from(viewer.person))
    held = {role: reach for role, reach in reaches()[permission].items() if role in viewer.roles}
    if Reach.SCHOOL in held.values():
        return found
    if not held:
        return found.none()
    within = Q()
    for role, reach in held.items():
        within |= Q(pk__in=_within(viewer, role, reach))
    return found.filter(within)


def may_see(viewer: Viewer, permission: str, person: Person) -> bool:
    return people_for(viewer, permission).filter(pk=person.pk).exists()


def reaches_of(viewer: Viewer, permission: str) -> list[Reach]:
    """How far each of their roles that has the permission goes."""
    return [reach for role, reach in reaches()[permission].items() if role in viewer.roles]


def classes_for(viewer: Viewer, permission: str) -> QuerySet[SchoolClass]:
    """The classes whose pupils this permission lets this viewer see. A parent sees children, never a class."""
    found = SchoolClass.objects.filter(school=viewer.person.school_id)
    held = reaches_of(viewer, permission)
    if Reach.SCHOOL in held:
        return found
    if Reach.CLASSES in held:
        return found.filter(pk__in=_taught(viewer.person, viewer.on))
    return found.none()


def kept_from(person: Person | None) -> Any:
    """Of whom they are told nothing by order of a court, as `pk__in` takes them."""
    return Guardianship.objects.filter(guardian=person, barred=True).values("pupil")


def _taught(person: Person, on: date) -> Any:
    mine = ClassStaff.objects.filter(person=person, starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return mine.values("school_class")


def _within(viewer: Viewer, role: Role, reach: Reach) -> Any:
    """Keys, as `pk__in` takes them. With a class come its pupils' guardians, if the role may see any guardian."""
    me, on = viewer.person, viewer.on
    everybody = Person.objects.filter(school=me.school_id)
    match reach:
        case Reach.CLASSES:
            pupils = everybody.filter(school_class__in=_taught(me, on)).exclude(pk__in=kept_from(me)).values("pk")
            if role not in reaches()["school.view_guardians"]:
                return pupils
            parents = Guardianship.objects.filter(pupil__in=pupils).order_by().values("guardian")
            return pupils.order_by().union(parents)  # no “or”, for which a database reads the whole school
        case Reach.CHILDREN:
            return everybody.filter(guardianships__guardian=me, guardianships__barred=False).values("pk")
        case Reach.SELF:
            return [me.pk]
        case Reach.SCHOOL:
            return everybody.values("pk")
