"""What accounts ask of people today."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services import locks
from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.moments import clock


@needs_today
def locked_out(school: School, person: Person, roles: frozenset[Role], _on: date) -> list[Task]:
    """P45: somebody mistyped, or somebody guesses."""
    if not roles & matrix()["accounts.unlock"]:
        return []
    url = f"{reverse('accounts:doors')}?show=locked"
    found = locks.locked_now(school, at=timezone.now()).prefetch_related("user__people")
    return [
        Task(
            f"{name.name} is locked out until {clock(failures.locked_until)}",
            url,
            Urgency.TODAY,
            f"{failures.count} wrong passwords or codes. Ask them whether that was they, before you unlock.",
        )
        for failures in found
        if failures.user
        for name in failures.user.people.all()
        if name.school_id == school.pk and name.pk != person.pk
    ]


@needs_today
def not_sent(school: School, _person: Person, roles: frozenset[Role], _on: date) -> list[Task]:
    if not roles & matrix()["school.give_accounts"]:
        return []
    newer = Invitation.objects.filter(person=OuterRef("person"), pk__gt=OuterRef("pk"))
    failed = Invitation.objects.filter(~Exists(newer), person__school=school, sent_at=None).exclude(fault="")
    first = failed.select_related("person").first()
    if first is None:
        return []
    others = failed.count() - 1
    more = f" and {others} more" if others else ""
    return [
        Task(f"The invitation of {first.person.name}{more} was not sent", reverse("accounts:doors"), detail=first.fault)
    ]
