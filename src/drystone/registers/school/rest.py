"""The roll, as other systems read it. A token opens its own school, and of a person what its scopes name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from drystone.registers.school.models import (
    STAFF,
    Guardianship,
    Integration,
    Person,
    Role,
    RoleHolding,
    SchoolClass,
    Scope,
)
from drystone.registers.school.queries import current
from drystone.registers.school.tokens import Bearer, integration

router = Router(tags=["roll"])
MOST = 500  # in one answer


class ClassOut(Schema):
    id: int
    name: str
    year_group: int = Field(description="-1 for Nursery, 0 for Reception, 1 to 6 for Years 1 to 6")
    filtered_as: str = Field(description="The group of the filter that its pupils belong to")


class GuardianOut(Schema):
    key: str
    name: str
    relationship: str
    parental_responsibility: bool
    order: int = Field(description="1 is called first")
    email: str
    telephone: str


class PupilOut(Schema):
    """`upn` and `date_of_birth` need roll.numbers, `guardians` needs roll.contacts; without it they are not there."""

    key: str = Field(description="Stands for this person as long as the school keeps them")
    given_names: str
    family_name: str
    preferred_name: str
    class_id: int | None
    class_name: str
    year_group: int | None
    sign_on: str
    never_publish: bool = Field(description="Nothing that shows or names this child is ever published")
    joined_on: date | None
    left_on: date | None
    upn: str | None = None
    date_of_birth: date | None = None
    guardians: list[GuardianOut] | None = None


class StaffOut(Schema):
    key: str
    given_names: str
    family_name: str
    preferred_name: str
    email: str
    sign_on: str
    roles: list[str]
    class_ids: list[int] = Field(description="The classes that they teach or help today")


class PupilPage(Schema):
    people: list[PupilOut]
    next: str | None = Field(description="The `after` of the next page; null on the last")


class StaffPage(Schema):
    people: list[StaffOut]
    next: str | None = Field(description="The `after` of the next page; null on the last")


class Asked(Schema):
    after: str = Field("", max_length=32, pattern="^[0-9a-z]*$", description="`next` of the page before")
    limit: int = Field(100, ge=1, le=MOST)


class AskedPupils(Asked):
    class_id: int | None = Field(None, ge=0, lt=2**63)
    left: bool = Field(False, description="Those who have left, instead of those who are here")


@router.get("/classes", response=list[ClassOut], auth=Bearer(Scope.ROLL), url_name="classes")
def classes(request: HttpRequest) -> Any:
    """Every class of the school."""
    found = SchoolClass.objects.filter(school=integration(request).school).select_related("group")
    return [
        {"id": each.pk, "name": each.name, "year_group": each.year_group, "filtered_as": each.group.slug}
        for each in found
    ]


@router.get("/pupils", response=PupilPage, auth=Bearer(Scope.ROLL), url_name="pupils", exclude_unset=True)
def pupils(request: HttpRequest, asked: Query[AskedPupils]) -> Any:
    """The pupils of the school, a page at a time."""
    caller, today = integration(request), timezone.localdate()
    found = _pupils(caller)
    found = found.filter(left_on__lt=today) if asked.left else current(found, today)
    if asked.class_id is not None:
        found = found.filter(school_class=asked.class_id)
    page, following = _page(found, asked)
    return {"people": _told(page, caller), "next": following}


@router.get("/pupils/{slug:key}", response=PupilOut, auth=Bearer(Scope.ROLL), url_name="pupil", exclude_unset=True)
def pupil(request: HttpRequest, key: str) -> Any:
    """One pupil, whether here or left."""
    caller = integration(request)
    return _told([get_object_or_404(_pupils(caller), key=key, school=caller.school)], caller)[0]


@router.get("/staff", response=StaffPage, auth=Bearer(Scope.ROLL), url_name="staff")
def staff(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Who works at the school today, with the roles they hold."""
    caller, today = integration(request), timezone.localdate()
    held = RoleHolding.objects.filter(person__school=caller.school, role__in=STAFF, starts__lte=today)
    held = held.filter(Q(ends__isnull=True) | Q(ends__gte=today))
    found = current(Person.objects.filter(school=caller.school, pk__in=held.values("person")), today)
    page, following = _page(found.prefetch_related(Prefetch("holdings", held), "classes_taught"), asked)
    return {"people": [_member(person, today) for person in page], "next": following}


def _pupils(caller: Integration) -> QuerySet[Person]:
    """Who is or was a pupil there."""
    were = RoleHolding.objects.filter(person__school=caller.school, role=Role.PUPIL)
    return Person.objects.filter(school=caller.school, pk__in=were.values("person")).select_related("school_class")


def _page(found: QuerySet[Person], asked: Asked) -> tuple[list[Person], str | None]:
    """By key, so that the cost of a page is the same wherever it stands, and nobody is missed who was there."""
    rows = list(found.filter(key__gt=asked.after).order_by("key")[: asked.limit + 1])
    return rows[: asked.limit], rows[asked.limit - 1].key if len(rows) > asked.limit else None


def _told(people: Sequence[Person], caller: Integration) -> list[dict[str, object]]:
    """What the token's scopes let out of each."""
    told = [_pupil(person) for person in people]
    if Scope.NUMBERS in caller.scopes:
        for person, each in zip(people, told, strict=True):
            each |= {"upn": person.upn, "date_of_birth": person.date_of_birth}
    if Scope.CONTACTS in caller.scopes:
        guardians = _guardians(people, caller)
        for person, each in zip(people, told, strict=True):
            each["guardians"] = guardians.get(person.pk, [])
    return told


def _guardians(people: Sequence[Person], caller: Integration) -> dict[int, list[dict[str, object]]]:
    """Whom the school may tell of each of them: nobody whom a court has barred, and nobody who has left."""
    held: dict[int, list[dict[str, object]]] = defaultdict(list)
    found = Guardianship.objects.filter(pupil__school=caller.school, pupil__in=people, barred=False)
    here = Q(guardian__left_on__isnull=True) | Q(guardian__left_on__gte=timezone.localdate())
    for each in found.filter(here).select_related("guardian"):
        held[each.pupil_id].append(
            {
                "key": each.guardian.key,
                "name": each.guardian.name,
                "relationship": each.relationship,
                "parental_responsibility": each.parental_responsibility,
                "order": each.order,
                "email": each.guardian.email,
                "telephone": each.guardian.telephone,
            }
        )
    return held


def _pupil(person: Person) -> dict[str, object]:
    return _named(person) | {
        "class_id": person.school_class_id,
        "class_name": person.school_class.name if person.school_class else "",
        "year_group": person.year_group,
        "sign_on": person.sign_on,
        "never_publish": person.never_publish,
        "joined_on": person.joined_on,
        "left_on": person.left_on,
    }


def _member(person: Person, on: date) -> dict[str, object]:
    return _named(person) | {
        "email": person.email,
        "sign_on": person.sign_on,
        "roles": _each_once(held.role for held in person.holdings.all()),
        "class_ids": _each_once(each.school_class_id for each in person.classes_taught.all() if each.held_on(on)),
    }


def _named(person: Person) -> dict[str, object]:
    return {
        "key": person.key,
        "given_names": person.given_names,
        "family_name": person.family_name,
        "preferred_name": person.preferred_name,
    }


def _each_once(values: Iterable[Any]) -> list[Any]:
    return sorted(set(values))
