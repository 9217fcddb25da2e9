"""A file's way into the roll: begun, read, decided, applied whole.

run = begin(school=…, by=…, file_name="pupils.csv", on=today)      the upload goes to upload_of(run)
read(run=run)                        READING → WAITING with its lines, MAPPING, or FAILED with its problem
choose_columns(run=run, by=…, mapping=…)                            MAPPING → READING; read it then
decide(run=run, by=…, answers={key: value})                         WAITING → READING; read it again then
ask_to_apply(run=run, by=…, leavers=True)                           WAITING → WORKING
carry_out(run=run, on=today)                                        WORKING → APPLIED, or back to WAITING
undo.undo(run=run, by=…, on=today)                                  APPLIED → UNDONE
drop(run=run, by=…)                                                 WAITING, MAPPING, FAILED → DROPPED
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from drystone.registers.roll.models import Mapping as Columns
from drystone.registers.roll.models import Run, RunState
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require

MAY = "roll.import"
OPEN = (RunState.WAITING, RunState.MAPPING, RunState.FAILED)


def upload_of(run: Run) -> Path:
    """Where the file lies from its upload until the run is applied or dropped."""
    folder: Path = settings.HOME.root / "uploads"
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
    return _to_be_read(run, by, RunState.MAPPING, mapping=mapping)


@transaction.atomic
def decide(*, run: Run, by: Person | None, answers: Mapping[str, str]) -> Run:
    """Answers to lines that have a key (doubts, classes to make): one of the line's options each. It is to be read
    again then, since what is decided changes what the file does."""
    offered = {line.key: {value for value, _ in line.options} for line in run.lines.exclude(key="")}
    for key, value in answers.items():
        if value not in offered.get(key, set()):
            raise Refused("One answer is not among those that there are: look at the list again")
    return _to_be_read(run, by, RunState.WAITING, choices={**run.choices, **answers})


def _to_be_read(run: Run, by: Person | None, *expected: RunState, **new: object) -> Run:
    run = _at(run, by, *expected)
    for name, value in new.items():
        setattr(run, name, value)
    run.state, run.problem, run.digest = RunState.READING, "", ""
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
    run.state, run.applied_by = RunState.WORKING, by
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
