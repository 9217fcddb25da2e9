"""A schedule: days, times, term or holiday."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models import Schedule
from drystone.registers.network.models.schedules import DAY_NAMES

_TIME = {"invalid": "Write the time like 12:00."}


class ScheduleForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=60, error_messages={"required": "Give the schedule a name, like Lunch."}
    )
    days = forms.MultipleChoiceField(
        label="Days",
        choices=[(str(number), name) for number, name in enumerate(DAY_NAMES)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    starts = forms.TimeField(
        label="From (optional)",
        required=False,
        input_formats=["%H:%M", "%H.%M"],
        error_messages=_TIME,
        help_text="Like 12:00. Leave both times empty for the whole day.",
    )
    ends = forms.TimeField(
        label="To (optional)",
        required=False,
        input_formats=["%H:%M", "%H.%M"],
        error_messages=_TIME,
        help_text="Like 13:00. A time before the start is on the next day.",
    )
    within = forms.ChoiceField(
        label="Part of the year",
        choices=[("always", "All year"), *Schedule.Within.choices[1:]],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a part of the year."},
    )


def initial_of(schedule: Schedule) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "days": [str(number) for number in schedule.day_numbers],
        "starts": f"{schedule.starts:%H:%M}" if schedule.starts else "",
        "ends": f"{schedule.ends:%H:%M}" if schedule.ends else "",
        "within": schedule.within or "always",
    }
