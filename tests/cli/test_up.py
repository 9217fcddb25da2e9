"""`drystone up`, whole: pages, filter, collector and worker as real processes on free ports."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drystone.cli.up import Address, pages_url, setup_code
from drystone.engine.home import Home

SERVICES = {"web", "worker", "collector", "proxy"}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def environment() -> dict[str, str]:
    """As a technician's shell has it: the tests' own Django settings are not for the house."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DRYSTONE_"))}


def told(file: Path) -> bytes:
    """What a file of /proc says; nothing where the process has gone meanwhile."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def family(pid: int) -> set[int]:
    """A process and all below it."""
    found = {pid}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid:
                found |= family(int(entry.name))
    return found


class House:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.web, self.proxy = free_port(), free_port()
        self.said = home.with_name(f"{home.name}.said")
        self.begin()

    def command(self, **instead: object) -> list[str]:
        words = {"home": self.home, "web": f"127.0.0.1:{self.web}", "proxy": f"127.0.0.1:{self.proxy}"} | instead
        options = [str(part) for name, value in words.items() for part in (f"--{name}", value)]
        return [sys.executable, "-m", "drystone.cli.main", "up", *options]

    def begin(self) -> None:
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(self.command(), stdout=said, stderr=subprocess.STDOUT, env=environment())
        try:
            self.until(lambda: "ready" in self.lines(), 60)
        except AssertionError:
            self.process.terminate()
            self.process.wait(timeout=10)
            raise

    def lines(self) -> list[str]:
        return self.said.read_text().splitlines()

    def pids(self) -> dict[str, int]:
        """Each service's process, by its command."""
        found = {}
        for pid in family(self.process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            marks = {"granian": "web", "drystone.site.worker": "worker", "log": "collector",
                     "drystone.gateway.proxy": "proxy"}  # fmt: skip
            for mark, name in marks.items():
                if mark in words and parent == self.process.pid:
                    found[name] = pid
        return found

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "\n".join(self.lines())
            time.sleep(0.05)

    def healthy(self) -> bool:
        asked = http.client.HTTPConnection("127.0.0.1", self.web, timeout=5)
        try:
            asked.request("GET", "/health")
            return asked.getresponse().status == 200
        except OSError:
            return False
        finally:
            asked.close()

    def through_filter(self, url: str) -> int:
        """Status that the filter answers; 0 where nobody does."""
        asked = http.client.HTTPConnection("127.0.0.1", self.proxy, timeout=5)
        try:
            asked.request("GET", url)
            return asked.getresponse().status
        except OSError:
            return 0
        finally:
            asked.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("up") / "home")
    yield house
    everybody = family(house.process.pid)
    house.process.terminate()
    assert house.process.wait(timeout=10) == 0
    house.until(lambda: not any(map(lives, everybody)), 2)


def refused(command: list[str]) -> str:
    """The one line with which `up` declines to start."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    return ran.stderr


def test_ready_means_that_all_four_are_at_work(house: House) -> None:
    assert set(house.pids()) == SERVICES
    assert house.healthy()
    assert f"  Pages    http://127.0.0.1:{house.web}/" in house.lines()
    noted = json.loads((house.home / "run/up.json").read_text())
    assert noted["proxy"] == f"127.0.0.1:{house.proxy}"
    assert noted["pids"] == house.pids()


def test_with_no_bundle_published_the_filter_lets_nothing_through(house: House) -> None:
    assert house.through_filter("http://somewhere.example/") == 403


def test_the_starter_lists_are_in_place(house: House) -> None:
    assert (house.home / "lists/starter/gambling/domains").is_file()


def test_a_second_one_on_the_same_home_is_refused(house: House) -> None:
    line = refused(house.command(web=f"127.0.0.1:{free_port()}", proxy=f"127.0.0.1:{free_port()}"))
    assert line == (
        f"drystone: Drystone already runs on {house.home} (process {house.process.pid}): "
        "stop it, or give another --home\n"
    )


@pytest.mark.parametrize("option", ["web", "proxy"])
def test_a_port_in_use_is_named_with_the_option_that_changes_it(house: House, tmp_path: Path, option: str) -> None:
    ports = {"web": f"127.0.0.1:{free_port()}", "proxy": f"127.0.0.1:{free_port()}"}
    taken = f"127.0.0.1:{getattr(house, option)}"
    line = refused(house.command(**(ports | {option: taken}), home=tmp_path / "other"))
    assert line == (f"drystone: {taken} is in use: stop what uses it, or give another with --{option} HOST:PORT\n")


def test_a_home_that_cannot_be_written_is_one_line(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refused(house.command(home=tmp_path / "file" / "home"))
    assert "cannot write in" in line
    assert "--home" in line


def test_a_database_that_does_not_answer_is_one_line_and_nothing_is_left_running(house: House, tmp_path: Path) -> None:
    command = house.command(home=tmp_path / "h", web=f"127.0.0.1:{free_port()}", proxy=f"127.0.0.1:{free_port()}")
    elsewhere = environment() | {"DRYSTONE_DATABASE_URL": f"postgres://127.0.0.1:{free_port()}/none"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=elsewhere)
    assert ran.returncode == 1
    assert ran.stderr.startswith("drystone: the database cannot be used: ")
    assert ran.stderr.count("\n") == 1
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path / "h").encode() in told(path)]


def test_an_address_that_is_none_is_wrong_usage(house: House) -> None:
    for wrong in ("8000", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:web"):
        ran = subprocess.run(house.command(web=wrong), capture_output=True, text=True, check=False, env=environment())
        assert ran.returncode == 2
        assert wrong in ran.stderr


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_comes_back_when_it_is_killed(house: House, name: str) -> None:
    before = house.pids()
    os.kill(before[name], signal.SIGKILL)
    house.until(lambda: house.pids().get(name, before[name]) != before[name])
    house.until(house.healthy)
    house.until(lambda: house.through_filter("http://somewhere.example/") == 403)
    assert {key: pid for key, pid in house.pids().items() if key != name} == {
        key: pid for key, pid in before.items() if key != name
    }
    assert any(line.startswith(f"drystone: {name} stopped (killed by SIGKILL)") for line in house.lines())


def test_killed_outright_it_leaves_no_orphan_and_can_be_started_again_at_once(house: House) -> None:
    everybody = family(house.process.pid)
    assert len(everybody) > len(SERVICES)
    house.process.kill()
    house.process.wait()
    house.begin()
    assert not any(map(lives, everybody))
    assert house.healthy()


def test_the_set_up_code_is_told_until_there_is_a_school(tmp_path):
    home = Home(tmp_path)
    assert setup_code(home) == []
    home.keys.mkdir()
    home.setup_code.write_text("ABCD-2345\n")
    (line,) = setup_code(home)
    assert "ABCD-2345" in line


@pytest.mark.parametrize(
    ("hosts", "https", "leads_to"),
    [
        ("", "", "http://127.0.0.1:8000/"),
        ("drystone.fellside.example,other.example", "", "http://drystone.fellside.example:8000/"),
        ("drystone.fellside.example", "1", "https://drystone.fellside.example/"),
    ],
)
def test_block_pages_lead_to_the_pages_by_the_name_that_devices_know(monkeypatch, hosts, https, leads_to):
    monkeypatch.setenv("DRYSTONE_HOSTS", hosts)
    monkeypatch.setenv("DRYSTONE_HTTPS", https)
    assert pages_url(Address("0.0.0.0", 8000)) == leads_to
