"""Reminders by e-mail: at most three for a notice, one mail for all that somebody has yet to read."""

from __future__ import annotations

import logging
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from drystone.registers.accounts.api import goes_by_mail
from drystone.registers.documents.models import Reminder
from drystone.registers.documents.queries import Asked, Live, asked_of, live_notices, words_had
from drystone.registers.documents.reminding import words_due
from drystone.registers.school.models import Person, School
from drystone.registers.school.moments import day
from drystone.registers.school.services import audit

log = logging.getLogger(__name__)
Waiting = list[tuple[Live, Asked, int]]  # a notice, how it asks, and which word this is


def remind(*, school: School, on: date) -> int:
    """P02, P47, P48: whoever signs in and has a word due gets it, once. Those who do not sign in are asked on paper.

    Without a mail server nothing goes out and nothing is counted as sent. A mail server that fails ends the round: the
    next one goes on where it stopped. How many mails went out."""
    if not goes_by_mail():
        return 0
    waiting = _waiting(school, on)
    people = Person.objects.select_related("user", "school").in_bulk(waiting)
    sent = 0
    for number, lines in waiting.items():
        try:
            sent += _send(people[number], lines, on)
        except (OSError, smtplib.SMTPRecipientsRefused) as error:
            log.warning("%s: a reminder could not be sent: %s", school.slug, type(error).__name__)
            if not isinstance(error, smtplib.SMTPRecipientsRefused):
                break
    if sent:
        slugs = sorted({live.document.slug for lines in waiting.values() for live, _, _ in lines})
        audit.record(
            school=school,
            by=None,
            verb="remind",
            subject=school,
            summary=f"{sent} {'person was' if sent == 1 else 'people were'} reminded by e-mail of notices to read",
            after={"mails": sent, "notices": slugs},
        )
    return sent


def _waiting(school: School, on: date) -> dict[int, Waiting]:
    """By person: what they are to be reminded of now."""
    lives = live_notices(school, on)
    asked, had = asked_of(school, lives, on), words_had(lives)
    waiting: dict[int, Waiting] = defaultdict(list)
    for live in lives:
        for row in asked[live.document.pk]:
            if row.read is None and row.signs_in:
                word = words_due(row.since, row.due, on)
                if word > had.get((live.document.pk, row.person), 0):
                    waiting[row.person].append((live, row, word))
    return waiting


def _send(person: Person, lines: Waiting, on: date) -> int:
    """The reminders stand in the database before the mail leaves, and go again if it does not: a worker that dies in
    between leaves somebody without a mail, never with two."""
    assert person.user is not None  # noqa: S101 - only those who sign in are waiting
    to = person.user.email
    with transaction.atomic():
        rows = [
            Reminder.objects.create(version=live.version, person=person, number=word, sent_to=to)
            for live, _, word in lines
        ]
    try:
        _message(person, to, lines, on).send()
    except BaseException:
        Reminder.objects.filter(pk__in=[row.pk for row in rows]).delete()
        raise
    return 1


def _message(person: Person, to: str, lines: Waiting, on: date) -> EmailMessage:
    school = person.school
    one = len(lines) == 1
    subject = f"Please read: {lines[0][0].version.title}" if one else f"Please read {len(lines)} notices"
    said = [_line(live, row, on) for live, row, _ in lines]
    last = any(word == 3 for _, _, word in lines)
    text = "\n\n".join(
        [
            f"Dear {person.name},",
            f"{school.name} asks you to read {'this notice' if one else 'these notices'} and to confirm it:",
            "\n".join(said),
            _where(lines),
            *(["This is the last reminder. After it somebody will ask you in person."] if last else []),
            school.name,
        ]
    )
    reply_to = [school.email] if school.email else None
    return EmailMessage(subject, text, to=[to], reply_to=reply_to)


def _line(live: Live, row: Asked, on: date) -> str:
    return f"- {live.version.title} ({'it was to be read' if row.due < on else 'please read it'} by {day(row.due)})"


def _where(lines: Sequence[tuple[Live, Asked, int]]) -> str:
    """A link where we know by which name the pages are reached; otherwise in words, rather than one that leads
    nowhere."""
    hosts = settings.ALLOWED_HOSTS[3:]
    if not (settings.HTTPS and hosts):
        return "Sign in to Drystone: it stands on your first page."
    path = reverse("documents:notice", args=[lines[0][0].document.pk]) if len(lines) == 1 else reverse("documents:mine")
    return f"Sign in here: https://{hosts[0]}{path}"
