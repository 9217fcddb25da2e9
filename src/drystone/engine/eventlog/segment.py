"""The segment: a file of event lines that one writer appends to, and that the collector reads behind it."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_AGE: Final = 3600.0


class SegmentWriter:
    """Appends lines to a segment of its own in `folder`; safe to share between threads.

    Every line is handed to the kernel by one write(2) before `append` returns: a process killed
    the next instant has lost nothing. Each writer, and each rotation, starts a new file of a name that
    no other has, so that a line torn by a kill stands at the end of its file and is never run into
    the next writer's. While it is open the segment is locked (flock): that is how the collector sees
    that a writer still lives.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        max_age: float = MAX_AGE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`max_age` in seconds; raises OSError if the folder cannot be written, so that a gateway fails at once."""
        self.folder = folder
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._clock = clock
        self._lock = threading.Lock()
        self._fd = -1
        self._opened = 0.0
        self.path = folder
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._open()

    def append(self, line: bytes) -> None:
        """Write one whole line; raises OSError when the disk will not take it (and then the event is not logged)."""
        if not line.endswith(b"\n") or line.count(b"\n") != 1:
            raise ValueError("a segment takes one line at a time, with its newline")
        self.append_all(line)

    def append_all(self, lines: bytes) -> None:
        """Write whole lines, in one write(2) where the disk takes them. Raises OSError when it does not: the first of
        them may then be logged."""
        if not lines:
            return
        if not lines.endswith(b"\n"):
            raise ValueError("a segment takes whole lines, each with its newline")
        with self._lock:
            if self._fd < 0 or self._is_over():
                self._open()
            try:
                self._write(lines)
            except OSError:
                self._close()
                raise

    def _write(self, lines: bytes) -> None:
        written = os.write(self._fd, lines)
        if written == len(lines):
            return
        # Disk full, or a signal: the torn line stays the last of its file; it and what follows go in another.
        rest = lines[lines.rfind(b"\n", 0, written) + 1 :]
        self._open()
        if os.write(self._fd, rest) < len(rest):
            raise OSError(errno.ENOSPC, "No space left on device", str(self.path))

    def close(self) -> None:
        """Close the segment. A later append opens another."""
        with self._lock:
            self._close()

    def _is_over(self) -> bool:
        """Too large, too old, or deleted under our hands (writing on would go nowhere)."""
        found = os.fstat(self._fd)
        too_old = self._clock() - self._opened >= self._max_age
        return found.st_nlink == 0 or found.st_size >= self._max_bytes or (too_old and found.st_size > 0)

    def _open(self) -> None:
        """Create, lock, then name: the collector never sees a living segment unlocked."""
        self._close()
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._opened = self._clock()
        name = f"{int(self._opened * 1000):013d}-{os.urandom(6).hex()}"
        unnamed = self.folder / f".{name}.new"
        self._fd = os.open(unnamed, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self.path = self.folder / f"{name}.log"
        unnamed.rename(self.path)

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
