"""`drystone log`, as a person and as `drystone up` run it: its lines and its exit status, and the real process."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from drystone.cli.main import main
from drystone.engine.eventlog import format_event
from drystone.engine.eventlog.lake import Lake
from drystone.engine.home import Home
from tests.engine.eventlog.logbook import School

DRYSTONE = [sys.executable, "-m", "drystone.cli.main", "log"]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys):
    """Runs `drystone log …` in this process, through the command's own front door."""

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["log", *map(str, words)])
        told = capsys.readouterr()
        return Done(ended.value.code, told.out, told.err)

    return run


@pytest.fixture
def school(tmp_path):
    school = School(Home(tmp_path))
    yield school
    for collector in school.collectors:
        collector.close()


@pytest.fixture
def filled(school, run):
    writer = school.writer()
    writer.append(
        school.line(1, host="poker.example", category="gambling", action="block", level="global", zone="suite")
    )
    writer.append(school.line(2, host="b.example", path="/x\x1b[31m", search="=1+1"))
    writer.append(b"no event\n")
    done = run("collect", "--home", school.home.root, "--once")
    assert (done.returncode, done.stdout) == (0, "")
    assert "records collected: 2, lines put aside: 1" in done.stderr
    return school


@pytest.fixture
def collecting(school):
    """`log collect` at work on this school."""
    process = subprocess.Popen([*DRYSTONE, "collect", "--home", school.home.root], stderr=subprocess.PIPE, text=True)
    lock = school.home.lake / ".collector.lock"
    until(lambda: lock.exists() and lock.read_text(), process)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def until(found, process, seconds=20.0):
    end = time.monotonic() + seconds
    while not found():
        assert process.poll() is None
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_events_are_shown_newest_first_with_zone_category_and_rule(filled, run):
    done = run("query", "--home", filled.home.root)
    first, second = done.stdout.splitlines()
    assert "b.example/x�[31m" in first
    assert "\x1b" not in done.stdout
    assert all(word in second for word in ("block", "suite", "poker.example", "gambling", "global"))
    assert "2 of 2 events" in done.stderr


def test_json_is_one_object_a_line_with_every_field(filled, run):
    done = run("query", "--home", filled.home.root, "--json", "--category", "gambling")
    (event,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert event["host"] == "poker.example"
    assert event["at"] == "2026-11-03T09:15:01.000+00:00"
    assert set(event) == set(
        csv.DictReader(run("query", "--home", filled.home.root, "--csv").stdout.splitlines()).fieldnames
    )


def test_csv_has_all_and_no_formula(filled, run):
    rows = list(csv.DictReader(io.StringIO(run("query", "--home", filled.home.root, "--csv").stdout)))
    assert [row["host"] for row in rows] == ["b.example", "poker.example"]
    assert rows[0]["search"] == "'=1+1"


def test_times_and_text_narrow_the_answer(filled, run, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kathmandu")  # 09:15 UTC is three in the afternoon there
    time.tzset()
    for words, lines in [
        (["--text", "POKER"], 1),
        (["--since", "2026-11-03", "--until", "2026-11-03"], 2),
        (["--since", "2026-11-03T15:00:02"], 1),
        (["--until", "2026-11-02"], 0),
        (["--host", "b.example", "--action", "block"], 0),
        (["--limit", "1"], 1),
    ]:
        done = run("query", "--home", filled.home.root, *words)
        assert (done.returncode, len(done.stdout.splitlines())) == (0, lines), words
    monkeypatch.undo()
    time.tzset()


def test_rejects_are_shown_with_their_place_and_reason(filled, run):
    done = run("rejects", "--home", filled.home.root)
    assert "not a line of the event log: no event" in done.stdout
    assert "lines put aside in all: 1" in done.stderr
    (reject,) = [json.loads(line) for line in run("rejects", "--home", filled.home.root, "--json").stdout.splitlines()]
    assert (reject["gateway"], reject["line"]) == ("g1", "no event")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["query", "--home", "/nowhere"], 1, "no events have been collected"),
        (["collect", "--home", "/nowhere", "--once"], 1, "is not a folder"),
        (["query", "--since", "yesterday"], 2, "is no date or time"),
        (["query", "--json", "--csv"], 2, "choose one"),
        (["query", "--limit", "0"], 2, "limit"),
        (["query", "--colour", "red"], 2, "--colour"),
    ],
)
def test_what_is_asked_wrongly_is_answered_in_one_line(filled, run, words, status, told):
    home = [] if "--home" in words else ["--home", filled.home.root]
    done = run(*words, *home)
    assert done.returncode == status
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_with_several_schools_one_must_be_named(filled, run):
    filled.writer().append(filled.line(3, school="moorend"))
    run("collect", "--home", filled.home.root, "--once")
    done = run("query", "--home", filled.home.root)
    assert done.returncode == 2
    assert "fellside, moorend" in done.stderr
    assert len(run("query", "--home", filled.home.root, "--school", "moorend").stdout.splitlines()) == 1


def test_a_second_collector_stops_with_a_clear_line(school, collecting, run):
    done = run("collect", "--home", school.home.root, "--once")
    assert done.returncode == 1
    assert f"another collector (process {collecting.pid})" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_event_can_be_asked_for_within_a_second_and_sigterm_ends_it_cleanly(school, collecting):
    lake = Lake(school.home.lake)
    writer = school.writer()
    writer.append(school.line(0))
    until(lambda: lake.count("fellside") == 1, collecting)
    waits = []
    for number in range(1, 6):
        begun = time.monotonic()
        writer.append(school.line(number))
        until(lambda number=number: lake.count("fellside") == number + 1, collecting)
        waits.append(time.monotonic() - begun)
    assert sorted(waits)[2] < 1.0  # the middle one: a busy machine may hold one up
    collecting.send_signal(signal.SIGTERM)
    assert collecting.wait(10) == 0


def test_a_collector_that_meets_a_fault_says_so_once_and_goes_on_when_it_is_gone(school, tmp_path):
    school.home.lake.mkdir()
    (school.home.lake / "rejects").write_text("in the way")
    folder = school.home.events / "g1"
    folder.mkdir(parents=True)
    (folder / "access.log").write_bytes(b"no event\n" + format_event(school.event(1)))
    process = subprocess.Popen([*DRYSTONE, "collect", "--home", tmp_path], stderr=subprocess.PIPE, text=True)
    try:
        assert "events wait: " in process.stderr.readline()
        (school.home.lake / "rejects").unlink()
        lake = Lake(school.home.lake)
        until(lambda: lake.count("fellside") == 1, process)
        assert "lines that were no events: 1" in process.stderr.readline()
    finally:
        process.terminate()
        rest = process.communicate()[1]
    assert rest == ""
