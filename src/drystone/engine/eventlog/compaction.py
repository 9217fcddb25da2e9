"""Compaction: many small files become few large ones, while the lake is read and written.

Within a partition files are sorted by size into three tiers. Sixteen of one tier are merged into one, so that a row is
rewritten about once a tier; a file of FULL rows or more is left alone. A past day that has been quiet for a
while is merged as far as it goes. The bound: a partition never counts more than 3 x 15 files, the batches of the
run at work, and one file for each FULL rows; a quiet past day has one file for each FULL rows and one over.
Sources stay for GRACE seconds after their merger is there (they no longer count), for queries that have begun.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from drystone.engine.eventlog import layout
from drystone.engine.eventlog.errors import LakeError
from drystone.engine.eventlog.layout import DataFile, Span

FANOUT: Final = 16
TIERS: Final = (512, 8_192)  # rows from which the second and the third tier begin
FULL: Final = 131_072
MOST: Final = 2 * FULL  # rows of the largest merged file
QUIET: Final = 600.0  # seconds without a new file, after which a past day is merged as far as it goes
GRACE: Final = 10.0


class Compaction:
    """Knows which partitions have changed, and merges one lot of files at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._fresh: set[Path] = set()  # changed since they were last looked at
        self._unsettled: dict[Path, float] = {}  # may still be merged as far as it goes: since when quiet
        self._replaced: list[tuple[float, list[Path]]] = []  # when they may go, in order
        self._now = 0.0

    def start_over(self) -> None:
        """After a start or a failure: every partition may need work, and replaced files are gone."""
        self._fresh = set(layout.partitions(self._root)) - set(layout.dropped(self._root))
        self._unsettled = dict.fromkeys(self._fresh, self._now)
        self._replaced = []

    def touch(self, folder: Path) -> None:
        """A file was added to this partition."""
        self._fresh.add(folder)
        self._unsettled[folder] = self._now

    def step(self, now: float, *, everything: bool = False) -> bool:
        """Merge at most one lot, so that collecting waits little; True if there was one.

        `everything` merges each partition as far as it goes, today's too.
        """
        self._now = now
        self._remove_replaced()
        while self._fresh:
            folder = min(self._fresh)
            if lot := full_tier(_counting(folder)):
                self._merge(folder, lot)
                return True
            self._fresh.discard(folder)
        for folder, since in sorted(self._unsettled.items()):
            if not (everything or (now - since >= QUIET and _is_past(folder, now))):
                continue
            if lot := leftover(_counting(folder)):
                self._merge(folder, lot)
                return True
            del self._unsettled[folder]
        return False

    def _merge(self, folder: Path, lot: list[DataFile]) -> None:
        merge(folder, lot)
        self._replaced.append((self._now + GRACE, [file.path for file in lot]))

    def _remove_replaced(self) -> None:
        while self._replaced and self._replaced[0][0] <= self._now:
            for path in self._replaced.pop(0)[1]:
                path.unlink(missing_ok=True)


def _counting(folder: Path) -> list[DataFile]:
    return layout.counting(layout.data_files(folder))


def _is_past(folder: Path, now: float) -> bool:
    day = layout.day_of(folder.name)
    return day is not None and day < datetime.fromtimestamp(now, tz=UTC).date()


def full_tier(files: Iterable[DataFile]) -> list[DataFile]:
    """Files of the lowest tier that has FANOUT of them, as many as make one file; none if no tier is full."""
    tiers: list[list[DataFile]] = [[], [], []]
    for file in files:
        if file.rows < FULL:
            tiers[sum(file.rows >= least for least in TIERS)].append(file)
    for tier in tiers:
        if len(tier) >= FANOUT:
            return _lot(tier)
    return []


def leftover(files: Iterable[DataFile]) -> list[DataFile]:
    """Files that are not full, as many as make one file; none if there is but one such."""
    lot = _lot([file for file in files if file.rows < FULL])
    return lot if len(lot) > 1 else []


def _lot(files: list[DataFile]) -> list[DataFile]:
    """The smallest first: two that are not full always fit together."""
    lot: list[DataFile] = []
    rows = 0
    for file in sorted(files, key=lambda file: (file.rows, file.path.name)):
        if rows + file.rows > MOST:
            break
        lot.append(file)
        rows += file.rows
    return lot


def merge(folder: Path, lot: list[DataFile]) -> Path:
    """One file in place of these. From its rename on it counts and they do not; who deletes them has time.

    Only committed files may be merged: the merged one says of itself that its spans are collected.
    """
    others = [span for file in _counting(folder) if file not in lot for span in file.spans.all]
    spans = join_spans([span for file in lot for span in file.spans.all], others)
    table = pa.concat_tables([_read(file.path) for file in lot])
    order = [("at", "ascending"), ("segment", "ascending"), ("offset", "ascending")]
    table = table.sort_by([key for key in order if key[0] in table.column_names])
    hash = hashlib.sha256("\n".join(sorted(file.path.name for file in lot)).encode()).hexdigest()[:16]
    return layout.write_merged(table, spans, folder, hash)


def _read(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise LakeError(f"{path} cannot be read ({error}): restore it from a backup, or move it away") from error


def join_spans(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The spans in order, those of a segment run together where no other file of the partition lies between.

    Bytes between them hold lines of other partitions only, so that the longer span is as true as the two.
    """
    between: dict[str, list[int]] = {}
    for other in others:
        between.setdefault(other.segment, []).append(other.start)
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.segment, span.start)):
        last = joined[-1] if joined else None
        if (
            last
            and last.segment == span.segment
            and not any(last.end <= start < span.start for start in between.get(span.segment, ()))
        ):
            joined[-1] = Span(span.segment, last.start, span.end)
        else:
            joined.append(span)
    return joined
