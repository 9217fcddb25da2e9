"""Sources of lists below a home: `lists/<source>/<folder>/…`, and beside each its provenance, `<source>.json`.

How editions come, wait, go and come back is the business of editions.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.categories import (
    Category,
    category_of,
    informational,
    is_source,
    load_categories,
    mandatory_sources,
)
from drystone.engine.filtering.lists import FILES, ListError, ListReader, Report, find_folder, list_names

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch
EDITIONS = ".editions"
SHRINK, GROW = 20, 100  # per cent of a category that may go, or come, before a person is asked


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
    format: str = ""  # one of formats.FORMATS; "" is SquidGuard's
    mandatory: bool = False  # every folder of it is a mandatory list, like the IWF's
    local: bool = False  # who added it had the shell: the address may be this machine's own
    mapping: Mapping[str, str] = field(default_factory=dict)  # folder → category here, or "" for none
    shrink: int = SHRINK
    grow: int = GROW
    installed_at: str = ""
    accepted: str = ""  # by whom and why, where the edition had waited for a person
    changes: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # folder → entries that came, that went

    @property
    def id(self) -> str:
        return self.sha256[:12]

    def category(self, folder: str) -> Category | None:
        """Of a mandatory source always its mandatory category; else as it was mapped here, else as known."""
        if self.mandatory and self.name not in mandatory_sources():
            return next(iter(mandatory_sources().values()))
        known = category_of(self.name, folder)
        if (known is not None and known.mandatory) or folder not in self.mapping:
            return known
        return load_categories().get(self.mapping[folder])

    @property
    def mandatory_folders(self) -> tuple[str, ...]:
        """P35: its lists that nobody can switch off."""
        named = {folder: self.category(folder) for folder in self.folders}
        return tuple(folder for folder, category in named.items() if category is not None and category.mandatory)

    @property
    def updates(self) -> bool:
        """Whether there is a place to look for a newer edition."""
        return self.remote or self.origin.startswith("/")

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
        passed = {name for name in self.folders if name in known or self.mapping.get(name) == ""}
        return tuple(name for name in self.folders if name not in passed and self.category(name) is None)


def check_name(name: str) -> str:
    if not _NAME(name):
        raise SourceError(f"{name!r} cannot name a source: use lower-case letters, digits, - and _, such as ut1")
    return name


def source_names(lists: Path) -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in lists.iterdir() if is_source(entry))) if lists.is_dir() else ()


def lists_of(category: Category, lists: Path) -> tuple[str, ...]:
    """Folders below `lists` (`<source>/<folder>`) that are there for a category, as a rules file names them. A record
    that cannot be read loses its mapping, not its lists: what stands on the disk still closes."""
    found = []
    for name in source_names(lists):
        try:
            source = read_source(lists, name)
        except SourceError:
            source = Source(name, "", "", "", "")
        named = [folder for folder in list_names(lists / name) if source.category(folder) is category]
        order = [folder for folder in category.sources.get(name, ()) if folder in named]
        found += [f"{name}/{folder}" for folder in dict.fromkeys([*order, *named])]
    return tuple(found)


def lost_sources(lists: Path) -> tuple[str, ...]:
    """Sources on record whose lists are not there, or whose record cannot be read: an update was cut off, or somebody
    took them away by hand. To compile without them would open what they close."""
    recorded = sorted(path.stem for path in lists.glob("*.json") if _NAME(path.stem))
    return tuple(name for name in recorded if not (lists / name).is_dir() or not _readable(lists, name))


def _readable(lists: Path, name: str) -> bool:
    try:
        read_source(lists, name)
    except SourceError:
        return False
    return True


def read_source(lists: Path, name: str) -> Source:
    return read_record(lists / f"{name}.json", name)


def kept_records(lists: Path, name: str) -> tuple[Source, ...]:
    """The records of every edition that is or was at work and is kept, the newest first, whatever became of the
    record of the one at work."""
    found = []
    for path in (lists / EDITIONS / name).glob("*.json"):
        with suppress(SourceError):
            found.append(read_record(path, name))
    at_work = [source for source in found if source.installed_at]
    return tuple(sorted(at_work, key=lambda source: source.installed_at, reverse=True))


def read_record(path: Path, name: str) -> Source:
    """The provenance in a file. Raises SourceError."""
    try:
        plain = json.loads(path.read_bytes())
        folders = {folder: _folder(fields) for folder, fields in plain.pop("folders").items()}
        changes = {folder: tuple(counts) for folder, counts in plain.pop("changes", {}).items()}
        return Source(**plain | {"folders": folders, "warnings": tuple(plain["warnings"]), "changes": changes})
    except FileNotFoundError:
        raise SourceError(
            f"there is no source {name!r} in {path.parent}; `drystone lists show` names those there are"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{path}: cannot be read ({error}); add the source again") from error


def _folder(fields: Mapping[str, object]) -> Folder:
    return Folder(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})  # type: ignore[arg-type]


def survey(root: Path, read: Mapping[str, Report] | None = None) -> dict[str, Folder]:
    """Reads every list of an edition whole. Raises SourceError where one is unreadable, or none gives anything.

    `read` has what was mended and skipped before, when lists of another layout were turned into these.
    """
    try:
        surveyed = {name: _survey_folder(root, name, (read or {}).get(name)) for name in list_names(root)}
    except ListError as error:
        raise SourceError(str(error)) from error
    if not any(folder.kept for folder in surveyed.values()):
        raise SourceError(f"{root}: none of its lists has an entry that can be used")
    return surveyed


def _survey_folder(root: Path, name: str, before: Report | None = None) -> Folder:
    report = Report(name)
    if before is not None:
        report.mended, report.skipped, report.examples = before.mended, before.skipped, list(before.examples)
    reader = ListReader(find_folder(root, name), report)
    for _ in reader.hosts():
        pass
    for _ in reader.urls():
        pass
    for _ in reader.expressions():
        pass
    for _ in reader.exceptions():
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


def note_unchanged(lists: Path, source: Source, at: datetime) -> None:
    """The maker says that nothing has changed: the age counts from now."""
    write_record(lists / f"{source.name}.json", replace(source, fetched_at=at.isoformat(timespec="seconds")))


def check(lists: Path, name: str) -> tuple[Source, tuple[str, ...]]:
    """A source as it stands on the disk now, and what is wrong with it. Raises SourceError where it is no use."""
    recorded = read_source(lists, name)
    root = lists / name
    whole = tree_digest(root) == recorded.sha256  # then they are what was counted when they came
    now = recorded if whole else replace(recorded, folders=survey(root))
    faults = [warning for folder in now.folders.values() for warning in folder.warnings if not folder.kept]
    if not whole:
        faults.append(f"{root}: its files are not those that were installed; add or update it again")
    return now, tuple(faults)


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


def write_record(path: Path, source: Source) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(asdict(source), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)
