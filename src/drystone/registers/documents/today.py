"""What the documents register asks of people today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.urls import reverse

from drystone.registers.documents.built_in import ANSWER_FOR_POLICY, COORDINATOR, built_in
from drystone.registers.documents.models import Document, Kind
from drystone.registers.documents.queries import Live, asked_of, live_notices, own
from drystone.registers.documents.reminding import ended
from drystone.registers.documents.sign_offs import Standing, sign_offs
from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.moments import day

WEEK = timedelta(days=7)


@needs_today
def notices_to_read(_school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P02, P47, P48: a notice stands on the first page of whoever has yet to read it."""
    if not roles & matrix()["documents.take_note"]:
        return []
    tasks = []
    for live, mine in own(person, on):
        if mine.read is None:
            late = mine.due < on
            detail = f"It was to be read by {day(mine.due)}." if late else f"By {day(mine.due)}. {live.version.why}"
            url = reverse("documents:notice", args=[live.document.pk])
            urgency = Urgency.NOW if late else Urgency.TODAY if mine.due < on + WEEK else Urgency.SOON
            tasks.append(Task(f"Read: {live.version.title}", url, urgency, detail))
    return tasks


@needs_today
def notices_to_send(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P47, P48: a notice that ships ready still waits for somebody to send it; and reminders come to an end, after
    which a person asks."""
    if not roles & matrix()["documents.send"]:
        return []
    return [*_unsent(school), *_to_ask(school, live_notices(school, on), on)]


def _unsent(school: School) -> list[Task]:
    sent = set(Document.objects.filter(school=school).values_list("slug", flat=True))
    ready = (text for text in built_in().values() if text.kind == Kind.NOTICE and text.slug != COORDINATOR)
    return [
        Task(
            f"Send staff the notice “{text.text.title}”",
            f"{reverse('documents:send')}?ready={text.slug}",
            Urgency.SOON,
            f"{', '.join(text.promises)}: {text.text.why}",
        )
        for text in ready
        if text.slug not in sent
    ]


def _to_ask(school: School, lives: Sequence[Live], on: date) -> list[Task]:
    lives = [live for live in lives if ended(live.basis.issued_on + timedelta(days=live.version.days), on)]
    asked, tasks = asked_of(school, lives, on), []
    for live in lives:
        silent = sum(row.read is None and ended(row.due, on) for row in asked[live.document.pk])
        if silent:
            text = f"{silent} {'has' if silent == 1 else 'have'} still not read “{live.version.title}”"
            url = f"{reverse('documents:who', args=[live.document.pk])}?state=late"
            tasks.append(Task(text, url, Urgency.TODAY, "Reminders have come to an end: ask them yourself."))
    return tasks


@needs_today
def sign_off_due(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P01: once a year, and when somebody new takes the post."""
    url, tasks = reverse("documents:sign_off", args=[ANSWER_FOR_POLICY]), []
    for line in sign_offs(school, on):
        if line.role not in roles or line.standing in (Standing.SIGNED, Standing.NOBODY):
            continue
        late = line.due is not None and line.due < on
        when = "" if line.due is None else f"It was due on {day(line.due)}." if late else f"By {day(line.due)}."
        tasks.append(Task("Sign that you answer for the e-safety policy", url, Urgency(0 if late else 1), when))
    return tasks
