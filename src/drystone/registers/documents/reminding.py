"""When somebody is reminded of a notice: three times, and then a person asks them."""

from __future__ import annotations

from datetime import date, timedelta

LEAD, LAST = timedelta(days=3), timedelta(days=7)
END = timedelta(days=14)  # after the day by which it was to be read


def words_due(since: date, due: date, on: date) -> int:
    """How many words somebody is to have had by a day: the first at once, one shortly before it is due, one a week
    after. None any more once reminders have ended."""
    if ended(due, on):
        return 0
    return sum(moment <= on for moment in (since, max(since + timedelta(days=1), due - LEAD), due + LAST))


def ended(due: date, on: date) -> bool:
    return on > due + END
