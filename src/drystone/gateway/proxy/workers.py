"""Several workers on one port: each a process with a loop and a listening socket of its own.

The bundle is memory-mapped, so they share it. The parent holds the sockets: while a worker that died
is started again, its clients wait in the kernel's queue and are not refused.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from drystone.gateway.proxy.status import Status, merge, read_status, write_status

LOOK_SECONDS = 1.0
REST_SECONDS = 0.5  # before a worker that died at once is started again
STOP_SECONDS = 5.0

Serve = Callable[[socket.socket, Path, int], None]  # listener, status file, read end of the parent's pipe


class Workers:
    def __init__(self, listeners: list[socket.socket], serve: Serve, status: Status, status_file: Path) -> None:
        self._listeners = listeners
        self._serve = serve
        self._status = status
        self._status_file = status_file
        self._pids: dict[int, int] = {}  # process id to the number of its listener
        self._alive, self._held = os.pipe()  # closes when the parent goes, however it goes
        self._stopping = False

    def run(self, ready: Callable[[], None]) -> None:
        """Starts the workers, and those that die again, until SIGTERM or SIGINT."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        for number in range(len(self._listeners)):
            self._start(number)
        ready()
        while not self._stopping:
            self._reap(restart=True)
            self._write_status()
            time.sleep(LOOK_SECONDS)  # a signal ends the sleep only by its handler; the loop looks again
        self._end()

    def _file(self, number: int) -> Path:
        return self._status_file.with_name(f"{self._status_file.stem}.worker-{number}.json")

    def _start(self, number: int) -> None:
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            self._pids[pid] = number
            return
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us all; the parent says when to stop
            os.close(self._held)
            self._serve(self._listeners[number], self._file(number), self._alive)
            status = 0
        except Exception as error:
            print(f"drystone proxy: worker {number}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)

    def _reap(self, *, restart: bool) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                number = self._pids.pop(found[0], None)
                if number is None or not restart or self._stopping:
                    continue
                print(f"drystone proxy: worker {number} died and is started again", file=sys.stderr, flush=True)
                time.sleep(REST_SECONDS)
                self._start(number)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for pid in list(self._pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _end(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        self._stop()
        while self._pids and time.monotonic() < deadline:
            self._reap(restart=False)
            time.sleep(0.02)
        for pid in list(self._pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._write_status()

    def _write_status(self) -> None:
        counts = [found for number in range(len(self._listeners)) if (found := read_status(self._file(number)))]
        with contextlib.suppress(OSError):
            write_status(self._status_file, merge(self._status, counts))
