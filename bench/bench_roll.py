"""How long the roll of a school and of a county takes to import, and how much memory: the same file twice.

Each import runs in a process of its own, so that its peak of memory is its own. On SQLite, and on PostgreSQL where it
is installed (as for the tests).
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import psycopg.sql

from bench.data import size
from bench.report import say, target
from bench.roll_data import Roll, csv_file, dfe_number, school_name
from tests.postgresql import Cluster

PUPILS = 300  # of one school of the county
SCHOOLS = {"small": 20, "county": 250}
FEW = 5  # a county of a fifth of the schools: what its import takes in memory, five times as many may hardly exceed
TODAY = date(2026, 11, 24)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name, contextlib.ExitStack() as stack:
        folder, many = Path(name), SCHOOLS[size()]
        school = write(folder / "school.csv", Roll(1, 1_000))
        county = write(folder / "county.csv", Roll(many, PUPILS))
        part = write(folder / "part.csv", Roll(many // FEW, PUPILS))
        for database, url in stack.enter_context(databases()).items():
            one, again = imported(school, folder, url, 1)
            told = f"import of 1,000 pupils with guardians, {database}"
            target(told, one["seconds"], 5, unit="s", at_most=True)
            target(f"{told}, the same file again", again["seconds"], 5, unit="s", at_most=True)
            first, again = imported(county, folder, url, many)
            scaled = 90 * many / SCHOOLS["county"]
            told = f"import of {many * PUPILS:,} pupils of {many} schools, {database}"
            target(told, first["seconds"], scaled, unit="s", at_most=True)
            target(f"{told}, the same file again", again["seconds"], scaled, unit="s", at_most=True)
            less, _ = imported(part, folder, url, many // FEW)
            say(f"  memory: {less['mb']:.0f} MB for {many // FEW * PUPILS:,} pupils, {first['mb']:.0f} MB for all")
            told = f"memory of {FEW} times as many pupils, {database}"
            target(told, first["mb"] / less["mb"], 1.3, at_most=True)


def write(path: Path, roll: Roll) -> Path:
    path.write_text(csv_file(roll, None), encoding="utf-8")
    return path


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Name and URL; an empty URL is the home's own SQLite file."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        yield {"SQLite": ""}
        return
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="drystone-bench-pg-")))
    try:
        yield {"SQLite": "", "PostgreSQL": cluster.url}
    finally:
        cluster.stop()


def emptied(url: str) -> str:
    """A new database in the cluster; what was there before has nothing to do with this import."""
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def imported(file: Path, folder: Path, url: str, schools: int) -> list[dict[str, float]]:
    """The file imported twice, each time in a process of its own; a new home and database."""
    home = Path(tempfile.mkdtemp(dir=folder))
    env = {name: value for name, value in os.environ.items() if not name.startswith("DRYSTONE_")}
    env |= {"DRYSTONE_HOME": str(home)} | ({"DRYSTONE_DATABASE_URL": emptied(url)} if url else {})
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "bench.bench_roll", str(home), str(file), str(schools), turn],
                env=env, check=True, capture_output=True, text=True,
            ).stdout.splitlines()[-1]
        )
        for turn in ("first", "again")
    ]  # fmt: skip


def in_own_process(home: Path, file: Path, schools: int, *, first: bool) -> None:
    from drystone.engine.home import Home
    from drystone.site.boot import prepare

    prepare(Home(home))
    if first:
        make_schools(schools)
    from drystone.registers.roll.services.county import import_file

    began = time.perf_counter()
    outcomes = import_file(file, on=TODAY)
    seconds = time.perf_counter() - began
    if any(outcome.changes != first for outcome in outcomes) or len(outcomes) != schools:
        raise SystemExit("the import did not do what it should")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mb": peak}))


def make_schools(count: int) -> None:
    from drystone.registers.school.models import AgeBand, Group, School

    for number in range(count):
        school = School.objects.create(slug=f"bench-{number}", name=school_name(number), dfe_number=dfe_number(number))
        for band in AgeBand:
            Group.objects.create(school=school, slug=band.value, name=band.label, age_band=band)


if __name__ == "__main__":
    in_own_process(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), first=sys.argv[4] == "first")
