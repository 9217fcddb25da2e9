"""P45: one account a person, made by the school, opened the first time with a code on paper."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from drystone.registers.school.access import roles_of
from drystone.registers.school.models import AuditEntry, FirstTimeCode, Person, Role, User
from drystone.registers.school.queries import still_held
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read for something else
LENGTH = 12  # 32 ** 12: 60 bits
LASTS = timedelta(days=14)


@transaction.atomic
def make_account(*, person: Person, by: Person | None, password: str | None = None, as_name: str = "") -> User:
    """An account for this person's e-mail address; without a password until a first-time code is used."""
    if person.user_id:
        raise Refused(f"{person.name} has an account already")
    if still_held(person.holdings.filter(role=Role.PUPIL), timezone.localdate() - timedelta(days=1)).exists():
        raise Refused(f"{person.name} is a pupil, and pupils have no password here")
    if not person.email:
        raise Refused(f"{person.name} needs an e-mail address first: it is what people sign in with", field="email")
    if User.objects.filter(email__iexact=person.email).exists():
        raise Refused(f"Somebody signs in as {person.email} already, and nobody shares an account", field="email")
    user = User.objects.create_user(person.email, password)
    person.user = user
    person.save(update_fields=["user"])
    audit.record(
        school=person.school,
        by=by,
        as_name=as_name,
        verb="make_account",
        subject=person,
        summary=f"{person.name} has an account: {user.email}",
        after={"email": user.email, "person": person.key},
    )
    return user


@transaction.atomic
def give_first_time_code(*, person: Person, by: Person | None, as_name: str = "") -> str:
    """A code to set a password with, once, within 14 days. Shown now and never again; earlier ones stop working."""
    user = person.user
    if user is None:
        raise Refused(f"{person.name} has no account")
    if user.people.exclude(school=person.school).exists():
        raise Refused(f"{person.name} is known in another school too, so this school alone cannot reset the account")
    if by is not None and person != by:
        _refuse_to_become(person, by)
    FirstTimeCode.objects.filter(user=user, used_at=None).delete()
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    FirstTimeCode.objects.create(user=user, digest=_digest(code), expires_at=timezone.now() + LASTS)
    audit.record(
        school=person.school,
        by=by,
        as_name=as_name,
        verb="give_first_time_code",
        subject=person,
        summary=f"{person.name} was given a code to set a password",
    )
    return "-".join(code[i : i + 4] for i in range(0, LENGTH, 4))


def did_lately(by: Person, verb: str, person: Person, since: datetime | None = None) -> bool:
    """Whether they themselves did this for the person while a code would last, and since then."""
    after = max(timezone.now() - LASTS, since) if since else timezone.now() - LASTS
    done = AuditEntry.objects.filter(chain=person.school.slug, actor=by.key, verb=verb, at__gt=after)
    return done.filter(subject=audit.subject_of(person)).exists()


def _refuse_to_become(person: Person, by: Person) -> None:
    """P35, P48: a code and no second step together open the account, so no one colleague gives the one and takes the
    other away; and the account of the council or trust is no one school's to open."""
    today = timezone.localdate()
    if person.holdings.filter(role=Role.COUNCIL).exclude(ends__lt=today).exists() and Role.COUNCIL not in roles_of(by):
        raise Refused(
            f"{person.name} sets rules for all schools of the authority, so no one school resets the account. The "
            "technician can, by “drystone manage council letter”"
        )
    if did_lately(by, "take_second_step_away", person) and not Authenticator.objects.filter(user=person.user).exists():
        raise Refused(
            f"You took the second step of {person.name} away: until there is another, somebody else gives the code"
        )


def find_first_time_code(*, email: str, code: str) -> FirstTimeCode | None:
    """The live code of this address, if this is it. Takes the same time whether or not the address is known."""
    digest = _digest(code.upper().replace("-", "").replace(" ", ""))
    kept = FirstTimeCode.objects.filter(user__email__iexact=email, used_at=None, expires_at__gt=timezone.now())
    found = kept.select_related("user").first()
    matches = hmac.compare_digest(found.digest if found else "0" * len(digest), digest)
    return found if found and matches and found.user.is_active else None


@transaction.atomic
def use_first_time_code(*, found: FirstTimeCode, password: str) -> User:
    """Sets the password; the code is spent. Two windows that send it at once: the second is refused."""
    code = FirstTimeCode.objects.select_for_update().select_related("user").get(pk=found.pk)
    if code.used_at:
        raise Refused("That code was used already", field="code")
    code.used_at = timezone.now()
    code.save(update_fields=["used_at"])
    user = code.user
    user.set_password(password)
    user.save(update_fields=["password", "password_changed_at"])
    for person in user.people.select_related("school"):
        audit.record(
            school=person.school,
            by=person,
            verb="set_first_password",
            subject=person,
            summary=f"{person.name} set a password with a code",
        )
    return user


def _digest(code: str) -> str:
    """Keyed with the house's secret: the table alone does not give codes away."""
    return salted_hmac("drystone.first-time-code", code, algorithm="sha256").hexdigest()
