"""No event lost, none doubled: faults between every two steps, kills at random moments, any interleaving."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.eventlog import SegmentWriter, compaction, format_event
from drystone.engine.eventlog.lake import Lake
from drystone.engine.home import Home
from tests.engine.eventlog.logbook import School

STEPS = ("rename", "unlink", "fsync", "mkdir", "rmdir", "open")


class Killed(BaseException):
    """What no handler may catch."""


class Killer:
    """Counts every step that changes the disk, and stops the collector before or after one of them."""

    def __init__(self, monkeypatch):
        self.left = -1
        self.after = False
        monkeypatch.setattr(os, "fsync", lambda fd: None)  # a kill loses no page of the kernel's
        for name in STEPS:
            monkeypatch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, step):
        def watched(*args, **options):
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            try:
                return step(*args, **options)
            finally:
                if self.left == 0:
                    raise Killed

        return watched

    def at(self, step, *, after):
        self.left, self.after = step, after


def term(school, killer, step, *, after):
    """Three gateways write for two days and two schools; True if the collector was killed at this step."""
    writers = [school.writer(f"g{number}") for number in range(2)]
    folder = school.home.events / "squid"
    folder.mkdir(parents=True)
    killed = False
    for turn in range(3):
        killer.at(-1, after=False)
        for number, writer in enumerate(writers):
            day = timedelta(days=(turn + number) % 2)
            writer.append(school.line(turn * 10 + number, at=school.event(0).at + day))
            writer.append(school.line(turn * 10 + number + 5, school="moorend"))
        with (folder / "access.log").open("ab") as file:
            file.write(school.line(turn * 10 + 8, gateway="squid") + b"no event\n")
        if turn == 1:
            (folder / "access.log").rename(folder / "access.log.0")
            writers[0].close()
        school.clock.now += timedelta(seconds=compaction.GRACE / 2)
        collector = school.collectors[-1] if school.collectors and not killed else school.collector()
        if not killed:
            killer.at(step, after=after)
        try:
            collector.run_once()
        except Killed:
            killed = True
        step = killer.left if not killed else -1
    killer.at(-1, after=False)
    return killed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_collector_stopped_at_any_step_neither_loses_nor_doubles(new_school, monkeypatch, after):
    monkeypatch.setattr(compaction, "FANOUT", 2)
    killer = Killer(monkeypatch)
    step, killed = 0, True
    while killed:
        step += 1
        school = new_school()
        killed = term(school, killer, step, after=after)
        school.collector(keep=timedelta(0)).run_once()
        school.collectors[-1].compact()
        school.collector().run_once()
        assert school.ids() == sorted(school.written), f"stopped at step {step}"
        assert sum(row["lines"] for row in school.rows(rejects=True)) == 3, f"stopped at step {step}"
    assert step > 60  # as many steps were there to stop at


def test_a_collector_stopped_again_while_it_recovers_neither_loses_nor_doubles(new_school, monkeypatch):
    monkeypatch.setattr(compaction, "FANOUT", 2)
    killer = Killer(monkeypatch)
    chance = random.Random(7)
    for _ in range(25):
        school = new_school()
        term(school, killer, chance.randrange(1, 60), after=chance.random() < 0.5)
        for _ in range(4):
            killer.at(chance.randrange(1, 12), after=chance.random() < 0.5)
            with contextlib.suppress(Killed):
                school.collector().run_once()
        killer.at(-1, after=False)
        school.collector().run_once()
        assert school.ids() == sorted(school.written)


COLLECT = """
import sys, time
from pathlib import Path
from drystone.engine.eventlog import compaction
from drystone.engine.eventlog.collector import Collector
from drystone.engine.home import Home
from tests.engine.eventlog.logbook import School
compaction.FANOUT, compaction.GRACE = 3, 0.05
collector = Collector(Home(Path(sys.argv[1])))
print("begun", flush=True)
while True:
    collector.run_once()
"""


def test_a_collector_killed_at_random_moments_while_gateways_write(school, tmp_path):
    """kill -9 of the real process, again and again, with compaction, rotation and Squid's renames under way."""
    chance = random.Random(20261103)
    number = 0
    writers = [school.writer(f"g{gateway}", max_bytes=4_000) for gateway in range(2)]
    folder = school.home.events / "squid"
    folder.mkdir()
    for _ in range(14):
        with subprocess.Popen([sys.executable, "-c", COLLECT, tmp_path], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            end = time.monotonic() + chance.uniform(0.01, 0.5)
            while time.monotonic() < end:
                for writer in writers:
                    number += 1
                    writer.append(school.line(number, school=chance.choice(["fellside", "moorend"])))
                number += 1
                with (folder / "access.log").open("ab") as file:
                    file.write(school.line(number, gateway="squid"))
                if chance.random() < 0.03:
                    (folder / "access.log").rename(folder / f"access.log.{number}")
                time.sleep(0.001)
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
    school.clock.now += timedelta(days=400)
    school.collector(keep=timedelta(days=300)).run_once()
    assert school.ids() == sorted(school.written)
    assert school.rows(rejects=True) == []


actions = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 4)),
        st.tuples(st.just("half"), st.integers(0, 2), st.integers(1, 60)),
        st.tuples(st.just("restart writer"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("collect"), st.just(0), st.just(0)),
        st.tuples(st.just("restart collector"), st.just(0), st.just(0)),
        st.tuples(st.just("compact"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(actions)
def test_any_order_of_writing_and_collecting_yields_each_line_once(tmp_path_factory, todo):
    school = School(Home(tmp_path_factory.mktemp("home")))
    writers: dict[int, SegmentWriter] = {}
    number = 0
    for action, gateway, count in todo:
        match action:
            case "write":
                writer = writers.setdefault(gateway, school.writer(f"g{gateway}"))
                for _ in range(count):
                    number += 1
                    writer.append(school.line(number))
            case "half" if gateway in writers:  # the writer is killed in the middle of a line
                with writers[gateway].path.open("ab") as file:
                    file.write(format_event(school.event(0))[:count])
                writers.pop(gateway).close()
            case "restart writer" if gateway in writers:
                writers.pop(gateway).close()
            case "collect":
                (school.collectors[-1] if school.collectors else school.collector()).run_once()
            case "restart collector":
                school.collector().run_once()
            case "compact":
                school.collector().compact()
    school.collector().run_once()
    assert Counter(school.ids()) == Counter(school.written)
    for collector in school.collectors:
        collector.close()


def test_a_dropped_day_does_not_come_back_while_its_segments_are_still_there(new_school, monkeypatch):
    """P42: and neither does a stop at any step of the dropping bring it back, or take another day with it."""
    killer = Killer(monkeypatch)
    killed, step = True, 0
    while killed:
        step += 1
        school = new_school()
        writer = school.writer()
        for number in range(4):
            writer.append(school.line(number, at=school.event(0).at + timedelta(days=number // 2)))
            school.collector().run_once()
        killer.at(step, after=step % 2 == 0)
        try:
            Lake(school.home.lake).drop_before("fellside", (school.event(0).at + timedelta(days=2)).date())
            killed = False
        except Killed:
            killed = True
        killer.at(-1, after=False)
        Lake(school.home.lake).drop_before("fellside", (school.event(0).at + timedelta(days=2)).date())
        writer.append(school.line(10, at=school.event(0).at + timedelta(days=2)))
        school.collector().run_once()
        assert school.ids() == ["e10"], f"stopped at step {step}"
        assert not list((school.home.lake / "dropped").iterdir())
    assert step > 8
