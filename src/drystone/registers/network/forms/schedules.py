"""A schedule: days and times, in one or more periods; term or holiday; dates."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField

from drystone.registers.network.models import Schedule
from drystone.registers.network.models.schedules import DAY_NAMES
from drystone.registers.network.services.schedules import Span, Times
from drystone.registers.school.dates import DateBoxField

FURTHER = 5  # periods beside the first: the lessons of a day, and a Friday that is different
_TIME = {"invalid": "Write the time like 12:00."}
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")
_DAY = re.compile(r"(\d\d?)[./ ]+([A-Za-z]+|\d\d?)[./ ]+(\d{4})")


class ScheduleForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=60, error_messages={"required": "Give the schedule a name, like Lunch."}
    )
    within = forms.ChoiceField(
        label="Part of the year",
        choices=[("always", "All year"), *Schedule.Within.choices[1:]],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a part of the year."},
    )
    dates = forms.CharField(
        label="Only on these dates (optional)",
        required=False,
        max_length=4000,
        widget=forms.Textarea,
        help_text="One a line, like 24 12 2026, or 14 12 2026 to 18 12 2026. Leave it empty for every date.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(FURTHER + 1):
            self._add_period(number)

    def _add_period(self, number: int) -> None:
        after = f"_{number}" if number else ""
        self.fields[f"days{after}"] = forms.MultipleChoiceField(
            label="Days",
            required=not number,
            choices=[(str(day), name) for day, name in enumerate(DAY_NAMES)],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one day."},
        )
        for name, label, hint in (
            ("starts", "From (optional)", "Like 12:00. Leave both times empty for the whole day."),
            ("ends", "To (optional)", "Like 13:00. A time before the start is on the next day."),
        ):
            self.fields[f"{name}{after}"] = forms.TimeField(
                label=label,
                required=False,
                input_formats=["%H:%M", "%H.%M"],
                error_messages=_TIME,
                help_text="" if number else hint,
            )

    def rows(self) -> list[tuple[int, list[BoundField]]]:
        """The fields of each further period, by its number."""
        return [
            (number, [self[f"{name}_{number}"] for name in ("days", "starts", "ends")])
            for number in range(1, FURTHER + 1)
        ]

    @property
    def has_further(self) -> bool:
        return any(field.value() for _, fields in self.rows() for field in fields)

    def clean_dates(self) -> list[Span]:
        spans = []
        for number, line in enumerate(str(self.cleaned_data["dates"]).splitlines(), 1):
            if not line.strip():
                continue
            first, _, last = (part.strip() for part in re.sub(r"\s+(?:to|until|-|–)\s+", "|", line).partition("|"))
            start = _date(first, number)
            spans.append((start, _date(last, number) if last else start))
        return spans

    def first(self) -> Times:
        return self._times("")

    def further(self) -> list[Times]:
        """Of a form that is valid. A row with times and no day is refused by the service, not passed over."""
        every = [self._times(f"_{number}") for number in range(1, FURTHER + 1)]
        return [times for times in every if any(times)]

    def _times(self, after: str) -> Times:
        values = self.cleaned_data
        return ({int(day) for day in values[f"days{after}"]}, values[f"starts{after}"], values[f"ends{after}"])


def _date(text: str, number: int) -> date:
    """A day as people write it; the month may be a number or its name."""
    written = _ISO.fullmatch(text)
    parts = [written[3], written[2], written[1]] if written else None
    if parts is None and (written := _DAY.fullmatch(text)):
        parts = [written[1], written[2], written[3]]
    if parts is None:
        raise forms.ValidationError(f"Line {number}: “{text[:40]}” is no date. Write it like 24 12 2026.")
    found = DateBoxField(what=f"Line {number}: “{text}”").clean(parts)
    assert found is not None  # noqa: S101 - it has three boxes
    return found


def initial_of(schedule: Schedule) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": schedule.name,
        "within": schedule.within or "always",
        "dates": "\n".join(
            _shown(first) if first == last else f"{_shown(first)} to {_shown(last)}" for first, last in schedule.spans
        ),
    }
    for number, (days, starts, ends) in enumerate(schedule.periods):
        after = f"_{number}" if number else ""
        values[f"days{after}"] = [str(day) for day in days]
        values[f"starts{after}"] = f"{starts:%H:%M}" if starts else ""
        values[f"ends{after}"] = f"{ends:%H:%M}" if ends else ""
    return values


def _shown(day: date) -> str:
    return f"{day.day} {day.month} {day.year}"
