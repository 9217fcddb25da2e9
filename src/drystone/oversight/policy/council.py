"""What a council or trust sees of its schools' boards: how many promises are in which state. No sentence, no name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db.models import Count, Max

from drystone.oversight.policy.library import policy_library
from drystone.oversight.policy.models import DailyFinding
from drystone.registers.school.controls import State
from drystone.registers.school.hooks import board_counts
from drystone.registers.school.models import School


@board_counts
def counts(schools: Sequence[School], on: date) -> Mapping[int, Mapping[State, int]]:
    """By the newest day on which each was assessed, within a fortnight; promises without a finding count as not
    recorded. Two queries, however many schools."""
    recent = DailyFinding.objects.filter(school__in=schools, day__range=(on - timedelta(days=14), on))
    newest = dict(recent.order_by().values_list("school").annotate(Max("day")))
    promises = [promise.id for promise in policy_library()]
    grouped = recent.filter(day__in=set(newest.values()), promise__in=promises).order_by()
    found: dict[int, Counter[State]] = defaultdict(Counter)
    for school, day, state, number in grouped.values_list("school", "day", "state").annotate(Count("id")):
        if newest[school] == day:
            found[school][State(state)] += number
    for states in found.values():
        states[State.NOT_RECORDED] += len(promises) - states.total()
    return found
