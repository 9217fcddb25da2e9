"""The academic year as most schools in England keep it: a start, to be corrected by the school."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


@dataclass(frozen=True, slots=True)
class TermPlan:
    """First and last day of a term and of the half-term holiday in it, all inclusive."""

    name: str
    starts: date
    ends: date
    half_term_starts: date | None = None
    half_term_ends: date | None = None


@dataclass(frozen=True, slots=True)
class ClosurePlan:
    starts: date
    ends: date
    reason: str


@dataclass(frozen=True, slots=True)
class YearPlan:
    name: str
    starts: date
    ends: date
    terms: tuple[TermPlan, ...]
    closures: tuple[ClosurePlan, ...] = ()


def usual_year(on: date) -> YearPlan:
    """The academic year of a day; in the summer holiday, the one to come."""
    this = usual_year_from(on.year if on.month >= 9 else on.year - 1)
    return this if on <= this.terms[-1].ends else usual_year_from(this.starts.year + 1)


def usual_year_from(autumn: int) -> YearPlan:
    """The year that begins in September `autumn`."""
    spring = autumn + 1
    easter = easter_sunday(spring)
    two_weeks_before = easter - timedelta(days=16)  # a late Easter pulls the holiday with it
    before_easter = max(min(_on_or_before(date(spring, 4, 4), FRIDAY), easter - timedelta(days=3)), two_weeks_before)
    after_easter = _monday_of(before_easter) + timedelta(days=21)
    if after_easter == easter + timedelta(days=1):  # Easter Monday
        after_easter += timedelta(days=1)
    terms = (
        _term(
            "Autumn",
            _on_or_after(date(autumn, 9, 1), WEDNESDAY),
            _on_or_before(date(autumn, 12, 22), FRIDAY),
            date(autumn, 10, 28),
        ),
        _term("Spring", _on_or_after(date(spring, 1, 3), TUESDAY), before_easter, date(spring, 2, 17)),
        _term(
            "Summer",
            after_easter,
            _on_or_after(date(spring, 7, 18), WEDNESDAY),
            _on_or_before(date(spring, 5, 31), MONDAY),
        ),
    )
    may_day = _on_or_after(date(spring, 5, 1), MONDAY)
    return YearPlan(
        name=f"{autumn} to {spring}",
        starts=date(autumn, 9, 1),
        ends=date(spring, 8, 31),
        terms=terms,
        closures=(ClosurePlan(may_day, may_day, "Bank holiday"),),
    )


def faults_of(year: YearPlan) -> list[tuple[int, str, str]]:
    """What does not fit: `(number of the term, field, sentence)`, in the order of the terms."""
    faults: list[tuple[int, str, str]] = []
    for number, term in enumerate(year.terms):
        faults += [(number, field, sentence) for field, sentence in _faults_of_term(term)]
        if not year.starts <= term.starts <= term.ends <= year.ends and term.starts <= term.ends:
            faults.append(
                (number, "starts", f"{term.name} term is not inside the year {_days(year.starts, year.ends)}")
            )
        if number and term.starts <= year.terms[number - 1].ends:
            before = year.terms[number - 1]
            faults.append(
                (number, "starts", f"{term.name} term starts before {before.name} term ends ({_day(before.ends)})")
            )
    return faults


def _faults_of_term(term: TermPlan) -> list[tuple[str, str]]:
    first, last = term.half_term_starts, term.half_term_ends
    if term.ends <= term.starts:
        return [("ends", f"{term.name} term ends before it starts")]
    if (first is None) != (last is None):
        return [("half_term_starts", f"{term.name} half term needs both its first and its last day, or neither")]
    if first is None or last is None:
        return []
    if last < first:
        return [("half_term_ends", f"{term.name} half term ends before it starts")]
    if not term.starts < first or not last < term.ends:
        return [("half_term_starts", f"{term.name} half term must lie inside {term.name} term")]
    return []


def easter_sunday(year: int) -> date:
    """Western Easter (the anonymous Gregorian algorithm, as in Meeus, Astronomical Algorithms, chapter 8)."""
    golden, century = year % 19, year // 100
    correction = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = correction - (correction // 28) * (1 - (correction // 28) * (29 // (correction + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _term(name: str, starts: date, ends: date, in_half_term: date) -> TermPlan:
    monday = _monday_of(in_half_term)
    return TermPlan(name, starts, ends, monday, monday + timedelta(days=4))


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _on_or_after(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _on_or_before(day: date, weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _days(first: date, last: date) -> str:
    return f"{_day(first)} to {_day(last)}"
