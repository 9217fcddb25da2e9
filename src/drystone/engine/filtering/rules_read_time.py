"""Reads the parts of a rules file that say when: calendar and schedules."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

from drystone.engine.filtering import rules_schema as schema
from drystone.engine.filtering.rules_fields import Fields, check_name
from drystone.engine.filtering.rules_values import read_days, read_minute
from drystone.engine.filtering.rules_yaml import Complain, Items, Node, Text
from drystone.engine.filtering.schedule import (
    DEFAULT_TIMEZONE,
    EVERY_DAY,
    MIDNIGHT,
    Calendar,
    Day,
    Period,
    Schedule,
    Span,
    day_of,
)


def read_timezone(fields: Fields) -> str:
    """The school's time zone, by its name in the IANA database."""
    timezone = fields.text("timezone", DEFAULT_TIMEZONE)
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # not found, not a name, the name of a folder
        message = f"timezone '{timezone}' is not a time zone; write it as Europe/London"
        fields.complain(fields.line_of("timezone"), message)
        return DEFAULT_TIMEZONE
    return timezone


def read_calendar(file: Fields, timezone: str, complain: Complain) -> Calendar:
    node = file.node("calendar")
    if node is None:
        return Calendar(timezone)
    fields = Fields(node, schema.CALENDAR, "calendar", complain)
    terms, holidays = _spans(fields, "terms"), _spans(fields, "holidays")
    for (_, last), (first, _) in pairwise(terms):
        if first <= last:
            message = f"a term begins on {first}, before the one before it ends on {last}; terms do not overlap"
            fields.complain(fields.line_of("terms"), message)
    return Calendar(timezone, terms, holidays)


def _spans(fields: Fields, key: str) -> tuple[Span, ...]:
    spans = (_span(fields, key, node) for node in fields.items(key))
    return tuple(sorted({span for span in spans if span}))


def _span(fields: Fields, key: str, node: Node) -> Span | None:
    """`[first, last]`, both inclusive, or one day alone."""
    nodes = node.nodes if isinstance(node, Items) else [node]
    if len(nodes) not in (1, 2) or not all(isinstance(part, Text) for part in nodes):
        fields.complain(node.line, f"{key}: write each as [first day, last day]")
        return None
    days = [fields.as_day(key, part.value, part.line) for part in nodes if isinstance(part, Text)]
    first, last = days[0], days[-1]
    if first is None or last is None:
        return None
    if last < first:
        fields.complain(node.line, f"{key}: {last} is before {first}; write the first day first")
    return first, last


def read_schedules(file: Fields, calendar: Calendar, complain: Complain) -> dict[str, Schedule]:
    schedules: dict[str, Schedule] = {}
    for key, (line, node) in file.named("schedules").items():
        check_name(file, key, line, "schedule")
        parts = node.nodes if isinstance(node, Items) else [node]
        periods = []
        for part in parts:
            at = part.line if isinstance(node, Items) else line
            fields = Fields(part, schema.SCHEDULE, f"schedule {key}", complain, line=at)
            periods.append(_period(fields, calendar, tuple(schedules)))
        if not periods:
            complain(line, f"schedule {key}: is empty; write {{days: mon-fri, from: 12:00, to: 13:00}}")
        schedules[key] = Schedule(key, tuple(periods), line=line)
    return schedules


def _period(fields: Fields, calendar: Calendar, above: tuple[str, ...]) -> Period:
    """`above` are the schedules that stand before this one: it may name those only, so none leads back to itself."""
    if not any(fields.has(key) for key in schema.SCHEDULE.key_names):
        fields.complain(fields.line, "says nothing; write days, dates, from and to, or in")
    start, end = _minute(fields, "from", 0), _minute(fields, "to", MIDNIGHT)
    if start == MIDNIGHT:
        fields.complain(fields.line_of("from"), "from: 24:00 is the end of a day; write 00:00")
    if start == end:
        message = f"begins and ends at {fields.text('from', '00:00')}; for the whole day leave out from and to"
        fields.complain(fields.line, message)
    when, outside = _others(fields, "when", above), _others(fields, "outside", above)
    return Period(_days(fields), start, end or MIDNIGHT, _within(fields, calendar), _dates(fields), when, outside)


def _others(fields: Fields, key: str, above: tuple[str, ...]) -> tuple[str, ...]:
    names = [name for name, _ in fields.texts(key)]
    for name in names:
        if name not in above:
            hint = schema.suggestion(name, above)
            fields.complain(fields.line_of(key), f"{key}: '{name}' is not a schedule above this one; {hint}")
    return tuple(dict.fromkeys(names))


def _dates(fields: Fields) -> tuple[Span | Day, ...]:
    """Days, days of every year (`*-12-25`), and `[first day, last day]`; one alone need not be a list."""
    node = fields.node("dates")
    if node is None:
        return ()
    found: list[Span | Day] = []
    for each in node.nodes if isinstance(node, Items) else [node]:
        if isinstance(each, Items):
            if span := _span(fields, "dates", each):
                found.append(span)
        elif isinstance(each, Text):
            try:
                found.append(day_of(each.value))
            except ValueError as error:
                fields.complain(each.line, f"dates: {error}")
        else:
            fields.complain(each.line, "dates: write each as 2026-12-24, *-12-25 or [first day, last day]")
    return tuple(found)


def _minute(fields: Fields, key: str, default: int) -> int:
    text = fields.text(key)
    if not text:
        return default
    try:
        return read_minute(text)
    except ValueError as error:
        fields.complain(fields.line_of(key), f"{key}: {error}")
        return default


def _days(fields: Fields) -> tuple[int, ...]:
    texts = [text for text, _ in fields.texts("days")]
    if not texts:
        return EVERY_DAY
    try:
        return read_days(texts)
    except ValueError as error:
        fields.complain(fields.line_of("days"), f"days: {error}")
        return EVERY_DAY


def _within(fields: Fields, calendar: Calendar) -> str:
    within = fields.text("in")
    if within not in ("", "term", "holiday"):
        fields.complain(fields.line_of("in"), f"in is '{within}'; write term or holiday")
    elif within and not calendar.terms:
        fields.complain(fields.line_of("in"), f"in: {within} needs the terms; write them under calendar")
    return within
