"""P45: an account is closed, and opened again. Closing one school's door leaves those of other schools."""

from __future__ import annotations

from datetime import date

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from drystone.registers.accounts.queries import doors_of
from drystone.registers.accounts.services.sessions import end_sessions
from drystone.registers.school.models import FirstTimeCode, Person, User
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require

PERMISSION = "accounts.close"


@transaction.atomic
def close_account(*, person: Person, by: Person | None, why: str, on: date, as_name: str = "") -> bool:
    """Nobody signs in as this person any more, and their sessions end. Whether there was an account to close."""
    require(by, PERMISSION, person.school)
    user = User.objects.select_for_update().filter(pk=person.user_id).first() if person.user_id else None
    if user is None or not user.is_active:
        return False
    if by is not None and by.user_id == user.pk:
        raise Refused("You cannot close your own account: another head teacher does that")
    _shut(person, user, on)
    audit.record(
        school=person.school,
        by=by,
        as_name=as_name,
        verb="close_account",
        subject=person,
        summary=f"The account of {person.name} is closed: {why}",
        after={"person": person.key, "email": user.email},
    )
    transaction.on_commit(lambda: end_sessions(user=user))
    return True


@transaction.atomic
def reopen_account(*, person: Person, by: Person, on: date) -> None:
    """A closed account of somebody who is here. They sign in by a new code or link, or as before."""
    require(by, PERMISSION, person.school)
    user = User.objects.select_for_update().filter(pk=person.user_id).first() if person.user_id else None
    if user is None or user.is_active:
        raise Refused(f"{person.name} has no closed account")
    if person.left_on is not None and person.left_on < on:
        raise Refused(f"{person.name} has left the school: take them back first")
    if doors_of(user, on).exclude(school=person.school).exists():
        raise Refused(f"{person.name} is known in another school too, so this school alone cannot open the account")
    user.is_active = True
    user.set_password(None)  # whoever learnt the old one does not come back with the account
    user.save(update_fields=["is_active", "password", "password_changed_at"])
    audit.record(
        school=person.school,
        by=by,
        verb="reopen_account",
        subject=person,
        summary=f"The account of {person.name} is open again, without its password",
        after={"person": person.key, "email": user.email},
    )


def _shut(person: Person, user: User, on: date) -> None:
    if doors_of(user, on).exclude(pk=person.pk).exists():
        person.user = None  # the account lives on in another school; its door into this one is gone
        person.save(update_fields=["user"])
        return
    user.is_active = False
    user.save(update_fields=["is_active"])
    FirstTimeCode.objects.filter(user=user, used_at=None).delete()
    SocialAccount.objects.filter(user=user).delete()  # the address may pass to a successor
