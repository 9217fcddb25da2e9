"""What is kept of an import, how long, and what becomes of one that was interrupted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.roll.models import Run, RunState
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.retention import KEPT, LONGEST, forget_journals, give_up_interrupted
from drystone.registers.roll.services.undo import last_run, undo
from drystone.registers.school.services.changes import Refused
from tests.registers.roll.files import TODAY, applied, pupil, sent, write

ROWS = [pupil(1, "Maja", "Example", Class="Ash")]


def test_after_thirty_days_names_are_forgotten_and_that_it_was_is_not(fellside, clerk, tmp_path):
    run = applied(fellside, clerk, write(tmp_path / "a.csv", ROWS))
    assert forget_journals(run.applied_at + KEPT - timedelta(minutes=1)) == 0
    assert last_run(fellside) == run
    assert forget_journals(run.applied_at + KEPT + timedelta(minutes=1)) == 1
    assert not run.lines.exists()
    with pytest.raises(Refused, match="while its journal is kept"):
        undo(run=run, by=clerk, on=TODAY)
    run.refresh_from_db()
    assert (run.state, run.counts["new"], len(run.sha256)) == (RunState.APPLIED, 1, 64)


def test_one_that_was_interrupted_says_so_and_can_be_dropped(fellside, clerk, tmp_path):
    run = sent(fellside, clerk, write(tmp_path / "a.csv", ROWS))
    imports.ask_to_apply(run=run, by=clerk)
    now = timezone.now()
    assert give_up_interrupted(now) == 0
    assert give_up_interrupted(now + LONGEST + timedelta(minutes=1)) == 1
    run.refresh_from_db()
    assert "interrupted, and nothing was changed" in run.problem
    assert imports.carry_out(run=run, on=TODAY).state == RunState.FAILED  # the work that turns up late does nothing
    assert not fellside.people.filter(given_names="Maja").exists()
    imports.drop(run=run, by=clerk)
    assert Run.objects.get().state == RunState.DROPPED
