"""A file's way into the roll: begun, read, decided, applied whole.

run = begin(school=…, by=…, file_name="pupils.csv", on=today)      the upload goes to upload_of(run)
read(run=run)                        READING → WAITING with its lines, or FAILED with its problem
choose_columns(run=run, by=…, mapping=…)                            MAPPING, WAITING → READING; read it then
decide(run=run, by=…, answers={key: value})                         WAITING → READING; read it again then
ask_to_apply(run=run, by=…, leavers=True)                           WAITING → WORKING
carry_out(run=run, on=today)                                        WORKING → APPLIED, or back to WAITING
undo.undo(run=run, by=…, on=today)                                  APPLIED → UNDONE
drop(run=run, by=…)                                                 WAITING, MAPPING, FAILED → DROPPED
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from drystone.engine.roll.mapping import BadMapping
from drystone.engine.roll.mapping import Mapping as ColumnMapping
from drystone.engine.roll.reader import read as read_file
from drystone.engine.roll.values import RollFile, SchoolRoll, UnreadableRoll
from drystone.registers.roll.models import Mapping as Columns
from drystone.registers.roll.models import Run, RunState, Tab
from drystone.registers.roll.services.landing import Plan, land, show
from drystone.registers.roll.services.plan import plan_roll
from drystone.registers.roll.services.whose import marks_of, roll_of
from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

log = logging.getLogger(__name__)
MAY = "roll.import"
OPEN = (RunState.WAITING, RunState.MAPPING, RunState.FAILED)
CANNOT_READ = (UnreadableRoll, BadMapping, Refused)


def upload_of(run: Run) -> Path:
    """Where the file lies from its upload until the run is applied or dropped."""
    folder: Path = settings.HOME.uploads
    return folder / f"roll-{run.batch}"


def begin(
    *, school: School, by: Person | None, file_name: str, on: date, size: int = 0, mapping: Columns | None = None
) -> Run:
    """A run that is to be read. Its file goes to `upload_of(run)`."""
    require(by, MAY, school)
    return Run.objects.create(
        school=school,
        made_by=by,
        batch=secrets.token_hex(16),
        file_name=file_name[-255:],
        size=size,
        mapping=mapping,
        on=on,
    )


@transaction.atomic
def choose_columns(*, run: Run, by: Person | None, mapping: Columns) -> Run:
    """The file is a table: which of its columns is what. It is to be read then."""
    return _to_be_read(run, by, RunState.MAPPING, RunState.WAITING, mapping=mapping)


@transaction.atomic
def decide(*, run: Run, by: Person | None, answers: Mapping[str, str]) -> Run:
    """Answers to lines that have a key (doubts, classes to make): one of the line's options each. It is to be read
    again then, since what is decided changes what the file does."""
    offered = {line.key: {value for value, _ in line.options} for line in run.lines.exclude(key="")}
    for key, value in answers.items():
        if value not in offered.get(key, set()):
            raise Refused("One answer is not among those that there are: look at the list again")
    held = _at(run, by, RunState.WAITING)
    return _to_be_read(held, by, RunState.WAITING, choices={**held.choices, **answers})


def read(*, run: Run, on: date | None = None) -> Run:
    """What the file would do, kept as lines. What goes wrong is said in `problem`; the roll is not touched.

    `on`: today, where the run was begun on another day.
    """
    try:
        with _opened(run) as (roll, file), transaction.atomic():
            school = lock(run.school)
            held = Run.objects.select_for_update().get(pk=run.pk)
            if held.state != RunState.READING:
                return held
            held.on = on or held.on
            held.sha256, held.source, held.scope = marks_of(file)
            return show(_plan(held, school, roll, file), run=held)
    except CANNOT_READ as refused:
        problem = str(refused).replace(upload_of(run).name, run.file_name)
    except Exception as error:
        log.exception("a file of %s could not be read", run.school.slug)
        problem = f"Drystone itself failed ({type(error).__name__}). Tell whoever looks after it; see the log"
    return _failed(run, problem)


def carry_out(*, run: Run, on: date) -> Run:
    """The whole file in one transaction. Where the roll has changed since the preview nothing is done: the run waits
    again, with a new preview and `problem` saying so."""
    try:
        with _opened(run) as (roll, file), transaction.atomic():
            school = lock(run.school)
            held = Run.objects.select_for_update(of=("self",)).select_related("school", "applied_by").get(pk=run.pk)
            if held.state != RunState.WORKING:
                return held
            if file.sha256 != held.sha256:
                raise Refused("The file is another one than was shown. Send it again")
            plan = _plan(held, school, roll, file, on=on)
            if plan.digest != held.digest:
                held.on = on
                show(plan, run=held)
                held.problem = "The roll has changed since this was shown, so nothing was done. Look at it again"
                held.save()
                return held
            land(plan, run=held, by=held.applied_by, on=on, summary=summary_of(held.file_name, plan))
        upload_of(run).unlink(missing_ok=True)
        return held
    except CANNOT_READ as refused:
        problem = str(refused).replace(upload_of(run).name, run.file_name)
    except Exception as error:
        log.exception("a file of %s could not be applied", run.school.slug)
        problem = (
            f"Drystone itself failed ({type(error).__name__}), and nothing was changed. Tell whoever looks after it"
        )
    return _failed(run, problem)


@contextmanager
def _opened(run: Run) -> Iterator[tuple[SchoolRoll, RollFile]]:
    """The file, read to its end before anybody is kept waiting by a lock, and what it says of the run's school."""
    mapping = ColumnMapping.from_dict(run.mapping.columns) if run.mapping else None
    if not upload_of(run).exists():
        raise Refused("The file is not there any more. Send it again")
    with read_file(upload_of(run), mapping=mapping) as file:
        yield roll_of(file, run.school), file


def _plan(run: Run, school: School, roll: SchoolRoll, file: RollFile, *, on: date | None = None) -> Plan:
    """By what whoever says yes may do; until then, by what whoever sent the file may."""
    by = run.applied_by or run.made_by
    return plan_roll(
        school=school,
        roll=roll,
        scopes=file.scopes,
        source=file.source,
        on=on or run.on,
        may_give_roles=may_give_roles(by),
        choices=run.choices,
    )


def may_give_roles(by: Person | None) -> bool:
    """P45: who works here and whose class is whose is said by those who give roles; the house itself (shell) may."""
    return by is None or bool(roles_of(by) & matrix()["school.change_roles"])


def summary_of(file_name: str, plan: Plan) -> str:
    told = ", ".join(f"{plan.counts[tab]} {Tab(tab).label.lower()}" for tab in Tab.values if plan.counts[tab])
    return f"Roll imported from {file_name}: {told or 'nothing to change'}"


def _failed(run: Run, problem: str) -> Run:
    run.refresh_from_db()
    run.state, run.problem = RunState.FAILED, problem
    run.save(update_fields=["state", "problem"])
    return run


def _to_be_read(run: Run, by: Person | None, *expected: RunState, **new: object) -> Run:
    run = _at(run, by, *expected)
    for name, value in new.items():
        setattr(run, name, value)
    run.state, run.problem, run.digest, run.since = RunState.READING, "", "", timezone.now()
    run.save()
    return run


def _at(run: Run, by: Person | None, *states: RunState) -> Run:
    """The run, locked, at one of these states."""
    require(by, MAY, run.school)
    run = Run.objects.select_for_update().select_related("school").get(pk=run.pk)
    if run.state not in states:
        raise Refused(f"This import is not where that can be done (it is: {run.get_state_display().lower()})")
    return run


@transaction.atomic
def ask_to_apply(*, run: Run, by: Person | None, leavers: bool = False) -> Run:
    """The yes. `leavers` is the second one, which a mass leave needs."""
    run = _at(run, by, RunState.WAITING)
    if run.counts.get("second_yes") and not leavers:
        raise Refused(run.counts["second_yes"], field="leavers")
    run.state, run.applied_by, run.since = RunState.WORKING, by, timezone.now()
    run.save()
    return run


@transaction.atomic
def drop(*, run: Run, by: Person | None) -> Run:
    """Nothing comes of it: the file and what was shown of it are forgotten."""
    run = _at(run, by, *OPEN)
    run.lines.all().delete()
    run.state = RunState.DROPPED
    run.save()
    audit.record(
        school=run.school, by=by, verb="drop_roll", subject=run, summary=f"The file {run.file_name} was not imported"
    )
    transaction.on_commit(lambda: upload_of(run).unlink(missing_ok=True))
    return run
