"""When a rule holds: terms, holidays and named schedules, in the school's own time zone.

A condition depends on nothing but the wall clock's day and minute at the school. Offsets of time zones and all
boundaries are whole minutes, so within one UTC minute nothing changes: `Timetable.mask` works each minute out
once and every later request of that minute costs one comparison. Imports neither YAML nor a schema: a gateway
reads a timetable from the JSON in its bundle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
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
_DAY = re.compile(r"(\d{4}|\*)-(\d\d|\*)-(\d\d|\*)", re.ASCII)
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
class Day:
    """A day of the calendar, in which 0 stands for any: Day(0, 12, 25) is every Christmas Day."""

    year: int = 0
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        return "-".join((f"{self.year:04}" if self.year else "*", _two(self.month), _two(self.day)))

    def holds(self, day: date) -> bool:
        return self.year in (0, day.year) and self.month in (0, day.month) and self.day in (0, day.day)


def _two(number: int) -> str:
    return f"{number:02}" if number else "*"


@dataclass(frozen=True, slots=True)
class Period:
    """Part of a schedule: on `days` (0 is Monday), from minute `start` up to, not including, minute `end` of the day.

    Where `end` is not after `start` the period runs over midnight, and belongs to the day on which it began: its
    weekday, its date and its term are that day's. `within` is "term", "holiday" or "". Where there are `dates`
    the day must be one of them. `when` and `outside` are other schedules: the period holds only while all of the one
    do and none of the other.
    """

    days: tuple[int, ...] = EVERY_DAY
    start: int = 0
    end: int = MIDNIGHT
    within: str = ""
    dates: tuple[Span | Day, ...] = ()
    when: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    def holds(self, calendar: Calendar, day: date, minute: int) -> bool:
        if self.start < self.end:
            return self.start <= minute < self.end and self._has(calendar, day)
        if minute >= self.start:
            return self._has(calendar, day)
        return minute < self.end and self._has(calendar, day - timedelta(days=1))

    def _has(self, calendar: Calendar, day: date) -> bool:
        if day.weekday() not in self.days or (self.dates and not any(_on(dates, day) for dates in self.dates)):
            return False
        return not self.within or calendar.in_term(day) is (self.within == "term")


def _on(dates: Span | Day, day: date) -> bool:
    return dates.holds(day) if isinstance(dates, Day) else dates[0] <= day <= dates[1]


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


def active(schedule: Schedule, calendar: Calendar, at: datetime, others: Mapping[str, Schedule] | None = None) -> bool:
    """Whether the schedule holds at this moment, by the clock on the school's wall. `at` is aware; `others` are the
    schedules that its periods may name."""
    local = local_time(at, calendar.timezone)
    schedules = {**(others or {}), schedule.key: schedule}
    return _Moment(schedules, calendar, local.date(), local.hour * 60 + local.minute).holds(schedule.key)


class _Moment:
    """Which schedules hold at one minute: each worked out once, whichever others name it."""

    __slots__ = ("_calendar", "_day", "_known", "_minute", "_schedules")

    def __init__(self, schedules: Mapping[str, Schedule], calendar: Calendar, day: date, minute: int) -> None:
        self._schedules = schedules
        self._calendar = calendar
        self._day = day
        self._minute = minute
        self._known: dict[str, bool] = {}

    def holds(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = any(map(self._period_holds, self._schedules[name].periods))
        return self._known[name]

    def _period_holds(self, period: Period) -> bool:
        return (
            period.holds(self._calendar, self._day, self._minute)
            and all(map(self.holds, period.when))
            and not any(map(self.holds, period.outside))
        )


def in_order(schedules: Mapping[str, Schedule]) -> tuple[str, ...]:
    """Names, each after those that its periods name. Raises ValueError for one that is missing or leads to itself."""
    order: dict[str, bool] = {}  # name -> whether all that it names is known to be before it

    def visit(name: str, asked_by: str) -> None:
        if name not in schedules:
            raise ValueError(f"no schedule is called {name!r}, which {asked_by!r} names")
        if not order.setdefault(name, False):
            for period in schedules[name].periods:
                for other in (*period.when, *period.outside):
                    if order.get(other) is False:
                        raise ValueError(f"schedule {other!r} leads back to itself")
                    visit(other, name)
            order.pop(name)
            order[name] = True

    for name in schedules:
        visit(name, name)
    return tuple(order)


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
        in_order(schedules)
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
        day = local.date()
        now = _Moment(self.schedules, self.calendar, day, local.hour * 60 + local.minute)
        mask = 0
        for number, condition in enumerate(self.conditions):
            holds = (
                (not condition.when or now.holds(condition.when))
                and not (condition.outside and now.holds(condition.outside))
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
                key: [_plain_period(period) for period in self.schedules[key].periods] for key in sorted(self.schedules)
            },
            "conditions": [[c.when, c.outside, c.until.isoformat() if c.until else ""] for c in self.conditions],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Timetable:
        """Raises ValueError (KeyError and TypeError among them made into one) where it is not what to_json wrote."""
        try:
            calendar = Calendar(plain["timezone"], _spans(plain["terms"]), _spans(plain["holidays"]))
            schedules = {
                key: Schedule(key, tuple(_period(*period) for period in periods))
                for key, periods in plain["schedules"].items()
            }
            conditions = tuple(
                Condition(when, outside, date.fromisoformat(until) if until else None)
                for when, outside, until in plain["conditions"]
            )
            return cls(calendar, schedules, conditions)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a timetable: {error!r}") from error


def _plain_period(period: Period) -> list[object]:
    """The last three are left out where none is there: most bundles have neither dates nor schedules of schedules."""
    plain: list[object] = [list(period.days), period.start, period.end, period.within]
    if period.dates or period.when or period.outside:
        dates = [str(each) if isinstance(each, Day) else [day.isoformat() for day in each] for each in period.dates]
        plain += [dates, list(period.when), list(period.outside)]
    return plain


def _period(
    days: list[int],
    start: int,
    end: int,
    within: str,
    dates: Sequence[str | list[str]] = (),
    when: Sequence[str] = (),
    outside: Sequence[str] = (),
) -> Period:
    on = tuple(day_of(each) if isinstance(each, str) else _span(*each) for each in dates)
    return Period(tuple(days), start, end, within, on, tuple(when), tuple(outside))


def day_of(text: str) -> Day:
    """`2026-12-24`, `*-12-25`, `2026-*-01`. Raises ValueError."""
    if (found := _DAY.fullmatch(text)) and not {"00", "0000"}.intersection(found.groups()):
        year, month, day = (0 if part == "*" else int(part) for part in found.groups())
        with suppress(ValueError):
            date(year or 2024, month or 1, day or 1)  # 2024 is a leap year: *-02-29 is a day
            return Day(year, month, day)
    raise ValueError(f"'{text}' is not a day; write it as 2026-12-24, or *-12-25 for every year")


def _span(first: str, last: str) -> Span:
    return date.fromisoformat(first), date.fromisoformat(last)


def _spans(plain: list[list[str]]) -> tuple[Span, ...]:
    return tuple(_span(first, last) for first, last in plain)
