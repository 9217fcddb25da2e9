"""A school whose gateways log: writes events, collects them, and reads the lake without trusting a query."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq

from drystone.engine.eventlog import Event, SegmentWriter, format_event, layout
from drystone.engine.eventlog.collector import Collector
from drystone.engine.home import Home

AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = AT + timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class School:
    """A home with gateways that log, and what its lake holds."""

    home: Home
    clock: Clock = field(default_factory=Clock)
    written: list[str] = field(default_factory=list)
    collectors: list[Collector] = field(default_factory=list)

    def event(self, number: int, **values: object) -> Event:
        known = {"at": AT + timedelta(seconds=number), "school": "fellside", "gateway": "g1", "id": f"e{number}"}
        return Event(**(known | {"host": "a.example", "action": "allow"} | values))  # type: ignore[arg-type]

    def line(self, number: int, **values: object) -> bytes:
        event = self.event(number, **values)
        self.written.append(event.id)
        return format_event(event)

    def writer(self, gateway: str = "g1", **options: object) -> SegmentWriter:
        return SegmentWriter(self.home.events / gateway, **options)  # type: ignore[arg-type]

    def collector(self, **options: object) -> Collector:
        for old in self.collectors:
            old.close()
        self.collectors.append(Collector(self.home, clock=self.clock, **options))  # type: ignore[arg-type]
        return self.collectors[-1]

    def files(self) -> list[layout.DataFile]:
        folders = layout.partitions(self.home.lake)
        return [file for folder in folders for file in layout.counting(layout.data_files(folder))]

    def rows(self, *, rejects: bool = False) -> list[dict]:
        files = [file.path for file in self.files() if (file.path.parent.name == layout.REJECTS) == rejects]
        return [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]

    def ids(self) -> list[str]:
        return sorted(row["id"] for row in self.rows() if row["kind"] == "decision")
