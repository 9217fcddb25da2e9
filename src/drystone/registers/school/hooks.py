"""What school asks of the floors above it. They register here; school never imports them.

- `@needs_today` functions, in each app's `today.py`: what a person should do today.
- `filter_inputs_changed`: zones, groups, classes, the calendar or the school's own sites changed, so the
  filter's bundle is out of date. Sent after the change is committed, with `school` and `by`.
- `evidence_changed`: what findings rest on is new (the filter was tested), so that the board need not wait for its
  hour. Sent as the other.
- `place_goes`: a zone or group is about to be removed, in the same transaction, with `place` and `by`: whoever keeps
  something for it lets go. A listener that fails undoes the removal.
- `@overlay_part` functions, in each app's `overlay.py`: what the register says of the overlay, which reaches gateways
  faster than a bundle. `overlay_inputs_changed`: that changed. Sent as the others; `network` writes the file.
- `people_joined`, `people_left`: somebody came to the school, or their last day is known. Sent in the same transaction,
  with `school`, `people` (all of one import together), `on` and `by`: what follows (accounts, agreements asked for,
  consents ended, retention) lands with it or not at all.
- `integration_ends`: the token of another system is withdrawn, in the same transaction, with `integration` and `by`.
- `coordinator_changed`: another e-safety co-ordinator is named, in the same transaction, with `school`, `holding`,
  `before` (a Person) and `by`: everybody is told.
- `@board_counts`: the one function that says how many promises of each state schools have, and no more.
- `@person_part` functions, in each app's `person_parts.py`: what the register adds to a person's page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.dispatch import Signal

from drystone.registers.school.models import Person, Role, RoleHolding, School

if TYPE_CHECKING:
    from drystone.engine.filtering.overlay import Device, Permit, Session, SwitchedOff
    from drystone.engine.filtering.words import Access
    from drystone.registers.school.controls import State
    from drystone.registers.school.reach import Viewer

log = logging.getLogger(__name__)
filter_inputs_changed = Signal()
evidence_changed = Signal()
overlay_inputs_changed = Signal()
place_goes = Signal()
people_joined = Signal()
people_left = Signal()
coordinator_changed = Signal()
integration_ends = Signal()


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


@dataclass(frozen=True, slots=True)
class OverlayPart:
    """What one register says of a school's overlay, in the engine's own values (engine/filtering/overlay.py).

    People stand here by their network sign-on names, as typed: the writer makes keys of them. A `people` that names
    somebody and comes to nobody (they have no sign-on name) is left out whole: it never widens to everybody.
    Of two parts that speak of one person's access the stricter counts.
    """

    access: Mapping[str, Access] = field(default_factory=dict)
    switched_off: tuple[SwitchedOff, ...] = ()
    sessions: Mapping[str, tuple[Session, ...]] = field(default_factory=dict)  # by address
    devices: tuple[Device, ...] = ()
    verifiers: Mapping[str, str] = field(default_factory=dict)
    permits: tuple[Permit, ...] = ()


PartOf = Callable[[School, datetime], OverlayPart]
_parts: list[PartOf] = []


def overlay_part(function: PartOf) -> PartOf:
    """Register `(school, at) -> OverlayPart`: all that holds at `at`, or will begin by itself later."""
    _parts.append(function)
    return function


def overlay_parts(school: School, at: datetime) -> list[OverlayPart]:
    """What every register says. One that fails fails the whole: to go without it could open what it closes."""
    return [function(school, at) for function in _parts]


@dataclass(frozen=True, slots=True)
class PersonPart:
    """One part of a person's page: a heading, and the template that draws it with `context` (`thing` is the person)."""

    title: str
    template: str
    context: Mapping[str, object] = field(default_factory=dict)


Draws = Callable[["Viewer", Person], PersonPart | None]
_person_parts: list[tuple[int, str, Draws]] = []


def person_part(*, permission: str, order: int = 50) -> Callable[[Draws], Draws]:
    """Register `(viewer, person) -> PersonPart or None`. It is asked only where `permission` reaches this person by one
    of the viewer's roles (`school/reach.py`)."""

    def decorate(function: Draws) -> Draws:
        _person_parts.append((order, permission, function))
        return function

    return decorate


def person_parts(viewer: Viewer, person: Person) -> list[PersonPart]:
    """What this viewer may see of a person, in order. One that fails fails the page: a page that silently lacks a part
    would say that there is nothing."""
    from drystone.registers.school.reach import may_see

    asked = sorted(_person_parts, key=lambda part: part[:2])
    drawn = [function(viewer, person) for _, permission, function in asked if may_see(viewer, permission, person)]
    return [part for part in drawn if part is not None]


def permissions_of_parts() -> list[str]:
    """The permissions by which registers add to a person's page."""
    return list(dict.fromkeys(permission for _, permission, _ in sorted(_person_parts, key=lambda part: part[:2])))


Counts = Mapping[int, Mapping["State", int]]
_counts: list[Callable[[Sequence[School], date], Counts]] = []


def board_counts(function: Callable[[Sequence[School], date], Counts]) -> Callable[[Sequence[School], date], Counts]:
    """Register `(schools, on) -> school's key → state → promises`: what a council may know of each of its schools."""
    _counts.append(function)
    return function


def counts_of(schools: Sequence[School], on: date) -> Counts:
    """A school that nobody assessed yet is left out."""
    return {key: states for function in _counts for key, states in function(schools, on).items()}


def announce_joined(*, school: School, people: Sequence[Person], on: date, by: Person | None) -> None:
    """Call it in the transaction that adds them, or brings them back. A listener that fails undoes it."""
    people_joined.send(sender=School, school=school, people=people, on=on, by=by)


def announce_left(*, school: School, people: Sequence[Person], on: date, by: Person | None) -> None:
    """Call it in the transaction that sets their last day, `on`. A listener that fails undoes it."""
    people_left.send(sender=School, school=school, people=people, on=on, by=by)


def announce_coordinator(*, holding: RoleHolding, before: Person, by: Person | None) -> None:
    """P02: call it in the transaction that names another. A listener that fails undoes it."""
    coordinator_changed.send(sender=School, school=holding.person.school, holding=holding, before=before, by=by)


def announce_filter_change(*, school: School, by: Person | None) -> None:
    _tell_when_committed(filter_inputs_changed, school, by)


def announce_evidence(*, school: School, by: Person | None = None) -> None:
    _tell_when_committed(evidence_changed, school, by)


def announce_overlay_change(*, school: School, by: Person | None = None) -> None:
    """Call it in the transaction of the change: gateways have it within two seconds of the commit."""
    _tell_when_committed(overlay_inputs_changed, school, by)


def _tell_when_committed(signal: Signal, school: School, by: Person | None) -> None:
    """Once a transaction, however many changes it makes. A listener that fails does not undo the change."""
    telling = _Telling(signal, school, by)
    waiting = (each for _, each, _ in transaction.get_connection().run_on_commit)
    if telling in waiting:  # what was rolled back waits no more, so this one stands at least as firmly as ours would
        return
    transaction.on_commit(telling)


@dataclass(frozen=True, slots=True)
class _Telling:
    signal: Signal
    school: School
    by: Person | None = field(compare=False)

    def __call__(self) -> None:
        for receiver, answer in self.signal.send_robust(sender=School, school=self.school, by=self.by):
            if isinstance(answer, Exception):
                log.error("%r did not take up a change of %s", receiver, self.school.slug, exc_info=answer)
