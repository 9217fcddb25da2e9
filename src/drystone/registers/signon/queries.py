"""Reads of the register that more than one place needs, within one school."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q, QuerySet

from drystone.registers.school.models import Person, Role, RoleHolding, School
from drystone.registers.school.reach import kept_from
from drystone.registers.signon.models import Device, Session

NOT_STAFF = (Role.PUPIL, Role.PARENT, Role.GOVERNOR, Role.CHAIR, Role.COUNCIL)


def may_sign_on(school: School, on: date, seen_by: Person | None = None) -> QuerySet[Person]:
    """Everybody with a network sign-on name who is in a class or holds a role; whom a court keeps from a child sees
    that child on none of these lists."""
    held = RoleHolding.objects.filter(starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    here = Q(school_class__isnull=False) | Q(pk__in=held.values("person"))
    return (
        Person.objects.filter(here, school=school)
        .exclude(sign_on="")
        .exclude(pk__in=kept_from(seen_by))
        .select_related("school_class", "proxy_password", "user")
        .order_by("family_name", "given_names", "pk")
    )


def staff(school: School, on: date, seen_by: Person | None = None) -> QuerySet[Person]:
    held = RoleHolding.objects.filter(starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return may_sign_on(school, on, seen_by).filter(pk__in=held.exclude(role__in=NOT_STAFF).values("person"))


def chosen(school: School, who: str, on: date, seen_by: Person | None = None) -> QuerySet[Person]:
    """The people that a choice means: `class-3`, `staff`, `person-12`; nobody for anything else."""
    kind, _, number = who.partition("-")
    people = may_sign_on(school, on, seen_by)
    if who == "staff":
        return staff(school, on, seen_by)
    if not (number.isascii() and number.isdigit() and len(number) < 10) or kind not in ("class", "person"):
        return people.none()
    return people.filter(school_class_id=int(number)) if kind == "class" else people.filter(pk=int(number))


def by_name(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    for word in text.split():
        people = people.filter(
            Q(given_names__icontains=word)
            | Q(family_name__icontains=word)
            | Q(preferred_name__icontains=word)
            | Q(sign_on__icontains=word)
        )
    return people


def devices(
    school: School, *, text: str = "", state: str = "", now: datetime, seen_by: Person | None = None
) -> QuerySet[Device]:
    """`state`: now, later, ended, or all."""
    found = Device.objects.filter(school=school).select_related("person", "group").order_by("name", "since", "id")
    found = found.exclude(person__in=kept_from(seen_by))
    for word in text.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(network__icontains=word)
            | Q(note__icontains=word)
            | Q(person__family_name__icontains=word)
            | Q(person__given_names__icontains=word)
            | Q(person__sign_on__icontains=word)
            | Q(group__name__icontains=word)
        )
    match state:
        case "ended":
            return found.filter(until__lte=now)
        case "later":
            return found.filter(since__gt=now)
        case "all":
            return found
    return found.filter(since__lte=now).exclude(until__lte=now)


def sessions(
    school: School,
    *,
    text: str = "",
    state: str = "",
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    seen_by: Person | None = None,
) -> QuerySet[Session]:
    """Newest first. `text` is a name, a sign-on name or an address. `state` now: those that go on."""
    found = (
        Session.objects.filter(school=school).select_related("person", "source__integration").order_by("-since", "-id")
    )
    found = found.exclude(person__in=kept_from(seen_by))
    for word in text.split():
        found = found.filter(
            Q(sign_on__icontains=word)
            | Q(address=word)
            | Q(person__family_name__icontains=word)
            | Q(person__given_names__icontains=word)
        )
    if state == "now":
        found = found.filter(since__lte=now, ends_at__gt=now)
    if since:
        found = found.filter(ends_at__gt=since)
    if until:
        found = found.filter(since__lt=until)
    return found
