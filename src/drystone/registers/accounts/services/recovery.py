"""Somebody lost the phone that their second step was on, and has no recovery codes: a colleague helps, on record."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from drystone.registers.accounts.services.sessions import end_sessions
from drystone.registers.school.models import Person
from drystone.registers.school.services import audit
from drystone.registers.school.services.accounts import did_lately
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require


@transaction.atomic
def take_second_step_away(*, person: Person, by: Person, reason: str) -> None:
    """Every app, passkey and recovery code goes, and they are signed out everywhere. Their password stays, and only
    they know it: so whoever helps cannot get in by it, and is not who gave them a code for another. Where their role
    needs a second step, they set up another the next time they sign in."""
    require(by, "accounts.recover", person.school)
    user = person.user
    if user is None:
        raise Refused(f"{person.name} has no account")
    if person == by:
        raise Refused("Somebody else has to do this for you: the head teacher or the technician")
    if user.people.exclude(school=person.school).exists():
        raise Refused(f"{person.name} is known in another school too, so this school alone cannot do it")
    steps = list(Authenticator.objects.filter(user=user).order_by("pk"))
    if not steps:
        raise Refused(f"{person.name} has no second step that could be taken away")
    # A code that came before the step was for whoever set the step up, too.
    if did_lately(by, "give_first_time_code", person, since=min(step.created_at for step in steps)):
        raise Refused(f"You gave {person.name} a code to set a password with, so somebody else has to do this")
    ways = [str(step) for step in steps]
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user=user)
    audit.record(
        school=person.school,
        by=by,
        verb="take_second_step_away",
        subject=person,
        summary=f"The second step of {person.name} was taken away: {reason}",
        before={"ways": ways},
    )
