"""When a rule holds: terms, holidays and named schedules, in the school's own time zone.

A condition depends on nothing but the wall clock's day and minute at the school. Offsets of time zones and all
boundaries are whole minutes, so within one UTC minute nothing changes: `Timetable.mask` works each minute out
once and every later request of that minute costs one comparison. Imports neither YAML nor a schema: a gateway
reads a timetable from the JSON in its bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MIDNIGHT = 24 * 60
DEFAULT_TIMEZONE = "Europe/London"
Span = tuple[date, date]  # first and last day, both inclusive
NAIVE = "a time without its time zone cannot be compared with a schedule"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Terms and holidays as (first day, last day), both inclusive. A half term is a holiday inside a term. What is
    in no term is holiday; weekends of a term are term, since `days` is there to leave them out."""

    timezone: str = DEFAULT_TIMEZONE
    terms: tuple[Span, ...] = ()
    holidays: tuple[Span, ...] = ()

    def in_term(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.terms) and not any(
            first <= day <= last for first, last in self.holidays
        )


@dataclass(frozen=True, slots=True)
class Period:
    """Part of a schedule: on `days` (0 is Monday), from minute `start` up to, not including, minute `end` of the day.

    Where `end` is not after `start` the period runs over midnight, and belongs to the day on which it began: its
    weekday and its term are that day's. `within` is "term", "holiday" or "".
    """

    days: tuple[int, ...] = EVERY_DAY
    start: int = 0
    end: int = MIDNIGHT
    within: str = ""

    def holds(self, calendar: Calendar, day: date, minute: int) -> bool:
        if self.start < self.end:
            return self.start <= minute < self.end and self._has(calendar, day)
        if minute >= self.start:
            return self._has(calendar, day)
        return minute < self.end and self._has(calendar, day - timedelta(days=1))

    def _has(self, calendar: Calendar, day: date) -> bool:
        if day.weekday() not in self.days:
            return False
        return not self.within or calendar.in_term(day) is (self.within == "term")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A named schedule holds while one of its periods does."""

    key: str
    periods: tuple[Period, ...] = field(default=(Period(),))
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule holds: while `when` is active, while `outside` is not, and up to the end of the day `until`."""

    when: str = ""
    outside: str = ""
    until: date | None = None


def active(schedule: Schedule, calendar: Calendar, at: datetime) -> bool:
    """Whether the schedule holds at this moment, by the clock on the school's wall. `at` is aware."""
    local = local_time(at, calendar.timezone)
    return _active(schedule, calendar, local.date(), local.hour * 60 + local.minute)


def _active(schedule: Schedule, calendar: Calendar, day: date, minute: int) -> bool:
    return any(period.holds(calendar, day, minute) for period in schedule.periods)


def local_time(at: datetime, timezone: str) -> datetime:
    """Raises ValueError for a naive time: whose clock would it be?"""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(NAIVE)
    return at.astimezone(_zone(timezone))


@cache
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


class Timetable:
    """Every condition that the rules of one bundle have, each at a bit of a mask."""

    __slots__ = ("_bits", "_known", "calendar", "conditions", "schedules")

    def __init__(
        self, calendar: Calendar, schedules: Mapping[str, Schedule], conditions: tuple[Condition, ...] = ()
    ) -> None:
        self.calendar = calendar
        self.schedules = schedules
        self.conditions = conditions
        self._bits = {condition: number for number, condition in enumerate(conditions)}
        self._known = (-1, 0)  # (UTC minute, its mask): one value, so that threads never see half of it
        for condition in conditions:
            for name in filter(None, (condition.when, condition.outside)):
                if name not in schedules:
                    raise ValueError(f"no schedule is called {name!r}")
        _zone(calendar.timezone)  # an unknown zone is found here, not at a request

    def bit(self, condition: Condition) -> int:
        """The number of the condition's bit: it holds when `mask(at) >> bit & 1`."""
        return self._bits[condition]

    def mask(self, at: datetime) -> int:
        """Bit i is set while `conditions[i]` holds."""
        if at.tzinfo is None:
            raise ValueError(NAIVE)
        minute = int(at.timestamp() // 60)
        known, mask = self._known
        if known != minute:
            mask = self.mask_at(at)
            self._known = (minute, mask)
        return mask

    def mask_at(self, at: datetime) -> int:
        """The same, worked out afresh."""
        local = local_time(at, self.calendar.timezone)
        day, minute = local.date(), local.hour * 60 + local.minute
        now = {name: _active(schedule, self.calendar, day, minute) for name, schedule in self.schedules.items()}
        mask = 0
        for number, condition in enumerate(self.conditions):
            holds = (
                (not condition.when or now[condition.when])
                and not (condition.outside and now[condition.outside])
                and (condition.until is None or day <= condition.until)
            )
            mask |= holds << number
        return mask

    def to_json(self) -> dict[str, object]:
        """Plain values for the bundle, in an order that depends on nothing but the timetable."""
        return {
            "timezone": self.calendar.timezone,
            "terms": [[first.isoformat(), last.isoformat()] for first, last in self.calendar.terms],
            "holidays": [[first.isoformat(), last.isoformat()] for first, last in self.calendar.holidays],
            "schedules": {
                key: [[list(p.days), p.start, p.end, p.within] for p in self.schedules[key].periods]
                for key in sorted(self.schedules)
            },
            "conditions": [[c.when, c.outside, c.until.isoformat() if c.until else ""] for c in self.conditions],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Timetable:
        """Raises ValueError (KeyError and TypeError among them made into one) where it is not what to_json wrote."""
        try:
            calendar = Calendar(plain["timezone"], _spans(plain["terms"]), _spans(plain["holidays"]))
            schedules = {
                key: Schedule(key, tuple(Period(tuple(days), *rest) for days, *rest in periods))
                for key, periods in plain["schedules"].items()
            }
            conditions = tuple(
                Condition(when, outside, date.fromisoformat(until) if until else None)
                for when, outside, until in plain["conditions"]
            )
            return cls(calendar, schedules, conditions)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a timetable: {error!r}") from error


def _spans(plain: list[list[str]]) -> tuple[Span, ...]:
    return tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in plain)
