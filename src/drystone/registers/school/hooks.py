"""What school asks of the floors above it. They register here; school never imports them.

- `@needs_today` functions, in each app's `today.py`: what a person should do today.
- `filter_inputs_changed`: zones, groups, classes, the calendar or the school's own sites changed, so the
  filter's bundle is out of date. Sent after the change is committed, with `school` and `by`.
- `evidence_changed`: what findings rest on is new (the filter was tested), so that the board need not wait for its
  hour. Sent as the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from django.db import transaction
from django.dispatch import Signal

from drystone.registers.school.models import Person, Role, School

log = logging.getLogger(__name__)
filter_inputs_changed = Signal()
evidence_changed = Signal()


class Urgency(IntEnum):
    """How soon; the home page sorts by it."""

    NOW = 0
    TODAY = 1
    SOON = 2


@dataclass(frozen=True, slots=True)
class Task:
    """One line of “What needs you today”: what to do, and where."""

    text: str
    url: str
    urgency: Urgency = Urgency.TODAY
    detail: str = ""


Asked = Callable[[School, Person, frozenset[Role], date], list[Task]]
_asked: list[Asked] = []


def needs_today(function: Asked) -> Asked:
    """Register `(school, person, roles, on) -> tasks`. It gives only what this person, with these roles, may do."""
    _asked.append(function)
    return function


def tasks_for(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """All that needs this person on a day, most urgent first. A register that fails is named, not left out."""
    tasks: list[Task] = []
    for function in _asked:
        try:
            tasks += function(school, person, roles, on)
        except Exception:
            log.exception("%s could not say what needs %s today", function.__module__, person.key)
            part = function.__module__.split(".")[-2]
            tasks.append(Task(f"“{part.capitalize()}” could not be asked. Tell the technician.", "", Urgency.NOW))
    return sorted(tasks, key=lambda task: task.urgency)


def announce_filter_change(*, school: School, by: Person | None) -> None:
    _tell_when_committed(filter_inputs_changed, school, by)


def announce_evidence(*, school: School, by: Person | None = None) -> None:
    _tell_when_committed(evidence_changed, school, by)


def _tell_when_committed(signal: Signal, school: School, by: Person | None) -> None:
    """A listener that fails does not undo the change."""

    def send() -> None:
        for receiver, answer in signal.send_robust(sender=School, school=school, by=by):
            if isinstance(answer, Exception):
                log.error("%r did not take up a change of %s", receiver, school.slug, exc_info=answer)

    transaction.on_commit(send)
