"""Work of the roll in the background: files are read and taken in, planned years begin, what nobody needs goes."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from drystone.registers.roll.models import Run, RunState
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.new_year import begin_due
from drystone.registers.roll.services.retention import forget_journals, give_up_interrupted
from drystone.registers.roll.uploads import KEPT_FOR, left_behind

log = logging.getLogger(__name__)


@db_task()  # type: ignore[untyped-decorator]
def read_now(number: int) -> None:
    run = Run.objects.select_related("school", "made_by", "mapping").get(pk=number)
    _no_use_any_more(imports.read(run=run, on=timezone.localdate()))


@db_task()  # type: ignore[untyped-decorator]
def carry_out_now(number: int) -> None:
    run = Run.objects.select_related("school", "applied_by", "made_by", "mapping").get(pk=number)
    _no_use_any_more(imports.carry_out(run=run, on=timezone.localdate()))


def _no_use_any_more(run: Run) -> None:
    """P42: a file that cannot be used is not kept; what is wrong with it stands in the run."""
    if run.state == RunState.FAILED:
        imports.upload_of(run).unlink(missing_ok=True)


@db_periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
def years_begin() -> None:
    """In the night before the day, or as soon as this machine is on again."""
    begin_due(timezone.localdate())


@db_periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
def give_up_what_was_interrupted() -> None:
    give_up_interrupted(timezone.now())


@db_periodic_task(crontab(hour="4", minute="17"))  # type: ignore[untyped-decorator]
def forget_what_is_old() -> None:
    """P42: files that somebody sent and never came back to, and what was kept of old imports to undo them."""
    forget_journals(timezone.now())
    for path in left_behind(timezone.now() - KEPT_FOR):
        path.unlink(missing_ok=True)
        waiting = Run.objects.filter(batch=path.name.removeprefix("roll-"))
        waiting.filter(state__in=imports.OPEN).update(state=RunState.DROPPED)
