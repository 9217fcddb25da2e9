"""P45: an account is not to be guessed open. Five wrong passwords or codes lock it for a quarter of an hour; the head
and the technician see it and may unlock it sooner. A passkey opens it all the while: there is nothing to guess."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.core import ratelimit
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from drystone.registers.accounts.models import SignInFailures
from drystone.registers.school.models import Person, School, User
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require

TRIES = 5
LASTS = timedelta(minutes=15)
FORGOTTEN = timedelta(days=1)


def is_locked(address: str, *, at: datetime) -> bool:
    return SignInFailures.objects.filter(digest=_digest(address), locked_until__gt=at).exists()


@transaction.atomic
def count_failure(address: str, *, at: datetime) -> bool:
    """One more wrong password or code; whether that locked the account."""
    user = User.objects.filter(email__iexact=address.strip()).first()
    SignInFailures.objects.get_or_create(digest=_digest(address), defaults={"user": user, "since": at})
    failures = SignInFailures.objects.select_for_update().get(digest=_digest(address))
    if failures.locked_until and failures.locked_until > at:
        return False
    if at - failures.since > LASTS or failures.locked_until:
        failures.count, failures.since, failures.locked_until = 0, at, None
    failures.count += 1
    failures.user = user
    locks = failures.count >= TRIES
    if locks:
        failures.locked_until = at + LASTS
    failures.save()
    if locks and user:
        _tell(user, "lock_account", f"is locked for 15 minutes: {failures.count} wrong passwords or codes", None)
    return locks


def forget_failures(user: User) -> None:
    """They signed in: what was wrong before was theirs."""
    SignInFailures.objects.filter(digest=_digest(user.email)).delete()


def locked_now(school: School, *, at: datetime) -> QuerySet[SignInFailures]:
    """Locked accounts of this school's people."""
    found = SignInFailures.objects.filter(locked_until__gt=at, user__people__school=school).select_related("user")
    return found.order_by("locked_until")


@transaction.atomic
def unlock(*, person: Person, by: Person, request: HttpRequest) -> None:
    """Before its time is over; codes of the second step may be tried again too."""
    require(by, "accounts.unlock", person.school)
    failures = SignInFailures.objects.filter(user=person.user, locked_until__gt=timezone.now())
    if person.user is None or not failures.exists():
        raise Refused(f"The account of {person.name} is not locked any more")
    failures.delete()
    ratelimit.clear(request, action="login_failed", key=f"mfa-auth-user-{person.user.pk}")
    _tell(person.user, "unlock_account", "was unlocked", by)


def forget_old(*, at: datetime) -> int:
    """Addresses that were tried a day ago are nobody's business any more."""
    return SignInFailures.objects.filter(since__lt=at - FORGOTTEN).delete()[0]


def _tell(user: User, verb: str, what: str, by: Person | None) -> None:
    for person in user.people.select_related("school"):
        audit.record(
            school=person.school,
            by=by if by and by.school_id == person.school_id else None,
            as_name="" if by is None else by.name,
            verb=verb,
            subject=person,
            summary=f"The account of {person.name} {what}",
        )


def _digest(address: str) -> str:
    return salted_hmac("drystone.sign-in-failures", address.strip().lower(), algorithm="sha256").hexdigest()
