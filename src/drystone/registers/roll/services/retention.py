"""What is kept of a run, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from drystone.registers.roll.models import Change, Line, Run, RunState

KEPT = timedelta(days=30)  # so long a run can be undone, and its lines can be looked up
LONGEST = timedelta(hours=1)  # a file that takes longer than this is not being worked at any more


def forget_journals(now: datetime) -> int:
    """Names and what was changed go when the time for undoing is over; that there was a run, its counts and the
    file's hash stay. How many runs lost theirs."""
    old = Run.objects.filter(Q(applied_at__lt=now - KEPT) | Q(applied_at__isnull=True, made_at__lt=now - KEPT))
    keys = list(old.filter(Q(changes__isnull=False) | Q(lines__isnull=False)).distinct().values_list("pk", flat=True))
    for key in keys:
        Change.objects.filter(run=key).delete()
        Line.objects.filter(run=key).delete()
    return len(keys)


def give_up_interrupted(now: datetime) -> int:
    """A machine that was switched off in the middle wrote nothing: the run says so, instead of waiting for ever."""
    stuck = Run.objects.filter(state__in=(RunState.READING, RunState.WORKING), since__lt=now - LONGEST)
    return stuck.update(
        state=RunState.FAILED,
        problem="It was interrupted, and nothing was changed. Send the file again",
    )
