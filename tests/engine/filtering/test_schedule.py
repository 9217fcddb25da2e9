"""Schedules, by the clock on the school's wall."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.schedule import (
    EVERY_DAY,
    MIDNIGHT,
    Calendar,
    Condition,
    Day,
    Period,
    Schedule,
    Timetable,
    active,
    day_of,
)

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = (0, 1, 2, 3, 4)
YEAR = Calendar(
    terms=((date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 1, 5), date(2027, 3, 26))),
    holidays=((date(2026, 10, 26), date(2026, 10, 30)),),
)
LUNCH = Schedule("lunch", (Period(WEEKDAYS, 12 * 60, 13 * 60, "term"),))
NIGHT = Schedule("night", (Period((4,), 22 * 60, 6 * 60),))  # Friday night


def school_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Hours and days


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-23 11:59:59.999", False),
        ("2026-11-23 12:00", True),
        ("2026-11-23 12:59:59.999", True),
        ("2026-11-23 13:00", False),
        ("2026-11-27 12:30", True),  # a Friday
        ("2026-11-28 12:30", False),  # a Saturday
    ],
)
def test_a_period_holds_from_its_first_minute_up_to_but_not_including_its_last(moment: str, holds: bool) -> None:
    assert active(LUNCH, YEAR, school_time(moment)) is holds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-27 21:59", False),
        ("2026-11-27 22:00", True),
        ("2026-11-27 23:59", True),
        ("2026-11-28 00:00", True),
        ("2026-11-28 05:59", True),
        ("2026-11-28 06:00", False),
        ("2026-11-28 22:00", False),  # Saturday night is not Friday night
        ("2026-11-27 05:00", False),  # nor is the morning of Friday
    ],
)
def test_a_period_over_midnight_belongs_to_the_day_on_which_it_began(moment: str, holds: bool) -> None:
    assert active(NIGHT, YEAR, school_time(moment)) is holds


def test_a_term_night_runs_into_the_first_morning_of_the_holidays_and_a_holiday_night_into_term() -> None:
    nightly = Schedule("nightly", (Period(EVERY_DAY, 22 * 60, 6 * 60, "term"),))
    assert active(nightly, YEAR, school_time("2026-12-19 05:00"))
    assert not active(nightly, YEAR, school_time("2027-01-05 05:00"))


def test_a_schedule_of_several_periods_holds_while_one_of_them_does() -> None:
    both = Schedule("breaks", (Period(WEEKDAYS, 630, 645), *LUNCH.periods))
    assert active(both, YEAR, school_time("2026-11-23 10:30"))
    assert not active(both, YEAR, school_time("2026-11-23 11:30"))
    assert active(both, YEAR, school_time("2026-11-23 12:30"))


# Terms and holidays


@pytest.mark.parametrize(
    ("day", "in_term"),
    [
        (date(2026, 9, 1), False),
        (date(2026, 9, 2), True),
        (date(2026, 10, 25), True),
        (date(2026, 10, 26), False),
        (date(2026, 10, 30), False),
        (date(2026, 10, 31), True),
        (date(2026, 12, 18), True),
        (date(2026, 12, 19), False),
        (date(2027, 1, 4), False),
        (date(2027, 1, 5), True),
        (date(2027, 3, 26), True),
        (date(2027, 3, 27), False),
    ],
)
def test_terms_and_half_terms_include_their_first_and_last_day(day: date, in_term: bool) -> None:
    assert YEAR.in_term(day) is in_term
    term, holiday = (Schedule(word, (Period(within=word),)) for word in ("term", "holiday"))
    for hour in (0, 12, 23):
        at = datetime(day.year, day.month, day.day, hour, 59, tzinfo=LONDON)
        assert active(term, YEAR, at) is in_term
        assert active(holiday, YEAR, at) is not in_term


def test_a_day_begins_at_the_schools_midnight_and_not_at_greenwichs() -> None:
    summer = Calendar(terms=((date(2026, 6, 1), date(2026, 6, 30)),))
    term = Schedule("term", (Period(within="term"),))
    assert active(term, summer, utc("2026-05-31 23:00"))  # midnight in London
    assert not active(term, summer, utc("2026-05-31 22:59"))
    assert not active(term, summer, utc("2026-06-30 23:00"))


# Clock changes: 29 March 2026 (01:00 becomes 02:00) and 25 October 2026 (02:00 becomes 01:00)


def test_lunch_stays_at_twelve_by_the_wall_on_both_sides_of_a_clock_change() -> None:
    lunch = Schedule("lunch", (Period(EVERY_DAY, 720, 780),))
    for day, first in (
        ("2026-03-28", "12:00"),
        ("2026-03-29", "11:00"),
        ("2026-10-24", "11:00"),
        ("2026-10-25", "12:00"),
    ):
        begins = utc(f"{day} {first}")
        assert active(lunch, YEAR, begins)
        assert not active(lunch, YEAR, begins - timedelta(minutes=1))
        assert not active(lunch, YEAR, begins + timedelta(hours=1))


def test_a_period_that_begins_in_the_skipped_hour_begins_when_the_clock_has_jumped() -> None:
    small_hours = Schedule("small hours", (Period(EVERY_DAY, 90, 150),))  # 01:30 to 02:30
    assert not active(small_hours, YEAR, utc("2026-03-29 00:59"))
    assert active(small_hours, YEAR, utc("2026-03-29 01:00"))  # 02:00 by the wall
    assert active(small_hours, YEAR, utc("2026-03-29 01:29"))
    assert not active(small_hours, YEAR, utc("2026-03-29 01:30"))


def test_a_period_within_the_skipped_hour_does_not_hold_that_night() -> None:
    skipped = Schedule("skipped", (Period(EVERY_DAY, 75, 105),))
    start = utc("2026-03-28 23:00")
    assert not any(active(skipped, YEAR, start + timedelta(minutes=minute)) for minute in range(300))


def test_a_period_within_the_repeated_hour_holds_both_times() -> None:
    twice = Schedule("twice", (Period(EVERY_DAY, 75, 105),))  # 01:15 to 01:45
    start = utc("2026-10-25 00:00")  # 01:00 BST
    held = [minute for minute in range(180) if active(twice, YEAR, start + timedelta(minutes=minute))]
    assert held == [*range(15, 45), *range(75, 105)]


def test_friday_night_is_an_hour_shorter_when_the_clock_goes_forward_in_it() -> None:
    saturday_night = Schedule("night", (Period((5,), 22 * 60, 6 * 60),))
    start = utc("2026-03-28 20:00")
    assert sum(active(saturday_night, YEAR, start + timedelta(minutes=m)) for m in range(14 * 60)) == 7 * 60
    start = utc("2026-10-24 19:00")
    assert sum(active(saturday_night, YEAR, start + timedelta(minutes=m)) for m in range(14 * 60)) == 9 * 60


# Conditions, and the timetable


def timetable(*conditions: Condition) -> Timetable:
    return Timetable(YEAR, {"lunch": LUNCH, "night": NIGHT}, conditions)


def test_until_holds_to_the_last_minute_of_its_day_by_the_schools_clock() -> None:
    ends = Condition(until=date(2026, 6, 30))
    table = timetable(ends)
    assert table.mask(utc("2026-06-30 22:59:59")) == 1
    assert table.mask(utc("2026-06-30 23:00")) == 0  # midnight in London


def test_when_and_outside_together_must_both_agree() -> None:
    table = timetable(Condition(when="lunch", outside="night"), Condition(when="night", outside="lunch"))
    assert table.mask(school_time("2026-11-27 12:30")) == 0b01
    assert table.mask(school_time("2026-11-27 22:30")) == 0b10
    assert table.mask(school_time("2026-11-27 15:00")) == 0


def test_a_condition_that_says_nothing_always_holds() -> None:
    assert timetable(Condition()).mask(school_time("2026-08-01 03:00")) == 1


def test_each_condition_has_the_bit_that_the_timetable_says() -> None:
    conditions = (Condition(), Condition(when="lunch"), Condition(outside="lunch"))
    table = timetable(*conditions)
    mask = table.mask(school_time("2026-11-23 12:30"))
    assert [bool(mask >> table.bit(condition) & 1) for condition in conditions] == [True, True, False]


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 12, 30)  # noqa: DTZ001 - that is what is tested
    for ask in (
        lambda: active(LUNCH, YEAR, naive),
        lambda: timetable().mask(naive),
        lambda: timetable().mask_at(naive),
    ):
        with pytest.raises(ValueError, match="time zone"):
            ask()


def test_a_condition_on_an_unknown_schedule_is_refused_when_the_timetable_is_made() -> None:
    with pytest.raises(ValueError, match="'supper'"):
        timetable(Condition(when="supper"))


@pytest.mark.parametrize(
    "damage",
    [
        {"terms": None},
        {"terms": [["2026-09-02"]]},
        {"schedules": {"lunch": [[1]]}},
        {"conditions": [["lunch"]]},
        {"conditions": [["supper", "", ""]]},
        {"timezone": "Europe/Atlantis"},
    ],
)
def test_a_damaged_timetable_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="."):
        Timetable.from_json(timetable(Condition(when="lunch")).to_json() | damage)


def test_reading_a_timetable_needs_neither_yaml_nor_a_schema_nor_an_expression_engine() -> None:
    code = (
        "import sys\n"
        "from drystone.engine.filtering import identity, overlay, schedule, selftest\n"
        "heavy = {'yaml', 'jsonschema', 're2', 'django', 'typer', 'idna', 'difflib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


# Laws

minutes = st.integers(min_value=0, max_value=MIDNIGHT - 1)
days = st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))
moments = st.integers(min_value=0, max_value=2 * 365 * 86_400_000).map(
    lambda milliseconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
timezones = st.sampled_from(["Europe/London", "UTC", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(minutes)
    end = draw(st.integers(min_value=1, max_value=MIDNIGHT).filter(lambda minute: minute != start))
    weekdays = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    return Period(weekdays, start, end, draw(st.sampled_from(["", "term", "holiday"])))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
    return Calendar(
        draw(timezones),
        tuple(sorted(draw(st.lists(spans, max_size=3)))),
        tuple(sorted(draw(st.lists(spans, max_size=3)))),
    )


schedules = st.lists(periods(), min_size=1, max_size=3).map(lambda parts: Schedule("s", tuple(parts)))
untils = st.none() | days


@given(schedules, calendars(), moments)
def test_at_every_moment_exactly_one_of_when_and_outside_holds(
    schedule: Schedule, calendar: Calendar, at: datetime
) -> None:
    table = Timetable(calendar, {"s": schedule}, (Condition(when="s"), Condition(outside="s")))
    assert table.mask(at) in (0b01, 0b10)
    assert bool(table.mask(at) & 1) is active(schedule, calendar, at)


@given(schedules, calendars(), moments, periods())
def test_one_more_period_never_makes_a_schedule_hold_less(
    schedule: Schedule, calendar: Calendar, at: datetime, more: Period
) -> None:
    wider = Schedule("s", (*schedule.periods, more))
    assert active(wider, calendar, at) >= active(schedule, calendar, at)


@given(periods(), calendars(), moments)
def test_a_period_over_midnight_is_an_evening_and_the_next_morning(
    period: Period, calendar: Calendar, at: datetime
) -> None:
    night = Period(period.days, 20 * 60, 7 * 60)
    evening = Period(period.days, 20 * 60, MIDNIGHT)
    morning = Period(tuple(sorted((day + 1) % 7 for day in period.days)), 0, 7 * 60)
    assert active(Schedule("night", (night,)), calendar, at) is active(
        Schedule("two", (evening, morning)), calendar, at
    )


@given(schedules, calendars(), moments, untils, st.lists(moments, max_size=5))
def test_what_was_asked_before_changes_no_answer(
    schedule: Schedule, calendar: Calendar, at: datetime, until: date | None, before: list[datetime]
) -> None:
    table = Timetable(calendar, {"s": schedule}, (Condition(when="s", until=until), Condition(outside="s")))
    for moment in before:
        table.mask(moment)
    assert table.mask(at) == table.mask_at(at)


@given(schedules, calendars(), moments, untils)
def test_nothing_changes_within_one_utc_minute(
    schedule: Schedule, calendar: Calendar, at: datetime, until: date | None
) -> None:
    table = Timetable(calendar, {"s": schedule}, (Condition(when="s", until=until),))
    begin = at.replace(second=0, microsecond=0)
    assert table.mask_at(begin) == table.mask_at(at) == table.mask_at(begin + timedelta(seconds=59.999999))


@given(schedules, calendars(), moments, untils)
def test_a_timetable_comes_back_the_same_from_its_json(
    schedule: Schedule, calendar: Calendar, at: datetime, until: date | None
) -> None:
    table = Timetable(calendar, {"s": schedule}, (Condition(when="s"), Condition(outside="s", until=until)))
    again = Timetable.from_json(table.to_json())
    assert again.to_json() == table.to_json()
    assert again.conditions == table.conditions
    assert again.mask(at) == table.mask(at)


@given(schedules, calendars(), moments)
def test_the_answer_depends_on_the_moment_and_not_on_the_zone_it_is_written_in(
    schedule: Schedule, calendar: Calendar, at: datetime
) -> None:
    assert active(schedule, calendar, at) is active(schedule, calendar, at.astimezone(ZoneInfo("Asia/Kathmandu")))


# Dates, and schedules that hang on others


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-24", Day(2026, 12, 24)),
        ("*-12-25", Day(0, 12, 25)),
        ("2026-*-01", Day(2026, 0, 1)),
        ("*-*-*", Day()),
        ("*-02-29", Day(0, 2, 29)),
    ],
)
def test_a_date_is_read_as_it_is_written(written: str, day: Day) -> None:
    assert day_of(written) == day
    assert str(day) == written


@pytest.mark.parametrize("written", ["", "24.12.2026", "2026-13-01", "2026-02-29", "*-00-01", "0000-01-01", "2026-1-1"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a day; write it as"):
        day_of(written)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_among_the_dates_that_name_it(day: date) -> None:
    for year, month, number in itertools.product((0, day.year), (0, day.month), (0, day.day)):
        assert Day(year, month, number).holds(day)
    assert not Day(0, 0, day.day % 28 + 1 if day.day <= 28 else 1).holds(day)


def test_a_night_that_begins_on_a_date_ends_on_the_next_day() -> None:
    eve = Schedule("eve", (Period(start=22 * 60, end=6 * 60, dates=(Day(0, 12, 24),)),))
    moments = {"2026-12-24T21:59": False, "2026-12-24T22:00": True, "2026-12-25T05:59": True, "2026-12-25T06:00": False}
    for at, holds in moments.items():
        assert active(eve, Calendar(), datetime.fromisoformat(f"{at}+00:00")) is holds, at


def test_a_schedule_may_hang_on_others_and_those_on_others() -> None:
    schedules = {
        "day": Schedule("day", (Period(start=8 * 60, end=18 * 60),)),
        "feast": Schedule("feast", (Period(dates=((date(2026, 12, 20), date(2026, 12, 31)),)),)),
        "work": Schedule("work", (Period((0, 1, 2, 3, 4), when=("day",), outside=("feast",)),)),
        "free": Schedule("free", (Period(outside=("work",)),)),
    }
    table = Timetable(Calendar("UTC"), schedules, (Condition(when="work"), Condition(when="free")))
    for at, mask in {"2026-12-18T12:00": 0b01, "2026-12-19T12:00": 0b10, "2026-12-21T12:00": 0b10}.items():
        assert table.mask(datetime.fromisoformat(f"{at}+00:00")) == mask, at
    assert Timetable.from_json(json.loads(json.dumps(table.to_json()))).to_json() == table.to_json()


@pytest.mark.parametrize("other", ["a", "b", "nix"])
def test_a_schedule_that_leads_back_to_itself_or_nowhere_is_refused(other: str) -> None:
    schedules = {
        "a": Schedule("a", (Period(when=("b",)),)),
        "b": Schedule("b", (Period(outside=(other,)),)),
    }
    with pytest.raises(ValueError, match="leads back to itself|no schedule is called 'nix'"):
        Timetable(Calendar(), schedules)
