"""Try before you publish: a month of a school's traffic decided again by the edition in force and by a draft.

Seconds, and how they grow with the events: what is decided are the kinds of visit, of which ten times the events have
far less than ten times as many. There is no other product here to measure against; beside it stands what it would
cost to decide event by event, as a reader of a log would, measured on a part of the same events.
"""

from __future__ import annotations

import os
import random
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench import data
from bench.report import ratio, say
from drystone.engine.eventlog import layout
from drystone.engine.eventlog.compaction import MOST
from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.layout import Span
from drystone.engine.eventlog.visits import Visits
from drystone.engine.filtering import Bundle, compile_bundle, parse_rules
from drystone.engine.filtering.overlay import EMPTY_OVERLAY
from drystone.engine.filtering.replay import Replay, replay

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = 30
HOSTS = 30_000  # different ones in a month, popularity by Zipf
PAGES = 4  # one event in so many shows its path
ONE_BY_ONE = 20_000
RULES = """
school: {{name: Bench}}
groups:
  ks1: {{default: allow, safe_search: true}}
  ks2: {{default: allow, safe_search: true}}
  staff: {{default: allow}}
calendar: {{terms: [[2026-09-02, 2026-12-18]]}}
zones:
  infants: {{addresses: [10.1.0.0/18], group: ks1}}
  juniors: {{addresses: [10.1.64.0/18], group: ks2}}
  office: {{addresses: [10.1.128.0/18], group: staff}}
schedules: {{lunch: {{days: mon-fri, from: "12:00", to: "13:00"}}, evening: {{from: "17:30", to: "07:00"}}}}
rules:
  - {{level: school, block: "category:adult", reason: law, by: bench}}
  - {{level: school, block: "category:malware", reason: law, by: bench}}
  - {{level: group, group: ks2, block: "category:games", outside: lunch, reason: lessons, by: bench}}
{more}
"""
DRAFT = """
  - {level: group, group: ks2, block: "category:press", reason: a trial, by: bench}
  - {level: group, group: staff, allow: "category:gambling", reason: a trial, by: bench}
  - {level: school, block: "expression:roman", when: evening, reason: a trial, by: bench}
"""


def main() -> None:
    given = data.load()
    most = 10_000_000 if given.size == "county" else 300_000
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as folder:
        root = Path(folder)
        before, after = editions(given, root)
        hosts = hosts_of(given)
        taken = {}
        for events in (most // 10, most):
            lake = write_lake(root / f"lake-{events}", events, hosts)
            # A process of its own, as the worker is: what writing the lake took of memory is not counted.
            with ProcessPoolExecutor(1, get_context("spawn")) as alone:
                taken[events] = alone.submit(measured, lake, before, after).result()
        say(f"  ten times the events took {taken[most] / taken[most // 10]:.1f} times as long")
        by_one = one_by_one(Lake(lake), Bundle.open(before), Bundle.open(after)) * most
        ratio("replay of a month", most / taken[most], most / by_one, unit="events a second", other="event by event")


def measured(root: Path, before: Path, after: Path) -> float:
    """Seconds of one replay; says what it found and what memory it took."""
    lake = Lake(root)
    seconds, found = timed(lake, Bundle.open(before), Bundle.open(after))
    told(found, seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"  {time.process_time():.1f} s of processor time with starting up, {peak:,} MB at most")
    return seconds


def editions(given: data.BenchData, root: Path) -> tuple[Path, Path]:
    made = []
    for name, more in (
        ("before", '  - {level: school, block: "category:gambling", reason: law, by: bench}'),
        ("after", DRAFT),
    ):
        out = root / name / "current"
        rules = parse_rules(RULES.format(more=more))
        began = time.perf_counter()
        compile_bundle(given.lists, rules, out, like=root / "before" / "current")
        say(f"  compiled {name} in {time.perf_counter() - began:.1f} s")
        made.append(out)
    return made[0], made[1]


def hosts_of(given: data.BenchData) -> list[str]:
    """The hosts of the request stream, and as many names made up as are missing."""
    found = dict.fromkeys(_host(line) for line in given.requests.read_text().splitlines())
    hosts = list(found)[:HOSTS]
    return hosts + [f"www.made-up-{number}.example" for number in range(HOSTS - len(hosts))]


def _host(line: str) -> str:
    return line.split(" ", 1)[0].removeprefix("http://").partition("/")[0].partition(":")[0]


def write_lake(root: Path, events: int, hosts: list[str]) -> Path:
    """A month of school days as the collector and compaction leave them, a day at a time."""
    chance = np.random.default_rng(7)
    weights = 1 / np.arange(1, len(hosts) + 1)
    picks = chance.permutation(len(hosts))
    for day in range(DAYS):
        table = _day(chance, events // DAYS, day, hosts, picks, weights / weights.sum())
        folder = root / layout.partition_of("bench", (FIRST + timedelta(days=day)).date())
        folder.mkdir(parents=True)
        for start in range(0, table.num_rows, MOST):
            span = Span(os.urandom(8).hex(), start, start + MOST)
            layout.write_merged(table.slice(start, MOST), [span], folder, os.urandom(8).hex())
    return root


def _day(
    chance: np.random.Generator, count: int, day: int, hosts: list[str], picks: np.ndarray, weights: np.ndarray
) -> pa.Table:  # type: ignore[type-arg]
    """Lessons from eight to four; 400 people at 500 addresses; one event in twenty blocked."""
    pages = [f"/page/{number}?q=roman" if number % 50 == 0 else f"/page/{number}" for number in range(5_000)]
    numbers = chance.integers(0, 500, count)
    zones = numbers % 3
    shown = chance.integers(0, PAGES, count) == 0
    at = (FIRST + timedelta(days=day)).timestamp() * 1000 + np.sort(
        chance.integers(7 * 3_600_000, 19 * 3_600_000, count)
    )
    columns = {
        "kind": _words(["decision"], np.zeros(count, np.int32)),
        "id": _words([""], np.zeros(count, np.int32)),
        "at": pa.array(at.astype(np.int64), pa.timestamp("ms", tz="UTC")),
        "gateway": _words(["squid"], np.zeros(count, np.int32)),
        "zone": _words(["infants", "juniors", "office"], zones),
        "client": _words([f"10.1.{64 * (number % 3)}.{number // 3}" for number in range(500)], numbers),
        "person": _words([f"{number:016x}" for number in range(400)], chance.integers(0, 400, count)),
        "group": _words(["ks1", "ks2", "staff"], zones),
        "method": _words(["CONNECT", "GET"], shown.astype(np.int32)),
        "host": _words(hosts, picks[chance.choice(len(hosts), count, p=weights)]),
        "path": _words(["", *pages], np.where(shown, chance.integers(1, len(pages) + 1, count), 0)),
        "action": _words(["allow", "block"], (chance.integers(0, 20, count) == 0).astype(np.int32)),
        "level": _words(["profile"], np.zeros(count, np.int32)),
        "edition": _words(["0123456789abcdef"], np.zeros(count, np.int32)),
        "offset": pa.array(np.arange(count), pa.int64()),
    }
    empty = _words([""], np.zeros(count, np.int32))
    values = [
        columns.get(field.name, pa.nulls(count, field.type) if field.name == "bytes" else empty)
        for field in layout.RECORDS
    ]
    return pa.Table.from_arrays(values, schema=layout.RECORDS)


def _words(words: list[str], numbers: np.ndarray) -> pa.Array:  # type: ignore[type-arg]
    return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), pa.array(words)).dictionary_decode()


def timed(lake: Lake, before: Bundle, after: Bundle) -> tuple[float, Replay]:
    until = FIRST + timedelta(days=DAYS)
    lake.wake()
    began = time.perf_counter()
    stages: list[tuple[str, float]] = []

    def tell(what: str, _done: int, _of: int) -> None:
        stages.append((what, time.perf_counter() - began))

    found = replay(Visits(lake, "bench", FIRST, until), before, after, FIRST, until, tell)
    steps = [f"{what.lower()} {end - start:.1f}" for (what, start), (_, end) in zip(stages, stages[1:], strict=False)]
    say(f"  in seconds: {', '.join(steps)}")
    return time.perf_counter() - began, found


def told(found: Replay, seconds: float) -> None:
    turned = sum(change.events for change in found.changes)
    say(
        f"  {found.events:,} events, {found.hosts:,} hosts, {found.kinds:,} kinds of visit: {seconds:.1f} s; "
        f"{turned:,} events would turn, at {len(found.changes):,} sites and groups"
    )


def one_by_one(lake: Lake, before: Bundle, after: Bundle) -> float:
    """Seconds for one event, read and decided twice in Python; results are kept by the bundles, as in a gateway."""
    began = time.perf_counter()
    events = lake.events("bench", limit=ONE_BY_ONE)
    random.Random(7).shuffle(events)
    for event in events:
        for bundle in (before, after):
            place = bundle.zone_of(event.client)
            profile = bundle.profile_as(zone=place, person=event.person, at=event.at, overlay=EMPTY_OVERLAY)
            bundle.verdict(event.host, event.path, profile, bundle.moment(event.at))
    return (time.perf_counter() - began) / ONE_BY_ONE


if __name__ == "__main__":
    main()
