"""A segment as the collector finds it: which one it is, whether it can still grow, and its bytes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drystone.engine.eventlog.event import LineError, split_line

CHUNK: Final = 8 * 1024 * 1024  # most that one batch holds; also the longest line
ROTATED_AND_QUIET: Final = 60.0  # seconds after which Squid has let go of a file that it rotated

_OURS = re.compile(r"\d{13}-[0-9a-f]{12}\.log")
_ROTATED = re.compile(r".+\.log\.\d+")
_UNNAMED = re.compile(r"\.\d{13}-[0-9a-f]{12}\.new")


@dataclass(frozen=True, slots=True)
class Source:
    """An open segment. `identity` stays the same through a rename; "" while no first line is there to tell."""

    path: Path
    fd: int
    identity: str
    closed: bool
    size: int
    modified: float


def segment_files(events: Path) -> list[Path]:
    """All files in the gateways' folders that are segments, ours or Squid's, rotated ones first."""
    found = [path for folder in _gateways(events) for path in _entries(folder) if _is_segment(path.name)]
    return sorted(found, key=lambda path: (path.parent.name, not _ROTATED.fullmatch(path.name), path.name))


def abandoned(events: Path, before: float) -> list[Path]:
    """Segments whose writer was killed before it could name them: they are empty."""
    found = [path for folder in _gateways(events) for path in _entries(folder) if _UNNAMED.fullmatch(path.name)]
    return [path for path in found if _modified(path) < before]


def open_source(path: Path, now: float) -> Source | None:
    """Open a segment for reading; None if it is gone or no plain file (a link could lead to what is not ours)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or path.is_symlink():
            return None
        raise
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        return None
    closed = _is_closed(path, fd, now - found.st_mtime)  # asked before the size is: a closed segment grows no more
    found = os.fstat(fd)
    return Source(path, fd, _identity(path, fd, found, closed), closed, found.st_size, found.st_mtime)


def _is_closed(path: Path, fd: int, quiet: float) -> bool:
    if not _OURS.fullmatch(path.name):
        return bool(_ROTATED.fullmatch(path.name)) and quiet > ROTATED_AND_QUIET
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True


def _identity(path: Path, fd: int, found: os.stat_result, closed: bool) -> str:
    """Ours by their names, which no two share. Squid's by their first line, which a rename or a copy does not change.

    A first line that is no event could stand in two files alike, so there the inode belongs to the identity.
    """
    if _OURS.fullmatch(path.name):
        return _hash(b"name", path.name.encode())
    head = os.pread(fd, 16_384, 0)
    if b"\n" not in head:
        head = os.pread(fd, CHUNK, 0)
    end = head.find(b"\n")
    if end < 0 and not (closed and head) and len(head) < CHUNK:
        return ""
    first = head[:end] if end >= 0 else head
    try:
        split_line(first)
    except LineError:
        return _hash(b"file", b"%d.%d" % (found.st_dev, found.st_ino), first)
    return _hash(b"line", first)


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def chunks(source: Source, start: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines from `start` on, as (offset, bytes).

    What follows the last newline is left for later, unless it can grow no more (torn by a kill) or is longer than
    any line.
    """
    while start < source.size:
        data = os.pread(source.fd, min(CHUNK, source.size - start), start)
        end = data.rfind(b"\n") + 1
        if end == 0:
            final = source.closed and start + len(data) >= source.size
            if not final and len(data) < CHUNK:
                return
            end = len(data)
        yield start, data[:end]
        start += end


def _gateways(events: Path) -> list[Path]:
    try:
        return sorted(folder for folder in events.iterdir() if folder.is_dir())
    except FileNotFoundError:
        return []


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_segment(name: str) -> bool:
    return not name.startswith(".") and (name.endswith(".log") or bool(_ROTATED.fullmatch(name)))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
