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
_WHO: Final = ("client", "zone", "person")
_VISIT: Final = ("host", "path", "who", "state")
_MOST_STATES: Final = 1 << 24


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

    def askers(self) -> pa.Table:
        """(client, zone, person), each once."""
        return self._ask(lambda records: self._visits(records).select(*_WHO).distinct())

    def kinds(self, askers: pa.Table, minutes: pa.Table, paths: Paths) -> pa.Table:
        """(host, path, who, state, events, blocked), by host. `askers` adds the number `who` to (client, zone,
        person), `minutes` the number `state` to each `minute` since 1970; a path that does not count is "".
        `blocked`: how many of them the log says were."""

        def build(records: Table) -> Table:
            found = self._joined(records, askers, minutes, paths)
            kinds = found.group_by(*_VISIT).agg(
                events=found.count(), blocked=found.count(where=found.action == str(Action.BLOCK))
            )
            return kinds.order_by("host")

        return self._ask(build)

    def people(self, askers: pa.Table, minutes: pa.Table, paths: Paths, wanted: pa.Table, by: str) -> pa.Table:
        """For the kinds in `wanted` (host, path, who, state and the number `by`): by that number the events, the
        people and clients that differ, and the last of them with its path."""

        # `who` and `state` as one number: joined each by itself, a planner may begin with the few values that they have
        # and make every pair of askers and kinds.
        numbers = pc.add(pc.multiply(wanted.column("who").cast(pa.int64()), _MOST_STATES), wanted.column("state"))
        some = wanted.select(["host", "path", by]).append_column("both", numbers)

        def build(records: Table) -> Table:
            hosts = ibis.memtable(wanted.select(["host"])).distinct()
            found = self._joined(records.semi_join(hosts, "host"), askers, minutes, paths)
            found = found.mutate(both=found.who.cast("int64") * _MOST_STATES + found.state)
            found = found.join(ibis.memtable(some), ("host", "path", "both"))
            return found.group_by(by).agg(
                people=found.person.nunique(where=found.person != ""),
                clients=found.client.nunique(where=found.client != ""),
                last=found.at.max(),
                example=found.seen.argmax(found.at),
            )

        return self._ask(build)

    def _joined(self, records: Table, askers: pa.Table, minutes: pa.Table, paths: Paths) -> Table:
        found = self._visits(records)
        found = found.mutate(minute=found.at.epoch_seconds() // 60, seen=found.path)
        found = found.mutate(
            path=found.path if paths.all else ibis.cases((_counts(found, paths), found.path), else_="")
        )
        found = found.join(ibis.memtable(askers), _WHO).join(ibis.memtable(minutes), "minute")
        return found.select(*_VISIT, "action", "client", "person", "at", "seen")

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
