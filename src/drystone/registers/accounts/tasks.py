"""Work of the accounts register that nobody waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib.sessions.backends.db import SessionStore
from django.core.mail import send_mail
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services import invitations, locks
from drystone.registers.accounts.services.leavers import close_accounts_of_leavers
from drystone.registers.accounts.services.links import find_parents, make_link
from drystone.registers.accounts.services.reminders import remind_where_due
from drystone.registers.accounts.services.reviews import open_where_due
from drystone.registers.school.models import Person, School

log = logging.getLogger(__name__)

COME_IN = """You asked to sign in to {schools}.

Open this address, and press the button there. It works once, for 15 minutes:

{there}

If it was not you who asked, do nothing: nobody comes in without this e-mail.
"""
CANNOT = """Somebody asked for a link to sign in with this address. It cannot be sent: {why}.

The school office can help. If it was not you who asked, do nothing.
"""


@db_task()  # type: ignore[untyped-decorator]
def send_invitation(number: int) -> None:
    """P45: the code is made as the mail goes out, so it never lies in the queue."""
    invitation = Invitation.objects.select_related("person__school", "by").filter(pk=number, sent_at=None).first()
    if invitation is not None:
        invitations.send(invitation)


@db_periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
def forget_what_is_over() -> None:
    """P42: tries of yesterday, and sessions that ran out: whose they were is nobody's business any more."""
    locks.forget_old(at=timezone.now())
    SessionStore.clear_expired()


@db_task()  # type: ignore[untyped-decorator]
def send_sign_in_link(address: str, there: str) -> None:
    """P45: to the address on record, and to no other. `there` has SECRET where the link's own goes."""
    today = timezone.localdate()
    found = find_parents(address, today)
    if found.people:
        secret = make_link(address=address)
        if secret is None:
            return
        schools = " and ".join(person.school.name for person in found.people)
        text = COME_IN.format(schools=schools, there=there.replace("SECRET", secret))
        send_mail(f"Sign in to {schools}", text, None, [found.people[0].email])
    elif found.why:
        on_record = Person.objects.filter(email__iexact=address).values_list("email", flat=True).first()
        send_mail("Signing in at school", CANNOT.format(why=found.why), None, [on_record or address])


@db_periodic_task(crontab(hour="0", minute="17"))  # type: ignore[untyped-decorator]
def leavers_night() -> None:
    """P45: whose last day was yesterday, or earlier, is out. One school's fault does not keep another's doors open."""
    _each_school("leavers’ accounts", lambda school: close_accounts_of_leavers(school=school, on=timezone.localdate()))


@db_periodic_task(crontab(hour="6", minute="23"))  # type: ignore[untyped-decorator]
def each_morning() -> None:
    """P45, P46: a new term's review of accounts begins, and its reminder about passwords goes out."""
    today = timezone.localdate()
    _each_school("the review of accounts", lambda school: open_where_due(school=school, on=today))
    _each_school("the reminder about passwords", lambda school: remind_where_due(school=school, on=today))


def _each_school(what: str, do: Callable[[School], object]) -> None:
    for school in School.objects.all():
        try:
            do(school)
        except Exception:
            log.exception("%s of %s could not be dealt with", what, school.slug)
