"""The event log: lines written and collected a second, how soon an event can be asked for, what questions cost.

The first term's events go the real way: a segment, the collector, compaction. The larger lake is the same day again and
again, as compaction would have left it. Each question is asked of the whole of either lake, and of one day of the
larger: cost should grow with the days asked about, and not with the lake. There is no other product here to measure
against; the ratio is that growth.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.data import size
from bench.report import say
from drystone.engine.eventlog import Event, SegmentWriter, format_bytes, format_event, layout, new_id
from drystone.engine.eventlog.collector import Collector
from drystone.engine.eventlog.compaction import MOST
from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.layout import Span
from drystone.engine.home import Home

DAY = datetime(2026, 11, 3, tzinfo=UTC)
TIMES = 10  # the larger lake has this many days of the smaller
ASKED = 5  # times each question is asked; the middle one counts


def main() -> None:
    events = 1_000_000 if size() == "county" else 100_000
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as folder:
        home = Home(Path(folder) / "home")
        write(home, events)
        collect(home)
        one_event_at_a_time(Home(Path(folder) / "alone"))
        small = Lake(home.lake)
        large = Lake(many_days(home.lake, Path(folder) / "large"))
        costs(small, large)


def write(home: Home, count: int) -> None:
    """A school's day of `count` events: 5 % blocked, a fifth of the answers told later in bytes records."""
    chance = random.Random(7)
    lines = []
    for number in range(count):
        event = made_up(number, count, chance)
        lines.append(format_event(event))
        if number % 5 == 0:
            lines.append(format_bytes(event, chance.randrange(100_000)))
    writer = SegmentWriter(home.events / "g1", max_bytes=2**40, max_age=86_400)
    began = time.perf_counter()
    for line in lines:
        writer.append(line)
    say(f"  written: {len(lines) / (time.perf_counter() - began):,.0f} lines a second, one write(2) each")
    began = time.perf_counter()
    for number in range(20_000):
        format_event(made_up(number, count, chance))
    say(f"  made and formatted: {20_000 / (time.perf_counter() - began):,.0f} events a second")
    writer.close()


def made_up(number: int, count: int, chance: random.Random) -> Event:
    blocked = number % 20 == 0
    return Event(
        at=DAY + timedelta(milliseconds=number * 86_000_000 // count),
        school="fellside",
        gateway="g1",
        id=new_id(),
        zone=("suite", "library", "office")[number % 3],
        client=f"10.1.0.{chance.randrange(250)}",
        person=f"{chance.randrange(400):016x}",
        group="ks2",
        method="GET",
        host=f"www.site{int(chance.paretovariate(0.7)) % 20_000}.example",
        path=f"/page/{chance.randrange(100_000)}" + ("?q=a%20b" if number % 4 == 0 else ""),
        action="block" if blocked else "allow",
        category=("gambling", "games", "social_networks")[number % 3] if blocked else "",
        rule="global-1" if blocked else "",
        level="global" if blocked else "profile",
        edition="0123456789abcdef",
    )


def collect(home: Home) -> None:
    with Collector(home) as collector:
        began = time.perf_counter()
        records = collector.run_once()
        took = time.perf_counter() - began
        began = time.perf_counter()
        collector.compact()
        say(f"  collected: {records / took:,.0f} records a second; merged in {time.perf_counter() - began:.1f} s more")
    folder = next(layout.partitions(home.lake))
    files = layout.counting(layout.data_files(folder))
    stored = sum(file.path.stat().st_size for file in files)
    logged = sum(path.stat().st_size for path in home.events.rglob("*.log"))
    say(f"  {logged / 2**20:,.0f} MB of lines became {stored / 2**20:,.0f} MB in {len(files)} files")


def one_event_at_a_time(home: Home) -> None:
    """Ten events a second for a while: how soon each can be asked for, and how many files there are then."""
    writer, lake, chance = SegmentWriter(home.events / "g1"), Lake(home.lake), random.Random(7)
    stop = threading.Event()

    def keep_collecting() -> None:
        with Collector(home) as collector:
            while not stop.is_set():
                collector.run_once()
                stop.wait(0.3)

    thread = threading.Thread(target=keep_collecting)
    thread.start()
    waits = []
    for number in range(100):
        writer.append(format_event(made_up(number, 100, chance)))
        if number % 5 == 0:
            began = time.perf_counter()
            while lake.count("fellside") <= number:
                time.sleep(0.01)
            waits.append(time.perf_counter() - began)
        time.sleep(0.1)
    stop.set()
    thread.join()
    files = len(layout.counting(layout.data_files(next(layout.partitions(home.lake)))))
    waits.sort()
    say(f"  seen by a query after {waits[len(waits) // 2]:.2f} s (middle), {waits[-1]:.2f} s (longest); {files} files")


def many_days(lake: Path, root: Path) -> Path:
    """The lake's one day, TIMES over."""
    folder = next(layout.partitions(lake))
    day = pa.concat_tables(pq.ParquetFile(file.path).read() for file in layout.counting(layout.data_files(folder)))
    at = day.schema.get_field_index("at")
    for number in range(TIMES):
        moved = pc.add(day.column("at"), pa.scalar(timedelta(days=number), pa.duration("ms")))
        table = day.set_column(at, day.schema.field(at), moved)
        target = root / layout.partition_of("fellside", (DAY + timedelta(days=number)).date())
        target.mkdir(parents=True)
        for start in range(0, table.num_rows, MOST):
            span = Span(os.urandom(8).hex(), start, start + MOST)
            layout.write_merged(table.slice(start, MOST), [span], target, os.urandom(8).hex())
    return root


def costs(small: Lake, large: Lake) -> None:
    """Every question of the Traffic page, of a day, of TIMES days, and of one day among them."""
    end = DAY + timedelta(days=TIMES)
    whole = {"since": DAY, "until": end}
    one = {"since": DAY, "until": DAY + timedelta(days=1)}
    questions: dict[str, Callable[[Lake, dict[str, datetime]], object]] = {
        "first page": lambda lake, time: lake.events("fellside", limit=50, **time),
        "page of a category": lambda lake, time: lake.events("fellside", limit=50, category="games", **time),
        "text in host or path": lambda lake, time: lake.events("fellside", limit=50, text="site123", **time),
        "one person, page 20": lambda lake, time: lake.events(
            "fellside", limit=50, offset=950, person="0" * 15 + "7", **time
        ),
        "count": lambda lake, time: lake.count("fellside", **time),
        "count with text": lambda lake, time: lake.count("fellside", text="site123", **time),
        "values of a filter": lambda lake, time: lake.distinct("fellside", "category", **time),
        "blocks by day": lambda lake, time: lake.blocks_by_day("fellside", time["since"], time["until"]),
        "named share": lambda lake, time: lake.named_share("fellside", time["since"], time["until"]),
        "top hosts": lambda lake, time: lake.top_hosts("fellside", **time),
        "gateways": lambda lake, time: lake.gateways("fellside", time["until"], within=timedelta(days=TIMES)),
    }
    events = small.count("fellside")
    say(f"  {'question, in ms':<22} {events:>12,} {events * TIMES:>12,} {'growth':>8} {'one day of it':>14}")
    for name, question in questions.items():
        day, all_days, among = (
            middle(partial(question, lake, time)) for lake, time in ((small, one), (large, whole), (large, one))
        )
        say(f"  {name:<22} {day * 1000:>12.0f} {all_days * 1000:>12.0f} {all_days / day:>8.1f} {among * 1000:>14.0f}")
    began = time.perf_counter()
    exported = sum(text.count("\n") for text in small.export_csv("fellside")) - 1
    say(f"  CSV: {exported / (time.perf_counter() - began):,.0f} events a second")


def middle(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[ASKED // 2]


if __name__ == "__main__":
    main()
