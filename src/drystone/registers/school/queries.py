"""Reads that more than one place needs, each within one school."""

from __future__ import annotations

import re
from datetime import date

from django.db.models import Q, QuerySet

from drystone.registers.school.models import AuditEntry, Person, Role, RoleHolding, School


def holdings_on(school: School, role: Role, on: date) -> QuerySet[RoleHolding]:
    """Who holds a role on a day, the newest holder first."""
    return (
        RoleHolding.objects.filter(person__school=school, role=role, starts__lte=on)
        .filter(Q(ends__isnull=True) | Q(ends__gte=on))
        .select_related("person")
        .order_by("-starts", "-id")
    )


def coordinator(school: School, on: date) -> RoleHolding | None:
    """P02: the one named e-safety co-ordinator of a day."""
    return holdings_on(school, Role.COORDINATOR, on).first()


def current(people: QuerySet[Person], on: date) -> QuerySet[Person]:
    """Those of them who are at the school on a day: nobody's last day is before it."""
    return people.filter(Q(left_on__isnull=True) | Q(left_on__gte=on))


def still_held(holdings: QuerySet[RoleHolding], on: date) -> QuerySet[RoleHolding]:
    """Those of them that go on after a day, or begin after it."""
    return holdings.filter(Q(ends__isnull=True) | Q(ends__gt=on))


def year_of(person: Person) -> int | None:
    """A pupil's own year; where nobody wrote it down, that of the class."""
    if person.year_group is not None or person.school_class is None:
        return person.year_group
    return person.school_class.year_group


def of_year(people: QuerySet[Person], year: int) -> QuerySet[Person]:
    return people.filter(Q(year_group=year) | Q(year_group=None, school_class__year_group=year))


def holding(people: QuerySet[Person], role: str, on: date) -> QuerySet[Person]:
    """Those of them who hold a role on a day."""
    holders = RoleHolding.objects.filter(role=role, starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return people.filter(pk__in=holders.values("person"))


def audit_entries(
    school: School,
    *,
    actor: str = "",
    verb: str = "",
    text: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """The school's chain, newest first; days are the school's, `until` included."""
    found = AuditEntry.objects.filter(chain=school.slug).order_by("-seq")
    if actor:
        found = found.filter(actor=actor)
    if verb:
        found = found.filter(verb=verb)
    for word in text.split():
        found = found.filter(Q(summary__icontains=word) | Q(subject__icontains=word))
    if since:
        found = found.filter(at__date__gte=since)
    if until:
        found = found.filter(at__date__lte=until)
    return found


def free_slug(name: str, taken: set[str], *, longest: int = 40) -> str:
    """`Nursery & ICT suite` → `nursery-ict-suite`; with a number when it is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: longest - 4].strip("-") or "x"
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
