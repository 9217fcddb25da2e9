"""The supervisor with real small processes: it restarts, it stops, and it leaves nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drystone.cli import supervisor as module
from drystone.cli.supervisor import how_it_ended, rotate

# A child that writes its pid, starts a child of its own, and lives until told otherwise.
CHILD = """
    import os, pathlib, signal, subprocess, sys, time
    name, deaf = sys.argv[1], len(sys.argv) > 2
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(f"{name}.pids", "a") as pids:
        pids.write(f"{os.getpid()} {below.pid}\\n")
    time.sleep(600)
"""
# The supervisor itself, as a process that can be killed.
HOUSE = """
    import os, pathlib, sys
    from drystone.cli.supervisor import Service, Supervisor
    here = pathlib.Path.cwd()
    def written(name):
        return lambda pid: (here / f"{name}.pids").exists() and str(pid) in (here / f"{name}.pids").read_text()
    services = [
        Service(words.split()[0], [sys.executable, str(here / "child.py"), *words.split()], written(words.split()[0]))
        for words in sys.argv[1:]
    ]
    say = lambda line: print(line, flush=True)
    Supervisor(services, here, say).run(lambda: say("ready"))
    say("done")
"""


class House:
    """A supervisor at work in a folder of its own."""

    def __init__(self, folder: Path, *children: str) -> None:
        self.folder = folder
        (folder / "child.py").write_text(textwrap.dedent(CHILD))
        (folder / "house.py").write_text(textwrap.dedent(HOUSE))
        self.said = folder / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "house.py", *children], cwd=folder, stdout=said, stderr=subprocess.STDOUT
            )
        self.until(lambda: "ready" in self.words())

    def words(self) -> str:
        return self.said.read_text()

    def pids(self, name: str) -> list[tuple[int, int]]:
        """(child, the child's own child), once for each start."""
        lines = (self.folder / f"{name}.pids").read_text().splitlines()
        return [(int(line.split()[0]), int(line.split()[1])) for line in lines]

    def everybody(self) -> list[int]:
        return [pid for file in self.folder.glob("*.pids") for pair in self.pids(file.stem) for pid in pair]

    def until(self, holds: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.words()
            time.sleep(0.02)


def lives(pid: int) -> bool:
    """A process that has ended and waits for its parent to notice does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def begin(*children: str) -> House:
        houses.append(House(tmp_path, *children))
        return houses[-1]

    yield begin
    for house in houses:
        if house.process.poll() is None:
            house.process.kill()
        house.process.wait()
        for pid in house.everybody():
            if lives(pid):
                os.kill(pid, signal.SIGKILL)


def test_ready_is_said_once_and_only_when_every_child_answers(start: Callable[..., House]) -> None:
    house = start("web", "proxy")
    assert house.words().splitlines() == ["ready"]
    assert len(house.everybody()) == 4


def test_a_child_that_dies_is_started_again_at_once_and_what_it_had_started_goes(start: Callable[..., House]) -> None:
    house = start("web", "proxy")
    child, below = house.pids("web")[0]
    os.kill(child, signal.SIGKILL)
    house.until(lambda: len(house.pids("web")) == 2, seconds=5)
    house.until(lambda: not lives(below))
    assert "web stopped (killed by SIGKILL), starting it again" in house.words()
    assert lives(house.pids("web")[1][0])
    assert len(house.pids("proxy")) == 1, "the others are left alone"


def test_a_child_that_cannot_start_is_tried_again_with_growing_pauses_and_its_last_words_are_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "child.py").write_text("import sys; print('the disk is full'); sys.exit(3)")
    (tmp_path / "house.py").write_text(textwrap.dedent(HOUSE))
    with (tmp_path / "said").open("wb") as said:
        house = subprocess.Popen([sys.executable, "house.py", "web"], cwd=tmp_path, stdout=said)
    try:
        deadline = time.monotonic() + 20
        while "again in 1 s" not in (tmp_path / "said").read_text():
            assert time.monotonic() < deadline, (tmp_path / "said").read_text()
            time.sleep(0.05)
    finally:
        house.terminate()
        assert house.wait(timeout=10) == 0
    lines = (tmp_path / "said").read_text().splitlines()
    assert lines[0].startswith("web stopped (status 3), starting it again; its log: ")
    assert lines[0].endswith("it said: the disk is full")
    assert "starting it again in 0.5 s" in lines[1]
    assert "ready" not in lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_stop_it_ends_with_status_0_and_nobody_is_left(start: Callable[..., House], number: int) -> None:
    house = start("web", "proxy")
    everybody = house.everybody()
    began = time.monotonic()
    house.process.send_signal(number)
    assert house.process.wait(timeout=10) == 0
    assert time.monotonic() - began < 3
    assert house.words().splitlines()[-1] == "done"
    house.until(lambda: not any(map(lives, everybody)), seconds=2)


def test_a_child_that_does_not_listen_is_killed_after_five_seconds(start: Callable[..., House]) -> None:
    house = start("web deaf", "proxy")
    began = time.monotonic()
    house.process.terminate()
    assert house.process.wait(timeout=10) == 0
    assert 4 < time.monotonic() - began < 6.5
    house.until(lambda: not any(map(lives, house.everybody())), seconds=2)


def test_told_twice_it_does_not_wait(start: Callable[..., House]) -> None:
    house = start("web deaf")
    began = time.monotonic()
    house.process.terminate()
    time.sleep(0.3)
    house.process.terminate()
    assert house.process.wait(timeout=10) == 0
    assert time.monotonic() - began < 3


def test_a_supervisor_that_is_killed_leaves_no_orphan(start: Callable[..., House]) -> None:
    house = start("web", "proxy deaf")
    everybody = house.everybody()
    house.process.kill()
    house.process.wait()
    house.until(lambda: not any(map(lives, everybody)), seconds=8)


def test_a_log_is_cut_and_the_last_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        for word in (b"first" * 3, b"second" * 3, b"third" * 3, b"fourth" * 3):
            writer.write(word)
            writer.flush()
            rotate(log)
        writer.write(b"after")
    assert log.read_bytes() == b"after", "the child writes on to the file that it has open"
    kept = [(tmp_path / f"web.log.{number}").read_bytes()[:6] for number in (1, 2, 3)]
    assert kept == [b"fourth", b"thirdt", b"second"]
    assert not (tmp_path / "web.log.4").exists()


def test_how_a_process_ended_is_said_in_words() -> None:
    assert how_it_ended(-9) == "killed by SIGKILL"
    assert how_it_ended(3) == "status 3"
