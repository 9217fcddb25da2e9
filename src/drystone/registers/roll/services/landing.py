"""A plan lands whole: its rows, their journal, what follows for who came and who left, and the audit entry, or nothing.

What a file brings and the new school year both land here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils import timezone

from drystone.registers.roll.models import Line, Run, RunState
from drystone.registers.roll.services.draft import Draft
from drystone.registers.roll.services.journal import write
from drystone.registers.school.hooks import announce_filter_change, announce_joined, announce_left
from drystone.registers.school.models import Person
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused

SHOWN = ("tab", "position", "person_id", "name", "what", "detail", "fields", "key")


@dataclass
class Plan:
    """What a run would do to one school: the rows, and how the preview tells it.

    `second_yes`: why this needs one (a mass leave); empty where it does not.
    """

    draft: Draft = field(default_factory=Draft)
    lines: list[Line] = field(default_factory=list)
    joined: list[Person] = field(default_factory=list)
    left: list[Person] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    second_yes: str = ""

    @cached_property
    def digest(self) -> str:
        """Of all that the preview shows and how much would be written: another one means that the roll has changed.
        Asked for when the plan is whole."""
        told = [[getattr(line, name) for name in SHOWN] for line in self.lines]
        canonical = json.dumps([told, list(self.draft.sizes()), self.second_yes], sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


def show(plan: Plan, *, run: Run) -> Run:
    """Keeps the plan's lines for the preview; the run waits for a yes. In the caller's transaction."""
    run.lines.all().delete()
    for line in plan.lines:
        line.run = run
    Line.objects.bulk_create(plan.lines, batch_size=500)
    run.counts, run.digest, run.state, run.problem = told(plan), plan.digest, RunState.WAITING, ""
    run.save()
    return run


def told(plan: Plan) -> dict[str, Any]:
    return {**plan.counts, "second_yes": plan.second_yes}


@transaction.atomic
def land(plan: Plan, *, run: Run, by: Person | None, on: date, summary: str, as_name: str = "") -> Run:
    """The caller holds the school's lock and has made the plan under it, so that nothing came between.

    Raises Refused where the plan is no longer what the preview showed.
    """
    if run.digest and run.digest != plan.digest:
        raise Refused("The roll has changed since this was shown. Look at it again before you say yes")
    write(plan.draft, run=run)
    if plan.joined:
        announce_joined(school=run.school, people=plan.joined, on=on, by=by)
    for last_day, people in _by_last_day(plan.left, on).items():
        announce_left(school=run.school, people=people, on=last_day, by=by)
    if not plan.draft.empty:
        announce_filter_change(school=run.school, by=by)
    run.state, run.problem, run.on, run.counts = RunState.APPLIED, "", on, told(plan)
    run.digest, run.applied_at, run.applied_by = plan.digest, timezone.now(), by
    run.save()
    audit.record(
        school=run.school,
        by=by,
        as_name=as_name,
        verb="apply_roll",
        subject=run,
        summary=summary,
        after={"file": run.file_name, "sha256": run.sha256, "shown": plan.digest, "counts": run.counts},
    )
    return run


def _by_last_day(left: list[Person], on: date) -> dict[date, list[Person]]:
    days: dict[date, list[Person]] = {}
    for person in left:
        days.setdefault(person.left_on or on, []).append(person)
    return days
