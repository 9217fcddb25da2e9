"""What the school register asks of people today."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse

from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.posts import vacant_posts
from drystone.registers.school.queries import coordinator, holdings_on

OWN_TASK = frozenset({Role.COORDINATOR, Role.SAFEGUARDING_LEAD})
NOTICE = timedelta(days=60)  # before the last term of the calendar ends


@needs_today
def named_people(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P02: without a named co-ordinator nobody knows whom to ask."""
    if not roles & matrix()["school.change_roles"]:
        return []
    tasks = []
    if coordinator(school, on) is None:
        tasks.append(Task("Name the e-safety co-ordinator", reverse("school:coordinator"), Urgency.NOW))
    if not holdings_on(school, Role.SAFEGUARDING_LEAD, on).exists():
        url = reverse("school:post", args=[Role.SAFEGUARDING_LEAD])
        tasks.append(Task("Say who is designated safeguarding lead", url, Urgency.TODAY))
    others = [post for post in vacant_posts(school, on) if post.role not in OWN_TASK]
    if others:
        names = ", ".join(post.role.label.lower() for post in others)
        tasks.append(Task("Fill the named posts", reverse("school:posts"), Urgency.SOON, f"Nobody is named: {names}."))
    return tasks


@needs_today
def calendar_ends(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """Rules that count in term time need terms."""
    if not roles & matrix()["school.change_settings"]:
        return []
    last = school.years.order_by("-ends").first()
    if last is None or last.ends < on:
        return [Task("Add this year’s terms to the calendar", reverse("school:new_year"), Urgency.NOW)]
    if last.ends - on <= NOTICE:
        return [Task("Add next year’s terms to the calendar", reverse("school:new_year"), Urgency.SOON)]
    return []


@needs_today
def places_missing(school: School, _person: Person, roles: frozenset[Role], _on: date) -> list[Task]:
    if roles & matrix()["school.change_settings"] and not school.zones.exists():
        return [Task("Add a zone: the filter blocks everybody", reverse("school:new_zone"), Urgency.NOW)]
    return []
