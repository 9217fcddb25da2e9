"""What each page of a 1,000-pupil school costs the server: time and queries, on SQLite and on PostgreSQL.

Each page that needs a permission is opened through the whole house (all middleware, sessions, templates) by somebody
who holds it: one for each reach that the permission has, and the first page by everybody. Queries must be as many at
1,000 pupils as at half of them. The time is told twice: by the clock, and of the processor (this process and its
PostgreSQL backend), which other work on the machine lengthens less.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.bench_roll import databases, emptied
from bench.report import say, target

if TYPE_CHECKING:
    from django.test import Client

    from bench.big_doors import Door

REPEATS = 5
LONG_MS = 3_000  # a download that took so long is not measured again
MOST_MS, WORST = 100, 10
SKIPPED = "django_session", "SAVEPOINT", "BEGIN"  # a session remembers the time of the day, now and then


@dataclass(slots=True)
class Visit:
    """One page by one role: milliseconds by the clock and of the processor, the median and the worst of the repeats."""

    page: str
    role: str
    status: int
    html: bool  # else a download
    size: int
    queries_at_half: int
    queries: int
    clock: float
    clock_worst: float
    processor: float

    @property
    def told(self) -> str:
        return (
            f"{self.clock:6.0f} ms (worst {self.clock_worst:.0f}; processor {self.processor:.0f}), "
            f"{self.queries} queries, {self.size / 1024:.0f} kB: {self.page} as {self.role}"
        )


def main() -> None:
    with contextlib.ExitStack() as stack:
        for database, url in stack.enter_context(databases()).items():
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="drystone-bench-"))
            env = {name: value for name, value in os.environ.items() if not name.startswith("DRYSTONE_")}
            env |= {"DRYSTONE_HOME": home} | ({"DRYSTONE_DATABASE_URL": emptied(url)} if url else {})
            command = [sys.executable, "-m", "bench.bench_pages", home]
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
            told = json.loads(done.stdout.splitlines()[-1])
            report(database, told["school"], [Visit(**one) for one in told["visits"]])


def report(database: str, school: dict[str, int], visits: list[Visit]) -> None:
    say(f"  {database}: " + ", ".join(f"{count:,} {what}" for what, count in school.items()))
    good = [one for one in visits if one.status == 200 and one.html]
    others = [f"{one.page} as {one.role}: {one.status}" for one in visits if one.status != 200]
    say(f"  {len(visits)} visits of {len({one.page for one in visits})} pages; not answered with a page: {len(others)}")
    for line in others:
        say(f"    {line}")
    for figure in ("clock", "processor"):
        found = [getattr(one, figure) for one in good]
        say(f"  {figure}: median page {statistics.median(found):.1f} ms, worst page {max(found):.1f} ms")
    say(f"  queries: median page {statistics.median(one.queries for one in good):.0f}, the slowest pages:")
    for one in sorted(good, key=lambda one: -one.clock)[:WORST]:
        say(f"    {one.told}")
    for one in [one for one in visits if one.status == 200 and not one.html]:
        say(f"    download: {one.told.strip()}")
    growing = [one for one in visits if one.queries > one.queries_at_half]
    for one in growing:
        say(f"    grows from {one.queries_at_half} to {one.queries} queries: {one.page} as {one.role}")
    over = sum(one.clock > MOST_MS for one in good)
    say(f"  pages over {MOST_MS} ms by the clock: {over}; of the processor: {sum(o.processor > MOST_MS for o in good)}")
    slowest = max(one.clock for one in good)
    target(f"slowest page of 1,000 pupils, {database}", slowest, MOST_MS, unit="ms", at_most=True)
    told = f"the same in time of the processor, {database}"
    target(told, max(one.processor for one in good), MOST_MS, unit="ms", at_most=True)
    pages = sum(one.html for one in growing)  # a download reads a piece at a time, so a longer one has more pieces
    target(f"pages whose queries grow with the roll, {database}", pages, 0, unit="pages", at_most=True)


# What follows runs in the process of one database, where Django is set up.


def in_own_process(root: Path) -> None:
    from drystone.engine.home import Home
    from drystone.site.boot import prepare

    home = Home(root)
    prepare(home)
    from bench import big_school

    school = big_school.founded(home)
    big_school.grow(school, 0.5, root)
    from bench.big_doors import doors

    half = queries_of(doors(school))
    big_school.grow(school, 1.0, root)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # PostgreSQL does so by itself a minute after
    whole = doors(school)
    queries_of(whole)
    visits = [visit(*door, half.get((door[1], door[2]), 0)) for door in whole]
    print(json.dumps({"school": big_school.figures(school), "visits": [asdict(one) for one in visits]}))


def queries_of(everywhere: list[Door]) -> dict[tuple[str, str], int]:
    """By page and role; at the second look, when what is looked up once and kept is there."""
    for client, _, _, address in everywhere:
        opened(client, address)
    return {(page, role): opened(client, address)[3] for client, page, role, address in everywhere}


def visit(client: Client, page: str, role: str, address: str, queries_at_half: int) -> Visit:
    status, html, size, queries = opened(client, address)
    clock, processor = [], []
    gc.collect()  # of what the pages before left behind
    for _ in range(REPEATS):
        began, spent = time.perf_counter(), processor_seconds()
        opened(client, address, count=False)
        clock.append(1_000 * (time.perf_counter() - began))
        processor.append(1_000 * (processor_seconds() - spent))
        if sum(clock) > LONG_MS:
            break
    middle = statistics.median
    return Visit(page, role, status, html, size, queries_at_half, queries, middle(clock), max(clock), middle(processor))


def opened(client: Client, address: str, *, count: bool = True) -> tuple[int, bool, int, int]:
    """Status, whether it is a page and no download, bytes and queries."""
    from django.db import connection

    asked: list[str] = []
    with connection.execute_wrapper(_noting(asked)) if count else contextlib.nullcontext():
        answer: Any = client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    counted = [sql for sql in asked if not any(word in sql for word in SKIPPED)]
    return answer.status_code, answer.get("Content-Type", "").startswith("text/html"), len(content), len(counted)


def _noting(asked: list[str]) -> Any:
    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    return wrapper


def processor_seconds() -> float:
    """Of this process and of its PostgreSQL backend, where there is one and Linux tells."""
    from django.db import connection

    spent = time.process_time()
    if connection.vendor == "postgresql" and connection.connection is not None:
        with contextlib.suppress(OSError):
            told = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
            spent += int(told.split()[0]) / 1e9
    return spent


if __name__ == "__main__":
    in_own_process(Path(sys.argv[1]))
