"""The school year turns: seen first, begun at once or in the night before its first day; undone as a file is."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import date

from django.db import transaction

from drystone.registers.roll.models import Line, Run, RunKind, RunState
from drystone.registers.roll.services.landing import Plan, land, show
from drystone.registers.roll.services.year_plan import plan_year
from drystone.registers.school.models import Person, School
from drystone.registers.school.moments import day
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

log = logging.getLogger(__name__)
PERMISSION = "roll.import"
BY_NIGHT = "Every night"


@transaction.atomic
def look_ahead(
    *, school: School, by: Person | None, on: date, last_day: date, moves: Mapping[str, str], today: date
) -> Run:
    """What would become of everybody on the roll today, if the year turned so. Raises Refused."""
    require(by, PERMISSION, school)
    lock(school)
    _may_be(school, on, last_day, today)
    for earlier in _of(school, RunState.WAITING):
        _drop(earlier)
    run = Run(
        school=school, kind=RunKind.YEAR, batch=secrets.token_hex(8), made_by=by, on=on,
        choices={"moves": dict(moves), "last_day": last_day.isoformat()},
    )  # fmt: skip
    plan = plan_year(run, today)
    run.save()
    return show(plan, run=run)


class _Otherwise(Refused):
    """The roll is not what was shown."""


def say_yes(*, run: Run, by: Person | None, digest: str, today: date) -> Run:
    """Begun at once where its day has come, otherwise planned.

    Raises Refused where the roll has changed meanwhile; then the run shows what it would do now.
    """
    require(by, PERMISSION, run.school)
    try:
        return _say_yes(run, by, digest, today)
    except _Otherwise:
        with transaction.atomic():
            lock(run.school)
            show(plan_year(run, today), run=run)
        raise


@transaction.atomic
def _say_yes(run: Run, by: Person | None, digest: str, today: date) -> Run:
    school = lock(run.school)
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.kind != RunKind.YEAR or run.state != RunState.WAITING:
        raise Refused("This does not wait for a yes any more")
    if digest != run.digest or plan_year(run, today).digest != run.digest:
        raise _Otherwise("The roll has changed since this was shown. Look at it again before you say yes")
    for planned in _of(school, RunState.PLANNED):
        _drop(planned)
    if run.on <= today:
        return _begin(run, by=by, today=today)
    run.state, run.digest = RunState.PLANNED, ""  # the night goes by who is on the roll then
    run.save()
    _record(run, by, "plan_year", f"The new school year is planned for {day(run.on)}")
    return run


@transaction.atomic
def cancel(*, run: Run, by: Person | None) -> Run:
    """Nothing of it happens. Raises Refused where it has begun."""
    require(by, PERMISSION, run.school)
    lock(run.school)
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state not in (RunState.WAITING, RunState.PLANNED, RunState.FAILED):
        raise Refused("It has begun already, or is cancelled. If it has begun, undo it instead")
    was_planned = run.state == RunState.PLANNED
    _drop(run)
    if was_planned:
        _record(run, by, "cancel_year", f"The new school year that was planned for {day(run.on)} is cancelled")
    return run


def begin_due(today: date) -> list[Run]:
    """Every planned year whose day has come, in each school. One that is not possible any more says why."""
    due = Run.objects.filter(kind=RunKind.YEAR, state=RunState.PLANNED, on__lte=today).select_related("school")
    return [_begin_by_night(run, today) for run in due.order_by("pk")]


def _begin_by_night(run: Run, today: date) -> Run:
    try:
        with transaction.atomic():
            lock(run.school)
            held = Run.objects.select_for_update().get(pk=run.pk)
            return _begin(held, by=None, today=today) if held.state == RunState.PLANNED else held
    except Refused as refused:
        problem = str(refused)
    except Exception as error:
        log.exception("the new school year of %s could not begin", run.school.slug)
        problem = f"Drystone itself failed ({type(error).__name__}). Tell whoever looks after it; see the log"
    run.state, run.problem = RunState.FAILED, f"The new school year could not begin. {problem}."
    run.save(update_fields=["state", "problem"])
    return run


def _begin(run: Run, *, by: Person | None, today: date) -> Run:
    """The caller holds the school's lock."""
    plan = plan_year(run, today)
    run.lines.all().delete()
    for line in plan.lines:
        line.run = run
    Line.objects.bulk_create(plan.lines, batch_size=500)
    summary = f"The new school year began on {day(run.on)}: {in_words(plan)}"
    return land(plan, run=run, by=by, on=run.on, summary=summary, as_name="" if by else BY_NIGHT)


def _of(school: School, state: RunState) -> list[Run]:
    return list(Run.objects.filter(school=school, kind=RunKind.YEAR, state=state))


def _drop(run: Run) -> None:
    run.lines.all().delete()
    run.state = RunState.DROPPED
    run.save(update_fields=["state"])


def _may_be(school: School, on: date, last_day: date, today: date) -> None:
    if last_day >= on:
        raise Refused(
            "The last day of those who leave must be before the day on which classes move up", field="last_day"
        )
    if (on - today).days > 400:
        raise Refused("Choose a day within a year: who is on the roll later nobody knows yet", field="on")
    if (today - on).days > 60:
        raise Refused("Choose a day that is less than two months ago", field="on")
    before = Run.objects.filter(school=school, kind=RunKind.YEAR, state=RunState.APPLIED).order_by("-on").first()
    if before is not None and (on - before.on).days < 180:
        raise Refused(
            f"The school year turned on {day(before.on)} already. Undo that first, or choose a day a year later",
            field="on",
        )


def _record(run: Run, by: Person | None, verb: str, summary: str) -> None:
    audit.record(
        school=run.school, by=by, verb=verb, subject=run, summary=summary,
        after={"on": run.on.isoformat(), "choices": run.choices, "counts": run.counts},
    )  # fmt: skip


def in_words(plan: Plan) -> str:
    moved, left = plan.counts["of"].get("move", {}), plan.counts["of"].get("leaver", {})
    return f"{moved.get('pupil', 0)} pupils moved up, {left.get('pupil', 0)} left"
