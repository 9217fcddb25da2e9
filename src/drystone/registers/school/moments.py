"""Days and times as every page writes them, in the school's time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone


def day(value: date | datetime | None) -> str:
    """`2026-11-23` → `23 November 2026`; a date that is not there reads 'not set'."""
    if value is None:
        return "not set"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime | None) -> str:
    """`23 November 2026, 9:05am`."""
    return "never" if value is None else f"{day(value)}, {clock(value)}"


def clock(value: datetime) -> str:
    """`9:05am`."""
    local = timezone.localtime(value)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def ending(value: datetime) -> str:
    """For `until …`: midnight is the end of the day before, since `12:00am on 25 November` misleads."""
    local = timezone.localtime(value)
    if (local.hour, local.minute) == (0, 0):
        return f"the end of {day(value - timedelta(minutes=1))}"
    return f"{clock(value)} on {day(value)}"


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the last day of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + years, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no such month: {day} + {months}")
