"""A schedule: days, times, term or holiday."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models import Schedule
from drystone.registers.network.models.schedules import DAY_NAMES

_TIME = {"invalid": "Write the time like 12:00."}


class ScheduleForm(forms.Form):
    name = forms.CharField(max_length=60, error_messages={"required": "Give the schedule a name, like Lunch."})
    days = forms.MultipleChoiceField(
        choices=[(str(number), name) for number, name in enumerate(DAY_NAMES)],
        error_messages={"required": "Choose at least one day."},
    )
    starts = forms.TimeField(required=False, input_formats=["%H:%M", "%H.%M"], error_messages=_TIME)
    ends = forms.TimeField(required=False, input_formats=["%H:%M", "%H.%M"], error_messages=_TIME)
    within = forms.ChoiceField(required=False, choices=Schedule.Within.choices)


def initial_of(schedule: Schedule) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "days": [str(number) for number in schedule.day_numbers],
        "starts": f"{schedule.starts:%H:%M}" if schedule.starts else "",
        "ends": f"{schedule.ends:%H:%M}" if schedule.ends else "",
        "within": schedule.within,
    }
