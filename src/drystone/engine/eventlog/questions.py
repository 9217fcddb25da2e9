"""What can be asked of the lake and what it answers: filters, rows of answers, and the conditions they become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, TypedDict

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import BooleanValue, Table

from drystone.engine.eventlog.event import SELF_TEST
from drystone.engine.filtering.request import Level

_EXACT: Final = (
    "gateway",
    "zone",
    "client",
    "device",
    "person",
    "group",
    "host",
    "action",
    "category",
    "level",
    "rule",
)

_MOMENT: Final = dt.Timestamp(timezone="UTC")

Place = tuple[datetime, str, int]  # at, segment, offset: where an event stands in the order of all


class Filters(TypedDict, total=False):
    """What narrows a question. `since` ≤ at < `until`, both aware; an empty string or None narrows nothing.

    `text` is looked for in host, path and search, whatever the case. `checks` takes in the filter's self-tests.
    """

    since: datetime | None
    until: datetime | None
    gateway: str
    zone: str
    client: str
    device: str
    person: str
    group: str
    host: str
    action: str
    category: str
    level: str
    rule: str
    text: str
    checks: bool


@dataclass(frozen=True, slots=True)
class DayCount:
    """Blocks of one category on one day of the school's own calendar."""

    day: date
    category: str
    count: int


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """When a gateway last logged, and how much in the last minute."""

    gateway: str
    last: datetime
    last_minute: int


@dataclass(frozen=True, slots=True)
class NamedDay:
    """How many events of one day of the school's own calendar, in one zone, name a person, of how many."""

    day: date
    zone: str
    named: int
    total: int


@dataclass(frozen=True, slots=True)
class NamedShare:
    """How many events name a person. Visits to help sites and self-tests do not count, they name nobody on purpose;
    nor do requests that got no further than being asked for a name."""

    named: int
    total: int

    @property
    def share(self) -> float | None:
        return self.named / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Reject:
    """Lines in a row that are no events, kept as they stood."""

    gateway: str
    file: str
    offset: int
    lines: int
    reason: str
    line: bytes


@ibis.udf.agg.builtin(name="max", signature=((_MOMENT, dt.int64), dt.Array(_MOMENT)))  # type: ignore[untyped-decorator]
def latest(at: object, how_many: int) -> object:
    """The latest so many moments, the last one first."""


ASKED_WHO: Final = ("sign-on", "gateway:sign-on")  # rules of requests that were answered with the question who it is


def nameable(records: Table, filters: Filters) -> Table:
    """P62: the events that could name a person."""
    found = decisions(records, filters)
    return found.filter(found.level != str(Level.HELP), found.rule.notin(ASKED_WHO))


def decisions(records: Table, filters: Filters) -> Table:
    """The events among the records, one row each, that the filters let through."""
    found = records.filter(records.kind == "decision", *times(records, filters))
    for name in _EXACT:
        if value := filters.get(name):
            found = found.filter(found[name] == str(value))
    if text := filters.get("text", "").strip().lower():
        found = found.filter(
            found.host.contains(text) | found.path.lower().contains(text) | found.search.lower().contains(text)
        )
    if not filters.get("checks") and not filters.get("device"):
        found = found.filter(found.device != SELF_TEST)
    return found


def times(records: Table, filters: Filters) -> Iterator[BooleanValue]:
    if since := filters.get("since"):
        yield records.at >= ibis.literal(since.astimezone(UTC))
    if until := filters.get("until"):
        yield records.at < ibis.literal(until.astimezone(UTC))


def is_before(found: Table, place: Place) -> BooleanValue:
    at, segment, offset = place
    moment = ibis.literal(at.astimezone(UTC))
    same_segment = (found.segment == segment) & (found.offset < offset)
    return (found.at < moment) | ((found.at == moment) & ((found.segment < segment) | same_segment))
