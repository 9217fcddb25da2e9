"""P62: what a rewriter answers stands in the log before the answer goes out; what cannot be logged stays closed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.engine.eventlog import Event, SegmentWriter, parse_line
from drystone.engine.filtering import LiveFilter, Overlay, write_overlay
from drystone.engine.filtering.overlay import Device
from drystone.gateway.squid.answers import Answers
from drystone.gateway.squid.doors import AclDoor
from drystone.gateway.squid.journal import RecordedAnswers, Recorder
from drystone.gateway.squid.rewriter import RewriterDoor

AT = datetime(2026, 11, 3, 10, 30, 0, 250_000, tzinfo=UTC)
CASINO = b"http://casino.example/a%20b 10.1.0.4/- asmith GET"
RIVER = b"http://river.example/ 10.1.0.4/- - GET"
HELP = b"http://www.childline.org.uk/bullying 10.1.0.4/- asmith GET"


class Journal:
    """Answers and, read back from disk, their events."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        self.said: list[str] = []
        self.segments = SegmentWriter(folder)
        self.folder = folder
        live = LiveFilter(bundle.parent)
        recorder = Recorder(live, self.segments, gateway="gate", alarm=self.said.append)
        self.answers = RecordedAnswers(live, RewriterDoor(), recorder)
        self.answers.now(AT)

    def ask(self, *lines: bytes) -> list[bytes]:
        return self.answers.answer(list(lines)).splitlines()

    def events(self) -> list[Event]:
        lines = [line for file in sorted(self.folder.glob("*.log")) for line in file.read_bytes().splitlines()]
        found = [parse_line(line) for line in lines]
        assert all(isinstance(event, Event) for event in found)
        return found  # type: ignore[return-value]


@pytest.fixture
def journal(bundle: Path, tmp_path: Path) -> Journal:
    return Journal(bundle, tmp_path / "events")


def test_each_answer_has_its_event(journal: Journal) -> None:
    blocked, allowed = journal.ask(b"7 " + CASINO, b"8 " + RIVER)

    assert blocked.startswith(b"7 OK status=302")
    assert allowed == b"8 ERR"
    first, second = journal.events()
    assert (first.at, first.gateway, first.school, first.zone, first.group) == (AT, "gate", "fellside", "suite", "ks2")
    assert (first.client, first.method, first.host, first.path) == ("10.1.0.4", "GET", "casino.example", "/a b")
    assert (first.action, first.category, first.level) == ("block", "gambling", "school")
    assert first.person
    assert (second.action, second.host, second.person) == ("allow", "river.example", "")


def test_what_is_answered_from_memory_is_logged_as_the_first_time(journal: Journal) -> None:
    for _ in range(3):
        journal.ask(CASINO, RIVER, CASINO)

    casino = [event for event in journal.events() if event.host == "casino.example"]
    assert len(journal.events()) == 9
    assert len(casino) == 6
    assert len(set(casino)) == 1


def test_two_who_are_answered_alike_are_logged_each_as_themselves(journal: Journal) -> None:
    journal.ask(RIVER, RIVER.replace(b"10.1.0.4", b"10.1.0.5"), RIVER.replace(b"GET", b"HEAD"))

    assert [(event.client, event.method) for event in journal.events()] == [
        ("10.1.0.4", "GET"), ("10.1.0.5", "GET"), ("10.1.0.4", "HEAD"),
    ]  # fmt: skip


ODD = b"http://river.example/%C3%A9 10.1.0.4/- - GET"


@pytest.fixture
def devices(bundle: Path) -> None:
    """Two devices of nobody's in one zone: all that tells them apart."""
    found = [Device(f"tablet-{last}", f"10.1.0.{last}/32", since=AT) for last in (4, 5)]
    write_overlay(bundle.parent / "overlay.json", Overlay(devices=tuple(found)))


@pytest.mark.parametrize("line", [RIVER, CASINO.replace(b"asmith", b"-"), ODD], ids=["allowed", "blocked", "odd"])
def test_two_devices_that_are_answered_alike_are_logged_each_as_itself(
    devices: None, journal: Journal, line: bytes
) -> None:
    for _ in range(2):
        journal.ask(line, line.replace(b"10.1.0.4", b"10.1.0.5"))

    seen = [(event.client, event.device) for event in journal.events()]
    assert seen == [("10.1.0.4", "tablet-4"), ("10.1.0.5", "tablet-5")] * 2


@pytest.mark.parametrize("line", [RIVER, CASINO.replace(b"asmith", b"-"), ODD], ids=["allowed", "blocked", "odd"])
def test_so_are_they_in_the_answers_that_squid_logs(devices: None, bundle: Path, line: bytes) -> None:
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))
    answers.now(AT)
    for last in (b"4", b"5", b"4"):
        assert b"%09tablet-" + last + b"%09" in answers.answer([line.replace(b"10.1.0.4", b"10.1.0." + last)])


def test_a_visit_to_a_help_site_names_nobody_however_often(journal: Journal) -> None:
    """P13: a child who looks for help is not to be found out."""
    for _ in range(3):
        assert journal.ask(HELP) == [b"ERR"]

    assert len(journal.events()) == 3
    for event in journal.events():
        assert (event.level, event.host) == ("help", "www.childline.org.uk")
        assert not any((event.client, event.person, event.path, event.device))
    assert b"10.1.0.4" not in b"".join(file.read_bytes() for file in journal.folder.glob("*.log"))


@pytest.mark.parametrize(
    "line", [b"", b"garbage", b"http://riv\xff.example/\t1\tdecision 10.1.0.4/- - GET", b"x" * 70_000]
)
def test_whatever_comes_in_is_one_answer_and_one_line_of_the_log(journal: Journal, line: bytes) -> None:
    (answer,) = journal.ask(line)

    assert answer.startswith(b"OK status=302")
    (event,) = journal.events()
    assert event.action == "block"


def test_where_events_cannot_be_written_only_help_is_open(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """P62: traffic that nobody could trace is not let through, and it opens again by itself."""
    journal.ask(RIVER)
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(journal.segments, "_open", lambda: setattr(journal.segments, "_fd", os.dup(full)))
    os.dup2(full, journal.segments._fd)
    monkeypatch.setattr(journal.segments, "_is_over", lambda: False)

    answers = journal.ask(b"1 " + RIVER, b"2 " + HELP, b"3 " + CASINO)

    assert [answer.split()[1] for answer in answers] == [b"OK", b"ERR", b"OK"]
    assert "cannot be written" in journal.said[0]
    assert journal.ask(RIVER)[0].startswith(b"OK ")  # still closed, and the disk is not tried for each
    monkeypatch.undo()
    monkeypatch.setattr("drystone.gateway.squid.journal.monotonic", lambda: 1e12)
    assert journal.ask(RIVER) == [b"ERR"]
    assert journal.said[-1] == "events are written again"
    os.close(full)


def test_a_batch_that_was_torn_is_whole_in_the_next_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = SegmentWriter(tmp_path / "events")
    honest, torn = os.write, []

    def short(fd: int, data: bytes) -> int:
        if torn:
            return honest(fd, data)
        torn.append(1)
        return honest(fd, data[:15])

    monkeypatch.setattr(os, "write", short)
    segments.append_all(b"first line\nsecond line\nthird line\n")
    segments.close()

    old, new = sorted((tmp_path / "events").glob("*.log"), key=lambda file: file.stat().st_size)
    assert old.read_bytes() == b"first line\nseco"
    assert new.read_bytes() == b"second line\nthird line\n"


def test_where_the_engine_fails_a_visit_to_help_is_closed_and_still_names_nobody(
    journal: Journal, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P13: in the log, and in what Squid logs."""

    def fails(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(LiveFilter, "verdict", fails)
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))
    answers.now(AT)

    (answer,), said = journal.ask(HELP), answers.answer([HELP])

    assert answer.startswith(b"OK status=302")
    assert said.startswith(b"ERR ")
    assert b"10.1.0.4" not in said
    (logged,) = journal.events()
    assert (logged.host, logged.rule) == ("www.childline.org.uk", "gateway:undecided")
    assert not any((logged.client, logged.person, logged.path))
