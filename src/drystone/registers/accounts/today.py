"""What accounts ask of people today."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from drystone.registers.accounts.models import Answer, Invitation
from drystone.registers.accounts.queries import Held, held_accounts, unreachable_parents
from drystone.registers.accounts.services import locks
from drystone.registers.accounts.services.reminders import is_old
from drystone.registers.accounts.sso.sources import BadSources, sources
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
        if failures.user and failures.locked_until
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


@needs_today
def review_to_answer(school: School, _person: Person, roles: frozenset[Role], _on: date) -> list[Task]:
    """P45: the head's yes or no to every account, each term."""
    if not roles & matrix()["accounts.review"]:
        return []
    review = school.account_reviews.filter(finished_at=None).first()
    if review is None:
        return []
    left = review.lines.filter(answer=Answer.OPEN).count()
    what = f"{left} to answer" if left else "all answered: finish it"
    url = reverse("accounts:review", args=[review.pk])
    return [Task(f"Look through the accounts of {review.term_name}", url, Urgency.TODAY, what)]


@needs_today
def accounts_to_close(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P45: what leavers held still stands open on the school's own systems."""
    if not roles & (matrix()["accounts.change_held"] & {Role.TECHNICIAN, Role.NETWORK_MANAGER}):
        return []
    ended = held_accounts(school).filter(Q(holders__until__lt=on)).distinct()
    names = [account.name for account in ended if Held(account, on).is_to_close]
    if not names:
        return []
    text = f"Close {names[0]} on the school’s systems" if len(names) == 1 else f"Close {len(names)} accounts of leavers"
    return [Task(text, reverse("accounts:held") + "?state=close", Urgency.TODAY, "Nobody holds them any more.")]


@needs_today
def parents_without_a_way_in(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    if Role.OFFICE not in roles or Role.OFFICE not in matrix()["accounts.view_parents"]:
        return []
    count = len(unreachable_parents(school, on))
    if not count:
        return []
    text = "1 parent cannot sign in" if count == 1 else f"{count} parents cannot sign in"
    detail = "They have no address on record, or share one."
    return [Task(text, reverse("accounts:parents"), Urgency.SOON, detail)]


@needs_today
def old_password(_school: School, person: Person, _roles: frozenset[Role], on: date) -> list[Task]:
    """P46: a friendly word, and “not now” ends it."""
    if person.user is None or not is_old(person.user, on):
        return []
    detail = "It is over a year old. You need not."
    return [Task("Think about a new password", reverse("accounts:old_password"), Urgency.SOON, detail)]


@needs_today
def sources_that_cannot_be_read(_school: School, _person: Person, roles: frozenset[Role], _on: date) -> list[Task]:
    if not roles & {Role.TECHNICIAN, Role.NETWORK_MANAGER}:
        return []
    try:
        sources()
    except BadSources as fault:
        return [Task("Put right how people sign in at Microsoft, Google or others", "", Urgency.NOW, str(fault))]
    return []
