"""`drystone up` as a real process in a home of its own, and how tests knock at its doors."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from drystone.engine.eventlog import Event, Lake
from drystone.engine.home import Home

COMMAND = [sys.executable, "-m", "drystone.cli.main"]
_MARKS = {
    "granian": "web",
    "drystone.site.worker": "worker",
    "collect": "collector",
    "drystone.gateway.proxy": "proxy",
    "watchdog.py": "watchdog",
}
PROCESSES = (*_MARKS.values(), "web worker")  # all below `up` itself
SLACK = 3.0  # seconds beside what is promised, for a machine that runs other tests as well
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def until(found: Callable[[], T], seconds: float = 20.0, what: str = "it") -> T:
    """What `found` gave when it first was true."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.05)
    return value


def environment() -> dict[str, str]:
    """As a technician's shell has it: neither the tests' own settings nor anybody's proxy."""
    unwanted = ("DJANGO_", "DRYSTONE_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}


def drystone(*words: object, text: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(),
        input=text,
        cwd=cwd,
    )


@dataclass(frozen=True)
class Answer:
    status: int  # 0: nobody answered
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


NOBODY = Answer(0, {}, b"")


class Door:
    """A gateway's port on this machine, asked as a browser asks a proxy."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, url: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        """The answer to one request on a connection of its own; NOBODY where the connection fails."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            asked.request(method, url, headers={"Connection": "close", **(headers or {})})
            answer = asked.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            return NOBODY
        finally:
            asked.close()

    def connect(self, place: str) -> int:
        """The status that a CONNECT gets; 0 where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=20) as sock:
                sock.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
                head = b""
                while b"\r\n" not in head and (data := sock.recv(4096)):
                    head += data
        except OSError:
            return 0
        return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 0

    def curl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`curl -x`, as the guide tells the technician to try it."""
        command = ["curl", "--silent", "--show-error", "--max-time", "20", "-x", f"http://127.0.0.1:{self.port}"]
        return subprocess.run([*command, *words], capture_output=True, text=True, check=False, env=environment())


class House:
    """One `drystone up`. `begin` returns when it said `ready`; `end` leaves nothing of it behind, and looks."""

    def __init__(self, root: Path, *options: str) -> None:
        self.home = Home(root)
        self.options = options
        self.web, self.proxy = free_port(), free_port()
        self.door = Door(self.proxy)
        self.pages = f"http://127.0.0.1:{self.web}"
        self._said = root.with_name(f"{root.name}.said")
        self._lake: Lake | None = None

    @property
    def command(self) -> list[str]:
        where = ["--web", f"127.0.0.1:{self.web}", "--proxy", f"127.0.0.1:{self.proxy}"]
        return [*COMMAND, "up", "--home", str(self.home.root), *where, "--no-open", *self.options]

    def begin(self) -> float:
        """Seconds until it was ready."""
        begun = time.monotonic()
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environment(),
                start_new_session=True,
            )
        try:
            until(lambda: "ready" in self.lines() or self.process.poll() is not None, 60, "the line `ready`")
            assert self.process.poll() is None, f"`up` gave up: {self.lines()}"
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise
        return time.monotonic() - begun

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit status. Whoever is left of it is stopped, and is a failure."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        left = self.left_behind(3)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not left, f"left behind: {left}"
        return status

    def left_behind(self, seconds: float) -> dict[int, str]:
        """Who still has to do with this home after so long."""
        deadline = time.monotonic() + seconds
        while (left := residents(self.home.root)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def lines(self) -> list[str]:
        """What it has printed."""
        return self._said.read_text(encoding="utf-8", errors="replace").splitlines()

    def pids(self) -> dict[str, int]:
        """Each service's process, the watchdog, and the process in which granian serves the pages."""
        found, everybody = {}, list(_processes())
        for pid, parent in everybody:
            if parent == self.process.pid:
                words = _read(pid, "cmdline").split("\0")
                found |= {name: pid for mark, name in _MARKS.items() if any(word.endswith(mark) for word in words)}
        inner = [pid for pid, parent in everybody if parent == found.get("web")]
        return found | ({"web worker": inner[0]} if inner else {})

    def healthy(self) -> bool:
        return Door(self.web).get("/health").status == http.client.OK

    def all_well(self) -> bool:
        """Every process is there and does its work: pages and proxy answer, the collector has its lock, the worker
        shows life."""
        pids = self.pids()
        if set(pids) != set(PROCESSES) or not self.healthy() or not self.door.get("http://127.0.0.1:1/").status:
            return False
        try:
            collects = int((self.home.lake / ".collector.lock").read_text())
            works = json.loads((self.home.run / "worker.json").read_bytes())["pid"]
        except (OSError, ValueError):
            return False
        return (collects, works) == (pids["collector"], pids["worker"])

    def filters_by_now(self) -> bool:
        """Whether the proxy says that it works by the edition that `current` names now."""
        try:
            status = json.loads((self.home.run / "proxy.json").read_bytes())
            return bool(status["edition"] == (self.home.here / "current").readlink().name)
        except (OSError, ValueError):
            return False

    def lake(self) -> Lake:
        self._lake = self._lake or Lake(self.home.lake)
        return self._lake

    def events(self, school: str, **filters: Any) -> list[Event]:
        """Newest first, as collected by now; the filter's tests of itself are left out."""
        return self.lake().events(school, limit=100_000, **filters)

    def event(self, school: str, host: str, **filters: Any) -> Event:
        """The newest event about a host, waited for: it must be in the lake within seconds."""
        return until(lambda: self.events(school, host=host, **filters), 10, f"an event about {host}")[0]


class Load(threading.Thread):
    """While the block lasts, `ask(0)`, `ask(1)`, … one after another; keeps what each gave."""

    def __init__(self, ask: Callable[[int], Any]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self._enough = threading.Event()
        self.answers: list[Any] = []

    def run(self) -> None:
        while not self._enough.is_set():
            self.answers.append(self._ask(len(self.answers)))

    def until_some_more(self, count: int = 5, seconds: float = 20) -> None:
        """Goes on until so many more have been answered."""
        wanted = len(self.answers) + count
        until(lambda: len(self.answers) >= wanted, seconds, "more answers")

    def __enter__(self) -> Load:
        self.start()
        self.until_some_more(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join(30)


@contextlib.contextmanager
def running(root: Path, *options: str) -> Iterator[House]:
    house = House(root, *options)
    house.begin()
    try:
        yield house
    finally:
        house.end()


def residents(home: Path) -> dict[int, str]:
    """Processes that name this home on their command line or in their environment, or have a file of it open."""
    wanted, found = str(home), {}
    for pid, _ in _processes():
        if pid == os.getpid():
            continue
        command = _read(pid, "cmdline").replace("\0", " ")
        if wanted in command or wanted in _read(pid, "environ") or any(wanted in name for name in _open_files(pid)):
            found[pid] = command
    return found


def _open_files(pid: int) -> list[str]:
    names = []
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                names.append(str(descriptor.readlink()))
    return names


def _processes() -> Iterator[tuple[int, int]]:
    """(pid, parent) of all that live; a zombie lives no more."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(int(entry.name), "stat")):
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(entry.name), int(parent)


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
