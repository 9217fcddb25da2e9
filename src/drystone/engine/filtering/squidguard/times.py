"""Time spaces: what a line of `time` says, and the schedule that says the same.

squidGuard compares minutes of one day, so a span over midnight (22:00-06:00) never holds there; it is left out here
as well, and told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from drystone.engine.filtering.schedule import EVERY_DAY, MIDNIGHT, Day, Period, Schedule, Span
from drystone.engine.filtering.squidguard.conf import Element, Time, Word

_TIMES = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", re.ASCII)
_DATE = r"(\d{4}|\*)[.-](\d\d|\*)[.-](\d\d|\*)"
_DATES = re.compile(rf"{_DATE}(?:\s*-\s*{_DATE})?(?:\s+(.*))?", re.ASCII)
_LETTERS = {letter: number for number, letter in enumerate("mtwhfas")}
_NAMES = {
    name: number
    for number, day in enumerate(("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
    for name in (day[:3], f"{day}day", f"{day}days")
}


def read_weekly(word: Word, text: str) -> Element:
    """`mtwhf 08:00-15:30`, `monday, fridays 08:00-12:00 13:00-15:00`, `* 17:00-24:00`. Raises ValueError."""
    start = next((place for place, mark in enumerate(text) if mark.isdigit()), len(text))
    names = text[:start].split()
    if not names or start == len(text):
        raise ValueError("a weekly line has days and times; write it as weekly mtwhf 08:00-15:30")
    days: set[int] = set()
    for name in names:
        days.update(_days(name))
    return Element(word, _spans(text[start:]), days=tuple(sorted(days)))


def _days(name: str) -> tuple[int, ...]:
    if name == "*":
        return EVERY_DAY
    if name.lower() in _NAMES:
        return (_NAMES[name.lower()],)
    letters = name.lower()
    if not set(letters) <= set(_LETTERS):
        raise ValueError(f"'{name}' names no days; write letters of smtwhfa (s is Sunday, a Saturday), names, or *")
    return tuple(_LETTERS[letter] for letter in letters)


def read_dates(word: Word, text: str) -> Element:
    """`2026-12-24`, `*.12.25 12:00-24:00`, `2026-12-20-2027-01-04`. Raises ValueError."""
    if not (found := _DATES.fullmatch(text)):
        raise ValueError(f"'{text}' is not a date; write it as 2026-12-24, *-12-25 or 2026-12-20-2027-01-04")
    first, last, times = found.groups()[:3], found.groups()[3:6], found[7]
    spans = _spans(times) if times else ()
    if last[0] is None:
        return Element(word, spans, dates=_day(*first))
    if "*" in (*first, *last):
        raise ValueError("a range of dates has no * in it; write each year out")
    return Element(word, spans, dates=(_date(*first), _date(*last)))


def _day(year: str, month: str, day: str) -> Span | Day:
    if "*" not in (year, month, day):
        only = _date(year, month, day)
        return Day(only.year, only.month, only.day)
    numbers = [0 if part == "*" else int(part) for part in (year, month, day)]
    if numbers[1] > 12 or numbers[2] > 31 or "00" in (month, day) or year == "0000":
        raise ValueError(f"'{year}-{month}-{day}' is not a day of any year")
    return Day(*numbers)


def _date(year: str, month: str, day: str) -> date:
    """As mktime reads it: 31 February is 3 March."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31 and int(year) > 0):
        raise ValueError(f"'{year}-{month}-{day}' is not a day")
    try:
        return date(int(year), int(month), 1) + timedelta(days=int(day) - 1)
    except OverflowError:
        raise ValueError(f"'{year}-{month}-{day}' is not a day") from None


def _spans(text: str) -> tuple[tuple[int, int], ...]:
    spans = []
    rest = text.strip()
    while rest:
        if not (found := _TIMES.match(rest)):
            raise ValueError(f"'{rest}' is not a time; write it as 08:00-15:30")
        hours, minutes, until, past = map(int, found.groups())
        spans.append((hours * 60 + minutes, until * 60 + past))
        rest = rest[found.end() :].strip()
    return tuple(spans)


def schedule_of(time: Time, key: str, note: Callable[[Word, str], None]) -> Schedule | None:
    """The same as a schedule; None for one that never holds."""
    periods: list[Period] = []
    for element in time.elements:
        dates = (element.dates,) if element.dates else ()
        for start, end in element.spans or ((0, 0),):
            if dates and (start, end) == (0, 0):
                periods.append(Period(dates=dates))
                continue
            end = min(end, MIDNIGHT)
            if start < end and not _backwards(element.dates):
                periods.append(Period(element.days or EVERY_DAY, start, end, dates=dates))
            elif start >= end:
                note(element.word, _never(start, end, key))
        if _backwards(element.dates):
            note(element.word, "the last day is before the first, so it never holds; it is left out")
    periods = [period for period in periods if not any(map(_backwards, period.dates))]
    return Schedule(key, tuple(dict.fromkeys(periods)), line=time.name.line) if periods else None


def _never(start: int, end: int, key: str) -> str:
    begun, over = _clock(start), _clock(end)
    message = f"{begun}-{over} never holds in squidGuard and is left out; if it was meant to run over midnight, write "
    return f'{message}{{from: "{begun}", to: "{over}"}} into schedule {key}'


def _backwards(dates: Span | Day | None) -> bool:
    return isinstance(dates, tuple) and dates[1] < dates[0]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
