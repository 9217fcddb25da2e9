"""Sources of lists below a home: `lists/<source>/<folder>/…`, and beside each its provenance, `<source>.json`.

An edition is put in place whole: what was there is kept as `<source>.previous` until the next one comes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.categories import STARTER, STARTER_SOURCE, category_of, informational, is_source
from drystone.engine.filtering.lists import FILES, ListError, ListReader, Report, find_folder, list_names

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch
_SHRUNK = 2  # an edition with less than a half of the last one's entries is more often broken than right


class SourceError(Exception):
    """One line: which source, what is wrong, what to do. What was installed stays."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What one folder of a source gave."""

    kept: int
    mended: int
    skipped: int
    warnings: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Provenance of a source. `fetched_at` is ISO 8601 UTC; `sha256` is of the files as they stand in the folder."""

    name: str
    origin: str  # URL, or absolute path
    licence: str
    edition: str  # what its maker calls it, or the day it came
    fetched_at: str
    sha256: str = ""
    etag: str = ""
    last_modified: str = ""
    verified_by: str = ""  # the checksum that the download was held against
    folders: Mapping[str, Folder] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        return sum(folder.kept for folder in self.folders.values())

    @property
    def remote(self) -> bool:
        return self.origin.startswith(("http://", "https://"))

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Folders that no category takes and nobody has called informational."""
        known = informational(self.name)
        return tuple(name for name in self.folders if name not in known and category_of(self.name, name) is None)


def check_name(name: str) -> str:
    if not _NAME(name):
        raise SourceError(f"{name!r} cannot name a source: use lower-case letters, digits, - and _, such as ut1")
    return name


def source_names(lists: Path) -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in lists.iterdir() if is_source(entry))) if lists.is_dir() else ()


def lost_sources(lists: Path) -> tuple[str, ...]:
    """Sources on record whose lists are not there: an update was cut off between two renames, or somebody took them
    away by hand. To compile without them would open what they close."""
    recorded = (path.stem for path in lists.glob("*.json") if _NAME(path.stem))
    return tuple(sorted(name for name in recorded if not (lists / name).is_dir()))


def read_source(lists: Path, name: str) -> Source:
    path = lists / f"{name}.json"
    try:
        plain = json.loads(path.read_bytes())
        folders = {folder: _folder(fields) for folder, fields in plain.pop("folders").items()}
        return Source(**plain | {"folders": folders, "warnings": tuple(plain["warnings"])})
    except FileNotFoundError:
        raise SourceError(
            f"there is no source {name!r} in {lists}; `drystone lists show` names those there are"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{path}: cannot be read ({error}); add the source again") from error


def _folder(fields: Mapping[str, object]) -> Folder:
    return Folder(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})  # type: ignore[arg-type]


def survey(root: Path) -> dict[str, Folder]:
    """Reads every list of an edition whole. Raises SourceError where one is unreadable, or none gives anything."""
    try:
        surveyed = {name: _survey_folder(root, name) for name in list_names(root)}
    except ListError as error:
        raise SourceError(str(error)) from error
    if not any(folder.kept for folder in surveyed.values()):
        raise SourceError(f"{root}: none of its lists has an entry that can be used")
    return surveyed


def _survey_folder(root: Path, name: str) -> Folder:
    report = Report(name)
    reader = ListReader(find_folder(root, name), report)
    for _ in reader.hosts():
        pass
    for _ in reader.urls():
        pass
    for _ in reader.expressions():
        pass
    warnings = tuple(report.warnings) if report.kept else (*report.warnings, f"{name}: has no entry that can be used")
    return Folder(report.kept, report.mended, report.skipped, warnings, tuple(report.examples))


def tree_digest(root: Path) -> str:
    """SHA-256 over names and contents, in order of name."""
    total = hashlib.sha256()
    for path in sorted(entry for entry in root.rglob("*") if entry.is_file()):
        total.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def install(lists: Path, staged: Path, source: Source, *, smaller_is_right: bool = False) -> Source:
    """Reads a staged edition, and puts it in place of the last one. Raises SourceError and changes nothing else.

    `staged` is on the same file system as `lists`, and is used up.
    """
    check_name(source.name)
    settle(lists, source.name)
    folders = survey(staged)
    known = replace(source, folders=folders, sha256=tree_digest(staged))
    if not smaller_is_right:
        _refuse_shrunk(lists, known)
    current, previous = lists / source.name, lists / f"{source.name}.previous"
    shutil.rmtree(previous, ignore_errors=True)
    if current.exists():
        current.rename(previous)
    staged.rename(current)
    _write(lists / f"{source.name}.json", known)
    return known


def settle(lists: Path, name: str) -> None:
    """Puts the last edition back, where a kill fell between the two renames of `install`."""
    current, previous = lists / name, lists / f"{name}.previous"
    if not current.exists() and previous.exists():
        previous.rename(current)


def note_unchanged(lists: Path, source: Source, at: datetime) -> None:
    """The maker says that nothing has changed: the age counts from now."""
    _write(lists / f"{source.name}.json", replace(source, fetched_at=at.isoformat(timespec="seconds")))


def _refuse_shrunk(lists: Path, new: Source) -> None:
    try:
        old = read_source(lists, new.name)
    except SourceError:
        return
    if new.entries * _SHRUNK < old.entries:
        raise SourceError(
            f"{new.name}: the new edition has {new.entries:,} entries where the last had {old.entries:,}; "
            "the last one stays. If that is right, say --smaller-is-right"
        )


def remove(lists: Path, name: str) -> None:
    read_source(lists, check_name(name))
    (lists / f"{name}.json").unlink()
    for folder in (lists / name, lists / f"{name}.previous"):
        shutil.rmtree(folder, ignore_errors=True)


def check(lists: Path, name: str) -> tuple[Source, tuple[str, ...]]:
    """A source as it stands on the disk now, and what is wrong with it. Raises SourceError where it is no use."""
    recorded = read_source(lists, name)
    root = lists / name
    now = replace(recorded, folders=survey(root))
    faults = [warning for folder in now.folders.values() for warning in folder.warnings if not folder.kept]
    if tree_digest(root) != recorded.sha256:
        faults.append(f"{root}: its files are not those that were installed; add or update it again")
    return now, tuple(faults)


def install_starter(lists: Path, *, edition: str, at: datetime) -> bool:
    """The lists that Drystone brings along, as a source like the others. True where they were new.

    Called at each start: takes a few milliseconds where they are in place.
    """
    digest = tree_digest(STARTER)
    settle(lists, STARTER_SOURCE)
    if STARTER_SOURCE in source_names(lists) and digest in read_source(lists, STARTER_SOURCE).edition:
        return False
    lists.mkdir(parents=True, exist_ok=True)
    staged = lists / f".{STARTER_SOURCE}.{os.getpid()}.incoming"
    shutil.rmtree(staged, ignore_errors=True)
    copy_lists(STARTER, staged)
    source = Source(
        name=STARTER_SOURCE,
        origin=str(STARTER),
        licence="EUPL-1.2",
        edition=f"{edition} ({digest})",
        fetched_at=at.isoformat(timespec="seconds"),
    )
    install(lists, staged, source, smaller_is_right=True)
    return True


def copy_lists(root: Path, out: Path, *, only: str = "") -> None:
    """The list files of each folder of `root`, and nothing else that may lie about there. Raises SourceError."""
    try:
        folders = {name: find_folder(root, name) for name in ([only] if only else list_names(root))}
    except ListError as error:
        raise SourceError(str(error)) from error
    if not folders:
        raise SourceError(f"{root}: empty (it has no folder of lists in it); name the folder that holds the categories")
    for name, folder in folders.items():
        (out / name).mkdir(parents=True)
        for file in FILES:
            if (folder / file).is_file():
                shutil.copyfile(folder / file, out / name / file)


def _write(path: Path, source: Source) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(asdict(source), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)
