"""The lake's queries, always of one school: written once, in Ibis, and run by DuckDB over the Parquet files.

Each question looks at the files that count at that instant (layout.py), and only at the days it asks about. A file
that the collector merges or that retention drops under a running query makes the query ask again.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Unpack
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pyarrow as pa
from ibis.expr.types import Table

from drystone.engine.eventlog import layout
from drystone.engine.eventlog.errors import LakeError
from drystone.engine.eventlog.event import Event
from drystone.engine.eventlog.export import CHUNK, as_csv
from drystone.engine.eventlog.layout import RECORDS, REJECTED
from drystone.engine.eventlog.questions import (
    DayCount,
    Filters,
    GatewaySeen,
    NamedDay,
    NamedShare,
    Place,
    Reject,
    decisions,
    is_before,
    latest,
    nameable,
    times,
)
from drystone.engine.filtering.request import Action

DISTINCT: Final = frozenset({"gateway", "zone", "device", "person", "group", "category", "action", "level", "rule"})
_EVENT_FIELDS: Final = tuple(field.name for field in fields(Event) if field.name != "school")
_FEW_IDS: Final = 1_000
_TRIES: Final = 20


class Lake:
    """Reads a lake; may be shared by the threads of a web server, and read while the collector writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._local = threading.local()
        self._opening = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._process = 0
        self._left_to_parent: tuple[Any, ...] = ()
        self._last_seen: dict[Path, tuple[frozenset[str], dict[str, datetime]]] = {}

    def wake(self) -> None:
        """Load and open, now, what the first question would wait for."""
        self._query([], RECORDS, lambda records: decisions(records, {}).agg(n=ibis._.count()))

    def schools(self) -> list[str]:
        return layout.schools(self.root)

    def events(self, school: str, *, limit: int = 50, offset: int = 0, **filters: Unpack[Filters]) -> list[Event]:
        """A page of events, newest first."""
        return [event for event, _ in self._page(school, filters, limit=limit, offset=offset)]

    def placed(
        self, school: str, *, limit: int = 50, offset: int = 0, **filters: Unpack[Filters]
    ) -> list[tuple[Event, Place]]:
        """The same, each with the place by which `event_at` finds it again."""
        return self._page(school, filters, limit=limit, offset=offset)

    def event_at(self, school: str, place: Place) -> Event | None:
        """The event that stands there; None where there is none, or retention took it away."""
        at, segment, offset = place
        filters: Filters = {"since": at, "until": at + timedelta(milliseconds=1), "checks": True}

        def build(records: Table) -> Table:
            found = decisions(records, filters)
            return found.filter((found.segment == segment) & (found.offset == offset)).limit(1)

        return next((_event(school, row, {}) for row in self._ask(school, filters, build).to_pylist()), None)

    def export_csv(self, school: str, *, chunk: int = CHUNK, **filters: Unpack[Filters]) -> Iterator[str]:
        """All such events as CSV text in pieces, the heading first, newest events first; times are UTC.

        Each piece is a query of its own that goes on where the last one ended: an export takes little memory, and
        neither loses nor doubles an event that the collector moves meanwhile.
        """

        def read_on() -> Iterator[list[Event]]:
            place: Place | None = None
            while found := self._page(school, filters, limit=chunk, after=place):
                yield [event for event, _ in found]
                place = found[-1][1]

        return as_csv(read_on())

    def count(self, school: str, **filters: Unpack[Filters]) -> int:
        found = self._ask(school, filters, lambda records: decisions(records, filters).agg(n=ibis._.count()))
        return int(found.column("n")[0].as_py())

    def reach(self, school: str, newest: int, **filters: Unpack[Filters]) -> tuple[int, datetime | None]:
        """How many such events there are, and when the last of the `newest` ones was: none but those need be looked
        at for a page of them. One look at each event; None where there are none."""

        def build(records: Table) -> Table:
            return decisions(records, filters).agg(n=ibis._.count(), latest=latest(ibis._.at, newest))

        row = self._ask(school, filters, build).to_pylist()[0]
        return row["n"], row["latest"][-1].astimezone(UTC) if row["latest"] else None

    def distinct(self, school: str, field: str, *, limit: int = 500, **filters: Unpack[Filters]) -> list[str]:
        """The values that a field has, in order, the empty one left out: for filter boxes."""
        if field not in DISTINCT:
            raise ValueError(f"{field} is not a field to choose from: one of {', '.join(sorted(DISTINCT))}")

        def build(records: Table) -> Table:
            values = decisions(records, filters).select(value=ibis._[field]).distinct()
            return values.filter(values.value != "").order_by("value").limit(limit)

        return [str(value) for value in self._ask(school, filters, build).column("value").to_pylist()]

    def blocks_by_category(self, school: str, since: datetime, until: datetime) -> list[tuple[str, int]]:
        """Blocks by category, most first; "" where no category was the reason."""
        return self._most(school, "category", {"since": since, "until": until, "action": Action.BLOCK}, limit=1_000)

    def top_hosts(self, school: str, *, limit: int = 20, **filters: Unpack[Filters]) -> list[tuple[str, int]]:
        """The hosts asked for most often."""
        return self._most(school, "host", filters, limit=limit)

    def blocks_by_day(
        self, school: str, since: datetime, until: datetime, timezone: str = "Europe/London"
    ) -> list[DayCount]:
        """Blocks by day and category; a day is the school's own, midnight to midnight in its time zone."""
        filters: Filters = {"since": since, "until": until, "action": Action.BLOCK}

        def build(records: Table) -> Table:  # quarters of an hour: every time zone's midnight falls on one
            blocks = decisions(records, filters)
            return blocks.group_by(quarter=blocks.at.epoch_seconds() // 900, category=blocks.category).agg(
                n=ibis._.count()
            )

        zone = ZoneInfo(timezone)
        found: Counter[tuple[date, str]] = Counter()
        for row in self._ask(school, filters, build).to_pylist():
            day = datetime.fromtimestamp(row["quarter"] * 900, tz=zone).date()
            found[day, row["category"]] += row["n"]
        return [DayCount(day, category, count) for (day, category), count in sorted(found.items())]

    def named_share(self, school: str, since: datetime, until: datetime) -> NamedShare:
        """P62, FM11: the share of traffic that can be traced to a person."""
        filters: Filters = {"since": since, "until": until}

        def build(records: Table) -> Table:
            found = nameable(records, filters)
            return found.agg(total=found.count(), named=found.count(where=found.person != ""))

        row = self._ask(school, filters, build).to_pylist()[0]
        return NamedShare(named=row["named"], total=row["total"])

    def named_by_day(
        self, school: str, since: datetime, until: datetime, timezone: str = "Europe/London"
    ) -> list[NamedDay]:
        """P62: the same by day and zone; a day is the school's own, midnight to midnight in its time zone."""
        filters: Filters = {"since": since, "until": until}

        def build(records: Table) -> Table:
            found = nameable(records, filters)
            quarters = found.group_by(quarter=found.at.epoch_seconds() // 900, zone=found.zone)
            return quarters.agg(total=ibis._.count(), named=ibis._.count(where=ibis._.person != ""))

        zone = ZoneInfo(timezone)
        named: Counter[tuple[date, str]] = Counter()
        totals: Counter[tuple[date, str]] = Counter()
        for row in self._ask(school, filters, build).to_pylist():
            place = (datetime.fromtimestamp(row["quarter"] * 900, tz=zone).date(), row["zone"])
            named[place] += row["named"]
            totals[place] += row["total"]
        return [NamedDay(*place, named[place], total) for place, total in sorted(totals.items())]

    def gateways(self, school: str, now: datetime, *, within: timedelta = timedelta(days=7)) -> list[GatewaySeen]:
        """Every gateway that logged within that time, by name. Self-tests count: they pass through it as well."""
        last: dict[str, datetime] = {}
        for folder in self._days(school, now - within, now + timedelta(days=1)):
            for gateway, at in self._last_of_day(folder).items():
                last[gateway] = max(at, last.get(gateway, at))
        minute: Filters = {"since": now - timedelta(minutes=1), "until": now, "checks": True}
        counts = dict(self._most(school, "gateway", minute, limit=10_000))
        return [GatewaySeen(gateway, at, counts.get(gateway, 0)) for gateway, at in sorted(last.items())]

    def rejects(self, *, limit: int = 100) -> list[Reject]:
        """Lines that were no events, of all gateways, kept aside as they were."""
        names = [field.name for field in fields(Reject)]
        found = self._run(
            [self.root / layout.REJECTS],
            REJECTED,
            lambda table: table.select(*names).order_by("gateway", "file", "offset").limit(limit),
        )
        return [Reject(**row) for row in found.to_pylist()]

    def rejected(self) -> int:
        """How many lines were no events."""
        found = self._run([self.root / layout.REJECTS], REJECTED, lambda table: table.agg(n=table.lines.sum()))
        return int(found.column("n")[0].as_py() or 0)

    def table(self, school: str, build: Callable[[Table], Table], filters: Filters) -> pa.Table:
        """The answer to a question that is put together elsewhere: `build` makes it of the records of the days that
        `filters` asks about."""
        return self._ask(school, filters, build)

    def drop_before(self, school: str, day: date) -> int:
        """P42: delete the events of all UTC days before `day`, each day at once; the number of days deleted.

        Deleted days do not come back, even if their segments are still there to be collected.
        """
        gone = [folder for found, folder in layout.days(self.root, school) if found < day]
        for folder in gone:
            layout.drop_partition(self.root, folder)
        return len(gone)

    def _page(
        self, school: str, filters: Filters, *, limit: int, offset: int = 0, after: Place | None = None
    ) -> list[tuple[Event, Place]]:
        if after:
            until = filters.get("until")
            beyond = after[0] + timedelta(milliseconds=1)
            filters = filters | {"until": min(until, beyond) if until else beyond}

        def build(records: Table) -> Table:
            found = decisions(records, filters)
            if after:
                found = found.filter(is_before(found, after))
            order = [found.at.desc(), found.segment.desc(), found.offset.desc()]
            return found.order_by(order).limit(limit, offset=offset)

        rows = self._ask(school, filters, build).to_pylist()
        sent = self._sent(school, [(row["id"], row["at"]) for row in rows if row["id"]])
        return [(_event(school, row, sent), (row["at"], row["segment"], row["offset"])) for row in rows]

    def _sent(self, school: str, ids: Sequence[tuple[str, datetime]]) -> dict[str, int]:
        """Bytes told after the decision, by id. Such a record has the time of its event, so few files are read."""
        if not ids:
            return {}
        first, last = min(at for _, at in ids), max(at for _, at in ids)
        filters: Filters = {"since": first, "until": last + timedelta(milliseconds=1)}

        def build(records: Table) -> Table:
            told = records.filter(records.kind == "bytes", *times(records, filters))
            if len(ids) <= _FEW_IDS:
                told = told.filter(told.id.isin([id for id, _ in ids]))
            return told.group_by("id").agg(sent=told.bytes.sum())

        return {row["id"]: int(row["sent"]) for row in self._ask(school, filters, build).to_pylist()}

    def _most(self, school: str, field: str, filters: Filters, *, limit: int) -> list[tuple[str, int]]:
        def build(records: Table) -> Table:
            counts = decisions(records, filters).group_by(value=ibis._[field]).agg(n=ibis._.count())
            return counts.order_by(ibis.desc("n"), "value").limit(limit)

        return [(row["value"], row["n"]) for row in self._ask(school, filters, build).to_pylist()]

    def _last_of_day(self, folder: Path) -> dict[str, datetime]:
        """The last event of each gateway in one day; past days are asked once, until a file of theirs changes."""
        names = frozenset(file.path.name for file in layout.counting(layout.data_files(folder)))
        known = self._last_seen.get(folder)
        if known is None or known[0] != names:

            def build(records: Table) -> Table:
                return records.filter(records.kind == "decision").group_by("gateway").agg(last=ibis._.at.max())

            rows = self._run([folder], RECORDS, build).to_pylist()
            known = self._last_seen[folder] = (names, {row["gateway"]: row["last"].astimezone(UTC) for row in rows})
        return known[1]

    def first_day(self, school: str) -> date | None:
        """The day (UTC) of the oldest events; None where there are none."""
        return min((day for day, _ in layout.days(self.root, school)), default=None)

    def _days(self, school: str, since: datetime | None, until: datetime | None) -> list[Path]:
        first = since.astimezone(UTC).date() if since else date.min
        last = (until.astimezone(UTC) - timedelta(microseconds=1)).date() if until else date.max
        return [folder for day, folder in layout.days(self.root, school) if first <= day <= last]

    def _ask(self, school: str, filters: Filters, build: Callable[[Table], Table]) -> pa.Table:
        since, until = filters.get("since"), filters.get("until")
        if any(time and time.tzinfo is None for time in (since, until)):
            raise ValueError("since and until must say their time zone")
        return self._run(self._days(school, since, until), RECORDS, build)

    def _run(self, folders: Sequence[Path], schema: pa.Schema, build: Callable[[Table], Table]) -> pa.Table:
        for attempt in range(_TRIES):
            paths = [file.path for folder in folders for file in layout.counting(layout.data_files(folder))]
            try:
                return self._query(paths, schema, build)
            except duckdb.Error as error:
                vanished = any(not path.exists() for path in paths)
                if not vanished or attempt == _TRIES - 1:
                    why = " ".join(str(error).split())
                    raise LakeError(f"the event lake in {self.root} cannot be read: {why}") from error
        raise AssertionError("the last try returns or raises")

    def _query(self, paths: Sequence[Path], schema: pa.Schema, build: Callable[[Table], Table]) -> pa.Table:
        backend = self._backend()
        if not paths:
            return backend.to_pyarrow(build(ibis.memtable(schema.empty_table())))
        literal = [_literal(path) for path in paths]
        table = backend.read_parquet(literal, table_name="records", hive_partitioning=False)
        return backend.to_pyarrow(build(table))

    def _backend(self) -> Any:
        """A connection of this thread's own to the one DuckDB of this process."""
        if self._process != os.getpid():  # first use, or the first since a fork, which no connection outlives
            with self._opening:
                if self._process != os.getpid():
                    self._left_to_parent = (self._database, self._local)  # to close these here would wait for ever
                    self._database = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
                    self._local = threading.local()
                    self._process = os.getpid()
        backend = getattr(self._local, "backend", None)
        if backend is None:
            with self._opening:
                assert self._database is not None  # noqa: S101 - opened above
                backend = self._local.backend = ibis.duckdb.from_connection(self._database.cursor())
        return backend


def _event(school: str, row: dict[str, Any], sent: dict[str, int]) -> Event:
    values = {name: row[name] for name in _EVENT_FIELDS}
    if row["id"] in sent:
        values["bytes"] = (row["bytes"] or 0) + sent[row["id"]]
    values["at"] = row["at"].astimezone(UTC)
    return Event(school=school, **values)


def _literal(path: Path) -> str:
    """DuckDB reads a file name as a pattern; this one stands for itself."""
    return re.sub(r"[\[*?]", r"[\g<0>]", str(path))
