"""P46: once a term everybody who works here is reminded of their passwords, and nobody is ever forced to change one."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction

from drystone.registers.accounts.models import NotNow, PasswordReminder
from drystone.registers.accounts.queries import holds
from drystone.registers.accounts.services.reviews import SETTLES, term_of
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import GOVERNORS, STAFF, Person, School, User
from drystone.registers.school.queries import current
from drystone.registers.school.services import audit

log = logging.getLogger(__name__)
OLD = timedelta(days=365)
REST = timedelta(days=120)  # about a term

TEXT = """Dear {name},

Once a term this reminds you of your passwords: that of your school e-mail, and yours for Drystone. Change them now and
then. Nobody will force you, and a long password that only you know can stay for years. But do change one at once if
you use it anywhere else, have told it to anybody, or typed it on a page that you have doubts about.

Your school e-mail: in its own settings, or ask the technician.
Drystone: sign in, choose your name at the top, then “Change” beside Password.

{school}
"""


def remind_where_due(*, school: School, on: date) -> PasswordReminder | None:
    """A week into a term, once. The record is written first: were two to run, one mail is sent, not two."""
    term = term_of(school, on)
    if term is None or on < term.starts + SETTLES or on > term.ends:
        return None
    try:
        with transaction.atomic():
            name = f"{term.name} {term.year.name}"
            reminder = PasswordReminder.objects.create(
                school=school, term_name=name, term_starts=term.starts, by_name="Drystone", sent=0
            )
    except IntegrityError:
        return None
    _send(reminder, list(reminded(school, on)))
    return reminder


def reminded(school: School, on: date) -> list[Person]:
    """Staff and governors who are here: they have e-mail of the school's, or an account of these pages, or both."""
    people = current(school.people.filter(holds(STAFF | GOVERNORS, on)), on)
    return list(people.order_by("family_name", "given_names", "pk"))


def _send(reminder: PasswordReminder, people: list[Person]) -> None:
    """Each by itself, so that one wrong address stops nobody else's."""
    school, unsent = reminder.school, []
    with get_connection(fail_silently=False) as connection:
        for person in people:
            text = TEXT.format(name=person.name, school=school.name)
            mail = EmailMessage("Your passwords: a reminder", text, None, [person.email], connection=connection)
            try:
                if not person.email or not mail.send():
                    unsent.append(person.key)
            except (SMTPException, OSError) as error:
                log.warning("the reminder about passwords did not reach %s: %s", person.key, error)
                unsent.append(person.key)
    reminder.sent, reminder.unsent = len(people) - len(unsent), len(unsent)
    with transaction.atomic():
        reminder.save(update_fields=["sent", "unsent"])
        audit.record(
            school=school,
            by=None,
            as_name="Every term",
            verb="remind_of_passwords",
            subject=reminder,
            summary=f"{reminder.sent} people were reminded of their passwords; {reminder.unsent} could not be reached",
            after={"sent": reminder.sent, "unsent": unsent},
        )
        announce_evidence(school=school)


def is_old(user: User, on: date) -> bool:
    """Whether to suggest a new password: it is over a year old, and its owner has not said “not now” lately."""
    if not user.has_usable_password() or user.password_changed_at is None or user.password_changed_at.date() > on - OLD:
        return False
    return not NotNow.objects.filter(user=user, until__gte=on).exists()


def leave_alone(*, user: User, on: date) -> None:
    """P46: “not now” is an answer."""
    NotNow.objects.update_or_create(user=user, defaults={"until": on + REST})
