"""How the lake lies on disk, and which of its files count.

    lake/school=<slug>/day=YYYY-MM-DD/s-<segment>-<start>-<end>-<rows>-c.parquet    one batch of one segment
    lake/school=<slug>/day=YYYY-MM-DD/m-<hash>-<rows>.parquet                       several of those, merged
    lake/rejects/…                                                                  lines that are no event
    lake/dropped/… and lake/seen/<segment>-<end>                                    what retention took away

A data file says which bytes of which segment it holds (a *span*): all lines of its own partition in them,
and no other. That is the whole memory of the collector. Three rules follow, and hold at every instant:

- a batch that falls into several partitions commits with its last file (`c`; the earlier ones are `p`, part):
  how far a segment is collected is the largest end of a committing file;
- a part beyond that is what a killed collector left of a batch that will be done again: it is deleted first;
- a file whose spans lie within another's of its partition has been merged into it, and does not count.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from drystone.engine.eventlog.errors import LakeError
from drystone.engine.eventlog.event import DECISION_FIELDS

SPANS: Final = b"drystone.spans"  # key in the footer of a merged file
REJECTS: Final = "rejects"
DROPPED: Final = "dropped"
SEEN: Final = "seen"
ROW_GROUP: Final = 32_768

_BATCH = re.compile(r"s-([0-9a-f]{16})-(\d+)-(\d+)-(\d+)-([cp])\.parquet")
_MERGED = re.compile(r"m-[0-9a-f]{16}-(\d+)\.parquet")
_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)")
_SEEN = re.compile(r"([0-9a-f]{16})-(\d+)")
_NOT_IN_A_NAME = re.compile(rb"[^A-Za-z0-9_-]")

_PLACE = [pa.field("segment", pa.string()), pa.field("offset", pa.int64())]
_TYPES = {"at": pa.timestamp("ms", tz="UTC"), "bytes": pa.int64()}
RECORDS: Final = pa.schema(
    [pa.field("kind", pa.string())]
    + [pa.field(name, _TYPES.get(name, pa.string())) for name in DECISION_FIELDS if name != "school"]
    + _PLACE
)
REJECTED: Final = pa.schema(
    [pa.field("gateway", pa.string()), pa.field("file", pa.string())]
    + [pa.field("reason", pa.string()), pa.field("lines", pa.int64()), pa.field("line", pa.binary()), *_PLACE]
)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a segment."""

    segment: str
    start: int
    end: int


class Spans:
    """The spans of one file, in order and by segment."""

    __slots__ = ("_by_segment", "all")

    def __init__(self, spans: Iterable[Span]) -> None:
        self.all = tuple(spans)
        self._by_segment: dict[str, list[tuple[int, int]]] = {}
        for span in self.all:
            self._by_segment.setdefault(span.segment, []).append((span.start, span.end))

    def of(self, segment: str) -> Sequence[tuple[int, int]]:
        return self._by_segment.get(segment, ())


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file: where, how many rows, which spans, and whether it commits its batch."""

    path: Path
    rows: int
    commits: bool
    spans: Spans = field(compare=False)

    @property
    def merged(self) -> bool:
        return self.path.name.startswith("m-")

    def within(self, other: DataFile) -> bool:
        """Whether each of its spans lies within one of the other's."""
        return all(
            any(start <= span.start and span.end <= end for start, end in other.spans.of(span.segment))
            for span in self.spans.all
        )


def partition_of(school: str, day: date) -> str:
    """The folder of a school's day below the lake. Nothing that a line says can lead out of it."""
    return f"{school_folder(school)}/day={day.isoformat()}"


def school_folder(school: str) -> str:
    """`school=fellside`; anything but letters, digits, `_` and `-` is percent-encoded, the empty one is `-`."""
    if school in ("", "-"):
        return "school=-" if not school else "school=%2D"
    name = _NOT_IN_A_NAME.sub(lambda found: b"%%%02X" % found[0][0], school.encode("utf-8", "replace")).decode("ascii")
    return f"school={name}"


def school_of(folder: str) -> str:
    """The school that a folder's name stands for."""
    name = folder.removeprefix("school=")
    return "" if name == "-" else unquote(name)


def day_of(folder: str) -> date | None:
    """The day that a folder's name stands for; None for any other folder."""
    found = _DAY.fullmatch(folder)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def utc_day(ms: int) -> date:
    return datetime.fromtimestamp(ms // 1000, tz=UTC).date()


def schools(root: Path) -> list[str]:
    return [school_of(folder.name) for folder in _folders(root) if folder.name.startswith("school=")]


def days(root: Path, school: str) -> list[tuple[date, Path]]:
    """The days of which the lake holds something, oldest first."""
    found = [(day_of(folder.name), folder) for folder in _folders(root / school_folder(school))]
    return sorted((day, folder) for day, folder in found if day is not None)


def partitions(root: Path) -> Iterator[Path]:
    """Every folder that holds data files. Those being dropped come last, so that none slips by while it is moved."""
    for folder in _folders(root):
        if folder.name.startswith("school="):
            yield from (below for below in _folders(folder) if day_of(below.name))
        elif folder.name == REJECTS:
            yield folder
    yield from dropped(root)


def dropped(root: Path) -> list[Path]:
    """Partitions taken away and not yet deleted."""
    return _folders(root / DROPPED)


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def data_files(folder: Path) -> list[DataFile]:
    """All data files of a partition at one instant.

    A folder listed while the collector merges might lack both the merged file (made too late for the listing) and
    what went into it (gone before the listing came there). Two listings that agree rule that out: a source missing
    from the first was replaced before the second began. (Merged files keep their sources for a while besides.)
    """
    names = _names(folder)
    while True:
        again = _names(folder)
        if again == names:
            break
        names = again
    try:
        return [file for file in (_data_file(folder, name) for name in sorted(names)) if file]
    except FileNotFoundError:  # a merged file has itself been merged since
        return data_files(folder)


def counting(files: Iterable[DataFile]) -> list[DataFile]:
    """The files that count: those not merged into another of them."""
    files = list(files)
    mergers = [file for file in files if file.merged]
    return [file for file in files if not any(_replaces(merger, file) for merger in mergers)]


def _replaces(merger: DataFile, file: DataFile) -> bool:
    if merger is file or not file.within(merger):
        return False
    return not merger.within(file) or not file.merged or merger.path.name < file.path.name


def _names(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.name.endswith(".parquet")}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _data_file(folder: Path, name: str) -> DataFile | None:
    if found := _BATCH.fullmatch(name):
        span = Span(found[1], int(found[2]), int(found[3]))
        return DataFile(folder / name, int(found[4]), found[5] == "c", Spans((span,)))
    if found := _MERGED.fullmatch(name):
        return DataFile(folder / name, int(found[1]), True, _merged_spans(str(folder / name)))
    return None


@lru_cache(maxsize=20_000)  # a name is never used for other content
def _merged_spans(path: str) -> Spans:
    try:
        found = pq.read_metadata(path).metadata[SPANS]
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise LakeError(
            f"{path} cannot be read ({error}): restore it from a backup, or move it out of the lake"
        ) from error
    return Spans(Span(segment, start, end) for segment, start, end in json.loads(found))


def batch_name(span: Span, rows: int, *, commits: bool) -> str:
    return f"s-{span.segment}-{span.start}-{span.end}-{rows}-{'c' if commits else 'p'}.parquet"


def write_table(table: pa.Table, path: Path) -> None:
    """Write beside, then rename: a data file is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        pq.write_table(table, file, compression="zstd", compression_level=1, row_group_size=ROW_GROUP)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def write_merged(table: pa.Table, spans: Iterable[Span], folder: Path, hash: str) -> Path:
    told = json.dumps([[span.segment, span.start, span.end] for span in spans], separators=(",", ":"))
    path = folder / f"m-{hash}-{table.num_rows}.parquet"
    write_table(table.replace_schema_metadata({SPANS: told.encode()}), path)
    return path


def collected(root: Path) -> dict[str, int]:
    """How far each segment has been collected, as the lake itself tells."""
    ends: dict[str, int] = {}
    for folder in partitions(root):  # and `seen` after the dropped ones: who drops writes there first, then deletes
        for file in data_files(folder):
            _advance(ends, file)
    for name in _seen(root):
        if found := _SEEN.fullmatch(name):
            ends[found[1]] = max(ends.get(found[1], 0), int(found[2]))
    return ends


def _advance(ends: dict[str, int], file: DataFile) -> None:
    if file.commits:
        for span in file.spans.all:
            ends[span.segment] = max(ends.get(span.segment, 0), span.end)


def _seen(root: Path) -> list[str]:
    try:
        return [path.name for path in (root / SEEN).iterdir()]
    except FileNotFoundError:
        return []


def drop_partition(root: Path, folder: Path) -> None:
    """Take a partition away at once, and remember how far its segments were collected: they must not come again."""
    (root / DROPPED).mkdir(exist_ok=True)
    aside = root / DROPPED / f"{folder.parent.name}.{folder.name}.{os.urandom(6).hex()}"
    folder.rename(aside)
    finish_drop(root, aside)


def finish_drop(root: Path, aside: Path) -> None:
    """The rest of a drop; done again, it does no harm. A part of a batch is no proof that the batch was committed."""
    ends: dict[str, int] = {}
    for file in data_files(aside):
        _advance(ends, file)
    (root / SEEN).mkdir(exist_ok=True)
    for segment, end in ends.items():
        (root / SEEN / f"{segment}-{end}").touch()
    with contextlib.suppress(FileNotFoundError):  # the collector and the task that drops may both be at it
        for path in list(aside.iterdir()):
            path.unlink(missing_ok=True)
        aside.rmdir()


def forget_seen(root: Path, present: set[str]) -> None:
    """Marks of dropped segments are of use only while the segment itself is still there to be read."""
    for name in _seen(root):
        found = _SEEN.fullmatch(name)
        if found and found[1] not in present:
            (root / SEEN / name).unlink(missing_ok=True)
