"""Days and times read the same on every page."""

from datetime import UTC, date, datetime

from drystone.registers.school.moments import clock, day, ending, moment

NOON = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)


def test_a_time_is_written_with_am_or_pm():
    assert moment(NOON) == "23 November 2026, 12:05pm"
    assert clock(NOON.replace(hour=0)) == "12:05am"
    assert moment(None) == "never"


def test_times_are_the_schools_own_in_summer():
    assert moment(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2026, 12:30am"


def test_a_day_that_is_not_there_says_so():
    assert day(date(2026, 2, 1)) == "1 February 2026"
    assert day(None) == "not set"


def test_what_lasts_until_midnight_lasts_until_the_end_of_that_day():
    assert ending(datetime(2026, 11, 24, 0, 0, tzinfo=UTC)) == "the end of 23 November 2026"
    assert ending(datetime(2026, 6, 30, 23, 0, tzinfo=UTC)) == "the end of 30 June 2026"
    assert ending(NOON) == "12:05pm on 23 November 2026"
