"""Whom somebody may see by a permission: each of their roles by itself, so that a parent who is a governor and a
lunchtime supervisor gains nothing by one role through another's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from drystone.registers.school.access import Reach, reaches
from drystone.registers.school.models import Person, Role


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, the roles they hold on that day, and the day."""

    person: Person
    roles: frozenset[Role]
    on: date


def people_for(viewer: Viewer, permission: str) -> QuerySet[Person]:
    """Everybody whom this permission lets this viewer see; nobody where none of their roles has it."""
    found = Person.objects.filter(school=viewer.person.school_id)
    held = [reach for role, reach in reaches()[permission].items() if role in viewer.roles]
    if Reach.SCHOOL in held:
        return found
    if not held:
        return found.none()
    within = Q()
    for reach in held:
        within |= Q(pk__in=_within(viewer, reach))
    return found.filter(within)


def may_see(viewer: Viewer, permission: str, person: Person) -> bool:
    return people_for(viewer, permission).filter(pk=person.pk).exists()


def _within(viewer: Viewer, reach: Reach) -> Any:
    """Keys, as `pk__in` takes them."""
    me, on = viewer.person, viewer.on
    everybody = Person.objects.filter(school=me.school_id)
    match reach:
        case Reach.CLASSES:
            mine = me.classes_taught.filter(Q(ends__isnull=True) | Q(ends__gte=on), starts__lte=on)
            pupils = everybody.filter(school_class__in=mine.values("school_class"))
            return everybody.filter(Q(pk__in=pupils.values("pk")) | Q(wards__pupil__in=pupils.values("pk"))).values(
                "pk"
            )
        case Reach.CHILDREN:
            return everybody.filter(guardianships__guardian=me, guardianships__barred=False).values("pk")
        case Reach.SELF:
            return [me.pk]
        case Reach.SCHOOL:
            return everybody.values("pk")
