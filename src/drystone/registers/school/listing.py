"""The list of people: what it can be narrowed by, and what each row may show to this reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict

from drystone.engine.roll.names import fold
from drystone.engine.roll.years import NAMES, year_name
from drystone.registers.school.access import Reach
from drystone.registers.school.finding import begins_so
from drystone.registers.school.models import GOVERNORS, STAFF, Person, Role, RoleHolding, SchoolClass
from drystone.registers.school.queries import current, holding, of_year, year_of
from drystone.registers.school.reach import Viewer, people_for, reaches_of

STATES = {"": "At the school now", "left": "Left", "all": "All"}
HEADINGS = (
    "Family name",
    "Given names",
    "Known as",
    "Roles",
    "Class",
    "Year",
    "E-mail",
    "Sign-on",
    "Account",
    "Last day",
)


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    role: str
    school_class: SchoolClass | None
    year: int | None
    state: str

    @classmethod
    def of(cls, query: QueryDict, classes: QuerySet[SchoolClass]) -> Asked:
        """What cannot be read is not asked for."""
        named, year = query.get("class", ""), query.get("year", "")
        return cls(
            text=query.get("text", "").replace("\0", "").strip()[:100],
            role=query.get("role", "") if query.get("role") in Role.values else "",
            school_class=classes.filter(pk=int(named)).first()
            if named.isascii() and named.isdigit() and len(named) < 10
            else None,
            year=next((number for number in NAMES if year == str(number)), None),
            state=query.get("state", "") if query.get("state") in STATES else "",
        )


@dataclass(frozen=True, slots=True)
class Row:
    person: Person
    roles: str
    year: str
    email: str

    @property
    def cells(self) -> list[object]:
        """For the download, in the order of HEADINGS."""
        person = self.person
        return [
            person.family_name, person.given_names, person.preferred_name, self.roles, person.school_class or "",
            self.year, self.email, person.sign_on, "Yes" if person.user_id else "No", person.left_on or "",
        ]  # fmt: skip


def people(viewer: Viewer, asked: Asked) -> QuerySet[Person]:
    found = people_for(viewer, "school.view_people")
    if asked.state != "all":
        here = current(found, viewer.on)
        found = found.exclude(pk__in=here.values("pk")) if asked.state == "left" else here
    if asked.text:
        found = found.filter(_named(asked.text, sees_addresses(viewer)))
    if asked.role:
        found = holding(found, asked.role, viewer.on)
    if asked.school_class:
        found = found.filter(school_class=asked.school_class)
    if asked.year is not None:
        found = of_year(found, asked.year)
    held = Prefetch("holdings", queryset=RoleHolding.objects.order_by("starts", "id"))
    return found.select_related("school_class").prefetch_related(held).order_by("family_name", "given_names", "pk")


def _named(text: str, addresses: bool) -> Q:
    words = fold(text).split()
    wanted = Q(sign_on__icontains=text)
    if words:
        wanted |= begins_so(words)
    return wanted | Q(email__icontains=text) if addresses else wanted


def row(viewer: Viewer, person: Person) -> Row:
    """An address of staff is for all who see the list; a parent's is not."""
    held = held_on(person, viewer.on)
    shown = sees_addresses(viewer) or bool(held & (STAFF | GOVERNORS))
    is_pupil = Role.PUPIL in held or person.school_class_id
    roles = ", ".join(role.label for role in Role if role in held)
    return Row(person, roles, year_name(year_of(person)) if is_pupil else "", person.email if shown else "")


def sees_addresses(viewer: Viewer) -> bool:
    return Reach.SCHOOL in reaches_of(viewer, "school.view_contacts")


def held_on(person: Person, day: date) -> frozenset[Any]:
    """The roles of a person whose holdings were fetched with them."""
    return frozenset(Role(each.role) for each in person.holdings.all() if each.held_on(day))
