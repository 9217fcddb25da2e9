"""What the roll asks of people today."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse

from drystone.registers.roll.models import Run, RunKind, RunState
from drystone.registers.roll.rollover import usual_day
from drystone.registers.roll.words import name_of
from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import AcademicYear, Person, Role, School
from drystone.registers.school.moments import day

AHEAD = timedelta(days=45)  # from when on a new school year is to be planned
LOOKED_BACK = timedelta(days=14)


@needs_today
def roll_tasks(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    """Files that wait for a yes or an answer, a year that could not begin, one that nobody has planned."""
    if not roles & matrix()["roll.import"]:
        return []
    runs = list(Run.objects.filter(school=school, made_at__date__gt=on - timedelta(days=400)).order_by("-pk")[:50])
    tasks = [_waits(run) for run in runs if run.state in (RunState.WAITING, RunState.MAPPING)]
    return tasks + _new_year(school, [run for run in runs if run.kind == RunKind.YEAR], on)


def _waits(run: Run) -> Task:
    text = "A new school year waits for your yes" if run.kind == RunKind.YEAR else "A file waits to be imported"
    if run.state == RunState.MAPPING:
        text = "Say which column is what in a file to import"
    return Task(text, reverse("roll:run", args=[run.pk]), Urgency.TODAY, name_of(run))


def _new_year(school: School, years: list[Run], on: date) -> list[Task]:
    newest = years[0] if years else None
    if newest and newest.state == RunState.FAILED and newest.on >= on - LOOKED_BACK:
        url = reverse("roll:run", args=[newest.pk])
        return [Task("The new school year could not begin", url, Urgency.NOW, newest.problem)]
    if not AcademicYear.objects.filter(school=school, starts__gt=on, starts__lte=on + AHEAD).exists():
        return []
    begins = usual_day(school, on)
    done = (RunState.PLANNED, RunState.WAITING, RunState.APPLIED)
    if any(run.state in done and abs((run.on - begins).days) < 2 * AHEAD.days for run in years):
        return []
    return [Task("Plan the new school year", reverse("roll:new_year"), Urgency.SOON, f"It begins on {day(begins)}")]
