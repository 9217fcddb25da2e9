"""The collector: lines of segments become rows of the lake, each exactly once, whatever kills it and when.

It keeps no record of its own of how far it came: the names and footers of the lake's files say it (layout.py).
A batch is a range of one segment's bytes. Its files are written beside and renamed, the committing one last;
what a killed collector left of an uncommitted batch is deleted before anything else is done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from drystone.engine.eventlog import layout
from drystone.engine.eventlog.compaction import Compaction
from drystone.engine.eventlog.errors import LakeError
from drystone.engine.eventlog.event import (
    AT,
    BYTES_FIELDS,
    DECISION_FIELDS,
    DEVICE,
    HIDDEN_FROM_HELP,
    LEVEL,
    SCHOOL,
    SELF_TEST,
    LineError,
    salvage,
    split_line,
)
from drystone.engine.eventlog.layout import RECORDS, REJECTED, Span
from drystone.engine.eventlog.source import Source, abandoned, chunks, open_source, segment_files
from drystone.engine.filtering.request import Level
from drystone.engine.home import Home

KEEP: Final = timedelta(days=7)
_ABANDONED: Final = 86_400.0  # seconds after which a segment never named may go
_AT_A_TIME: Final = 0.2  # seconds of a run after which no further merge is begun
_LINES: Final = REJECTED.get_field_index("lines")
_NOT_TOLD: Final = [""] * (len(DECISION_FIELDS) - len(BYTES_FIELDS))  # of a bytes record: zone to edition

Rows = dict[str, list[tuple[Any, ...]]]  # partition folder below the lake → its rows


class CollectorBusyError(LakeError):
    """Another collector works on this lake."""


class Collector:
    """Moves events from a home's segments into its lake. One at a time: the second is refused."""

    def __init__(
        self, home: Home, *, keep: timedelta = KEEP, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`keep`: how long a closed segment stays after it has been collected."""
        self.home = home
        self.rejected = 0  # lines put aside since this collector began
        self._keep = keep.total_seconds()
        self._clock = clock
        self._lock = -1
        self._ends: dict[str, int] | None = None  # as far as each segment is collected; None: ask the lake
        self._done: dict[Path, tuple[int, int, float]] = {}  # files with nothing new: inode, size, mtime
        self._compaction = Compaction(home.lake)

    def __enter__(self) -> Self:
        self._acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def run_once(self) -> int:
        """Collect what is there, then merge for a moment; the number of records collected.

        Raises CollectorBusyError, LakeError or OSError; the next run then takes up from what the lake holds.
        """
        self._acquire()
        try:
            if self._ends is None:
                self._recover()
            now = self._clock().timestamp()
            records = sum(self._collect(path, now) for path in segment_files(self.home.events))
            while self._compaction.step(now) and self._clock().timestamp() - now < _AT_A_TIME:
                pass
            return records
        except BaseException:
            self._ends = None
            self._done.clear()
            raise

    def compact(self) -> None:
        """Merge all that can be merged, at once: for a collector about to stop, and for tests."""
        self._acquire()
        while self._compaction.step(self._clock().timestamp(), everything=True):
            pass

    def _acquire(self) -> None:
        if self._lock >= 0:
            return
        self.home.lake.mkdir(mode=0o750, parents=True, exist_ok=True)
        fd = os.open(self.home.lake / ".collector.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
            os.close(fd)
            message = f"another collector (process {process}) is at work on {self.home.lake}: stop it first"
            raise CollectorBusyError(message) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        self._lock = fd

    def _recover(self) -> None:
        """Undo the batch that a kill cut short, finish what was being dropped or merged, and see how far we are."""
        root = self.home.lake
        ends = layout.collected(root)
        for folder in layout.partitions(root):
            _remove_leftovers(folder, ends)
        for aside in layout.dropped(root):
            layout.finish_drop(root, aside)
        self._ends = ends
        self._compaction.start_over()
        self._forget_dropped_segments()
        for path in abandoned(self.home.events, self._clock().timestamp() - _ABANDONED):
            path.unlink(missing_ok=True)

    def _forget_dropped_segments(self) -> None:
        now = self._clock().timestamp()
        present: set[str] = set()
        for path in segment_files(self.home.events):
            if source := open_source(path, now):
                present.add(source.identity)
                os.close(source.fd)
        layout.forget_seen(self.home.lake, present)

    def _collect(self, path: Path, now: float) -> int:
        """All new lines of one segment; and the segment itself goes once it is closed, collected and old enough."""
        try:
            found = path.stat(follow_symlinks=False)
        except FileNotFoundError:
            self._done.pop(path, None)
            return 0
        seen = (found.st_ino, found.st_size, found.st_mtime)
        if self._done.get(path) == seen and now - found.st_mtime < self._keep:
            return 0
        source = open_source(path, now)
        if source is None:
            return 0
        try:
            records = self._collect_source(source)
            if self._is_spent(source, now):
                path.unlink(missing_ok=True)
                self._done.pop(path, None)
            elif self._is_through(source) and source.size == found.st_size:
                self._done[path] = seen
            return records
        finally:
            os.close(source.fd)

    def _is_through(self, source: Source) -> bool:
        ends = self._ends or {}
        return source.size == 0 or (bool(source.identity) and ends.get(source.identity, 0) >= source.size)

    def _is_spent(self, source: Source, now: float) -> bool:
        return source.closed and self._is_through(source) and now - source.modified >= self._keep

    def _collect_source(self, source: Source) -> int:
        if not source.identity or self._ends is None:
            return 0
        records = 0
        for start, data in chunks(source, self._ends.get(source.identity, 0)):
            rows = sort_lines(source, start, data)
            self._write_batch(Span(source.identity, start, start + len(data)), rows)
            self._ends[source.identity] = start + len(data)
            self.rejected += sum(row[_LINES] for row in rows.get(layout.REJECTS, ()))
            records += sum(len(part) for partition, part in rows.items() if partition != layout.REJECTS)
        return records

    def _write_batch(self, span: Span, rows: Rows) -> None:
        """One file a partition; the rename of the last is the commit of all."""
        for number, (partition, part) in enumerate(sorted(rows.items()), start=1):
            folder = self.home.lake / partition
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            schema = REJECTED if partition == layout.REJECTS else RECORDS
            columns = zip(*part, strict=True)
            table = pa.Table.from_arrays(
                [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
            )
            layout.write_table(table, folder / layout.batch_name(span, len(part), commits=number == len(rows)))
            self._compaction.touch(folder)


def sort_lines(source: Source, start: int, data: bytes) -> Rows:
    """The rows of a chunk of lines that begins at `start`, by partition; what is no event goes to the rejects."""
    rows: Rows = {}
    folders: dict[Any, str] = {}
    rejects: list[_Reject] = []
    at = 0
    for line in data.removesuffix(b"\n").split(b"\n"):
        end = at + len(line)
        try:
            kind, values = split_line(line)
        except LineError as error:
            whole = salvage(line)
            _put_aside(rejects, at, at + whole if whole else end, str(error))
            if whole:
                kind, values = split_line(line[whole:])
                _add(rows, folders, kind, values, source.identity, start + at + whole)
        else:
            _add(rows, folders, kind, values, source.identity, start + at)
        at = end + 1
    if rejects:
        place = (source.path.parent.name, source.path.name)
        rows[layout.REJECTS] = [
            (*place, bad.reason, bad.lines, data[bad.at : bad.end], source.identity, start + bad.at) for bad in rejects
        ]
    return rows


@dataclass(slots=True)
class _Reject:
    """Bad lines in a row: from where to where in the chunk, and why the first was refused."""

    at: int
    end: int
    reason: str
    lines: int = 1


def _put_aside(rejects: list[_Reject], at: int, end: int, reason: str) -> None:
    """Lines in a row that are no events become one reject: a foreign file makes no million rows."""
    last = rejects[-1] if rejects else None
    if last and last.end + 1 == at:
        last.end = end
        last.lines += 1
    else:
        rejects.append(_Reject(at, end, reason))


def _add(rows: Rows, folders: dict[Any, str], kind: str, values: list[Any], segment: str, offset: int) -> None:
    if kind != "decision":
        values = [*values[:-1], *_NOT_TOLD, values[-1]]
    elif values[LEVEL] == Level.HELP:  # the door has done so; should one forget, the child is still not found out
        tested = values[DEVICE] == SELF_TEST
        for hidden in HIDDEN_FROM_HELP:
            values[hidden] = ""
        if tested:
            values[DEVICE] = SELF_TEST
    school = values.pop(SCHOOL)  # the folder says it
    key = (school, values[AT] // 86_400_000)
    partition = folders.get(key)
    if partition is None:
        partition = folders[key] = layout.partition_of(school, layout.utc_day(values[AT]))
    rows.setdefault(partition, []).append((kind, *values, segment, offset))


def _remove_leftovers(folder: Path, ends: dict[str, int]) -> None:
    """Half-written files, parts of a batch that never committed, and files merged into another."""
    for path in folder.glob(".*.new"):
        path.unlink(missing_ok=True)
    files = layout.data_files(folder)
    kept = layout.counting(files)
    for file in files:
        uncommitted = not file.commits and any(span.end > ends.get(span.segment, 0) for span in file.spans.all)
        if uncommitted or file not in kept:
            file.path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()  # only if nothing is left in it
