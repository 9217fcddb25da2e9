"""What a replay asks of the lake: which sites were asked for, by whom, when, and how often, each kind once.

Millions of events are grouped by DuckDB over the Parquet files, and what comes back is a table a thousand times
smaller. Events that the filter's rules did not decide are left out: those stopped by missing access, and those that
the door itself refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import BooleanValue, Table

from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.questions import Filters, decisions
from drystone.engine.filtering.request import Action, Level

GATEWAY: Final = "gateway"  # level of what a door refuses by itself
KIND: Final = ("host", "path", "place", "kin", "state")  # what a visit is decided by
_MOST: Final = 1 << 20  # of places, of kinds of person and of states


@dataclass(frozen=True, slots=True)
class Totals:
    """All events, and those that rules did not decide."""

    events: int
    access: int
    gateway: int


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the path counts: on these hosts, and where host and path match `pattern` (RE2; "" matches nothing).
    `all` keeps every path."""

    hosts: Sequence[str] = ()
    pattern: str = ""
    all: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """What stands for what in a kind of visit: `places` gives each (client, zone) its `place`, `people` each (person,
    device) its `kin`, `minutes` each `minute` since 1970 its `state`. Three small tables to join with are much cheaper
    than one of every person at every address."""

    places: pa.Table
    people: pa.Table
    minutes: pa.Table


class Visits:
    """The visits of one school from `since` up to, not including, `until`."""

    def __init__(self, lake: Lake, school: str, since: datetime, until: datetime) -> None:
        self._lake = lake
        self._school = school
        self._filters: Filters = {"since": since, "until": until}

    def totals(self) -> Totals:
        def build(records: Table) -> Table:
            found = decisions(records, self._filters)
            return found.agg(
                events=found.count(),
                access=found.count(where=found.level == str(Level.ACCESS)),
                gateway=found.count(where=found.level == GATEWAY),
            )

        return Totals(**self._ask(build).to_pylist()[0])

    def hosts(self) -> list[str]:
        """Every host, once."""
        found = self._ask(lambda records: self._visits(records).select("host").distinct())
        return [str(host) for host in found.column("host").to_pylist()]

    def places(self) -> pa.Table:
        """(client, zone), each once."""
        return self._ask(lambda records: self._visits(records).select("client", "zone").distinct())

    def people(self) -> pa.Table:
        """(person, device), each once."""
        return self._ask(lambda records: self._visits(records).select("person", "device").distinct())

    def kinds(self, numbers: Numbers, paths: Paths) -> pa.Table:
        """KIND, events, blocked: how often each kind of visit was made, by host; and how many of them the log says
        were blocked. A path that does not count is ""."""

        def build(records: Table) -> Table:
            found = self._joined(records, numbers, paths)
            kinds = found.group_by(*KIND).agg(
                events=found.count(), blocked=found.count(where=found.action == str(Action.BLOCK))
            )
            return kinds.order_by("host")

        return self._ask(build)

    def who(self, numbers: Numbers, paths: Paths, wanted: pa.Table) -> pa.Table:
        """Who made the visits of the kinds in `wanted` (KIND and a number `row`): (row, person, client, last, path),
        with the time and the path of the last."""
        # The numbers as one: joined by each of its own, a planner may begin with the few values that they have and
        # make every pair of kinds and people.
        whole = _packed(*(wanted.column(name).cast(pa.int64()) for name in ("place", "kin", "state")))
        some = wanted.select(["host", "path", "row"]).append_column("whole", whole)

        def build(records: Table) -> Table:
            hosts = ibis.memtable(wanted.select(["host"])).distinct()
            found = self._joined(records.semi_join(hosts, "host"), numbers, paths)
            packed = (found.place.cast("int64") * _MOST + found.kin) * _MOST + found.state
            found = found.mutate(whole=packed).join(ibis.memtable(some), ("host", "path", "whole"))
            return found.group_by("row", "person", "client").agg(last=found.at.max(), path=found.seen.argmax(found.at))

        return self._ask(build)

    def _joined(self, records: Table, numbers: Numbers, paths: Paths) -> Table:
        found = self._visits(records)
        found = found.mutate(minute=found.at.epoch_seconds() // 60, seen=found.path)
        if not paths.all:
            found = found.mutate(path=ibis.cases((_counts(found, paths), found.path), else_=""))
        found = found.join(ibis.memtable(numbers.places), ("client", "zone"))
        found = found.join(ibis.memtable(numbers.people), ("person", "device"))
        found = found.join(ibis.memtable(numbers.minutes), "minute")
        return found.select(*KIND, "action", "client", "person", "at", "seen")

    def _visits(self, records: Table) -> Table:
        found = decisions(records, self._filters)
        return found.filter(found.level.notin([str(Level.ACCESS), GATEWAY]))

    def _ask(self, build: Callable[[Table], Table]) -> pa.Table:
        return self._lake.table(self._school, build, self._filters)


def _counts(found: Table, paths: Paths) -> BooleanValue:
    named: BooleanValue = found.path != ""
    on_host = found.host.isin(list(paths.hosts)) if paths.hosts else ibis.literal(False)
    if not paths.pattern:
        return named & on_host
    # What matches the host alone may fail to match once a path follows it: an expression can ask for the end.
    matches = (found.host + found.path).re_search(paths.pattern) | found.host.re_search(paths.pattern)
    return named & (on_host | matches)


def _packed(place: pa.ChunkedArray, kin: pa.ChunkedArray, state: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.add(pc.multiply(pc.add(pc.multiply(place, _MOST), kin), _MOST), state)
