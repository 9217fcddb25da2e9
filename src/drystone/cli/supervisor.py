"""Keeps a few processes running: starts them together, restarts what dies, and leaves nothing behind.

Each child leads a process group of its own, so that what it starts goes with it. Should the supervisor be killed
outright, the watchdog stops the children in its place; where the kernel offers it (Linux), they are told as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drystone.cli import watchdog

POLL = 0.05  # seconds between two looks
GRACE = 4.5  # seconds from asking to insisting, so that all is down within five
STEADY = 20.0  # a child that lived this long has not failed at its start
SLOW = 15.0  # one that does not answer by then is worth a word
LONGEST_PAUSE = 30.0
LOG_BYTES = 5 << 20
LOGS_KEPT = 3
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Service:
    """`answers(pid)` says whether the process does its work yet; it is asked until it says so, and must not block.

    `may_start` is asked before each start; what it raises stops everything.
    """

    name: str
    command: Sequence[str]
    answers: Callable[[int], bool]
    may_start: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class _Child:
    service: Service
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0  # in a row
    not_before: float = 0.0
    answering: bool = False
    complained: bool = False  # that it is slow to answer


class Supervisor:
    """`run` returns when it has been told to stop, with every child gone."""

    def __init__(self, services: Sequence[Service], logs: Path, say: Say, *, hold: Sequence[int] = ()) -> None:
        """`hold`: file descriptors that stay open until the last child is gone (the lock on the home)."""
        self._children = [_Child(service, logs / f"{service.name}.log") for service in services]
        self._say = say
        self._hold = tuple(hold)
        self._stop = threading.Event()
        self._impatient = False

    def stop(self, *_: object) -> None:
        """Asked once: let them finish. Asked again: insist."""
        self._impatient = self._stop.is_set()
        self._stop.set()

    def run(self, when_ready: Callable[[], None]) -> None:
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        self._watchdog = self._start_watchdog()
        announced = False
        try:
            while not self._stop.is_set():
                self._look_after_all()
                if not announced and all(child.answering for child in self._children):
                    announced = True
                    when_ready()
                self._stop.wait(POLL)
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def pids(self) -> dict[str, int]:
        return {child.service.name: child.process.pid for child in self._children if child.process}

    def _look_after_all(self) -> None:
        for child in self._children:
            if child.process is None:
                if time.monotonic() >= child.not_before and child.service.may_start():
                    self._start(child)
            elif (status := child.process.poll()) is not None:
                self._bury(child, status)
            else:
                rotate(child.log)
                self._listen_to(child, child.process.pid)

    def _listen_to(self, child: _Child, pid: int) -> None:
        age = time.monotonic() - child.started
        if not child.answering:
            child.answering = child.service.answers(pid)
            if not child.answering and age > SLOW and not child.complained:
                child.complained = True
                self._say(f"{child.service.name} does not answer yet; its log: {child.log}{_last_words(child.log)}")
        elif child.failures and age > STEADY:
            child.failures = 0

    def _start(self, child: _Child) -> None:
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                child.service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509  nothing else runs in this process then
            )
        self._tell_watchdog(f"+{child.process.pid}")
        child.started = time.monotonic()
        child.answering = child.complained = False

    def _bury(self, child: _Child, status: int) -> None:
        """Whatever it had started goes too: a worker left behind would hold its port."""
        pid = child.process.pid if child.process else 0
        watchdog.send(pid, signal.SIGKILL)
        self._tell_watchdog(f"-{pid}")
        lived = time.monotonic() - child.started
        child.failures = 1 if lived > STEADY else child.failures + 1
        pause = 0.0 if child.failures == 1 else min(0.5 * 2 ** (child.failures - 2), LONGEST_PAUSE)
        child.process, child.answering, child.not_before = None, False, time.monotonic() + pause
        when = "starting it again" if not pause else f"starting it again in {pause:g} s"
        said = _last_words(child.log)
        self._say(f"{child.service.name} stopped ({how_it_ended(status)}), {when}; its log: {child.log}{said}")

    def _stop_all(self) -> None:
        living = {child.process.pid: child.process for child in self._children if child.process}
        for process in living.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not self._impatient:
            if all(process.poll() is not None for process in living.values()):
                break
            time.sleep(POLL)
        for pid, process in living.items():
            watchdog.send(pid, signal.SIGKILL)
            process.wait()
            self._tell_watchdog(f"-{pid}")
        if self._watchdog.stdin:
            self._watchdog.stdin.close()
        self._watchdog.wait()

    def _start_watchdog(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=self._hold,
            start_new_session=True,
        )

    def _tell_watchdog(self, line: str) -> None:
        """Should somebody have killed the watchdog, there is another."""
        if self._watchdog.poll() is not None:
            self._watchdog = self._start_watchdog()
            for pid in self.pids().values():
                self._write_watchdog(f"+{pid}")
        self._write_watchdog(line)

    def _write_watchdog(self, line: str) -> None:
        if self._watchdog.stdin:
            self._watchdog.stdin.write(f"{line}\n".encode())
            self._watchdog.stdin.flush()


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """In the child, before it becomes another program."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def how_it_ended(status: int) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"status {status}"


def _last_words(log: Path) -> str:
    """What the child said last is most often why."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return f"; it said: {lines[-1].strip()[:300]}" if lines else ""


def rotate(log: Path) -> None:
    """Copied and cut, since the child goes on writing to the file it has open."""
    if not log.exists() or log.stat().st_size <= LOG_BYTES:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
