"""The files of a OneRoster export, in a folder or a zip, and what its manifest says of them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from drystone.engine.roll import text
from drystone.engine.roll.opened import open_zip
from drystone.engine.roll.staging import Cells
from drystone.engine.roll.text import Opener
from drystone.engine.roll.values import Place, Scope, UnreadableRoll

FILES = ("orgs", "users", "roles", "demographics", "classes", "enrollments")
MODES = {"bulk": Scope.FULL, "delta": Scope.DELTA, "absent": Scope.ABSENT}
VERSIONS = ("1.1", "1.2")


@dataclass(frozen=True, slots=True)
class Package:
    """`files`: by lower-case name. `modes`: of each of FILES. Without a manifest nobody is taken to have left."""

    name: str
    files: dict[str, Opener]
    version: str
    modes: dict[str, Scope]
    has_manifest: bool

    def records(self, file: str) -> Iterator[tuple[Place, Cells, int]]:
        """Rows by their headings, and how many cells a row has too many. Nothing where the file is absent."""
        if self.modes[file] is Scope.ABSENT:
            return
        name = f"{file}.csv"
        with text.open_text(self.files[name], name) as stream:
            rows = text.rows(stream, name)
            headings = [heading.lower() for heading in next(rows, (1, []))[1]]
            self._check(name, headings)
            for line, row in rows:
                told = dict(zip(headings, [*row, *[""] * (len(headings) - len(row))], strict=False))
                yield Place(name, line), told, len([cell for cell in row[len(headings) :] if cell])

    def _check(self, name: str, headings: list[str]) -> None:
        needed = {"users.csv": ("givenname", "familyname"), "roles.csv": ("usersourcedid", "role")}.get(name, ())
        status = ("status",) if self.has_manifest and self.modes[name[:-4]] is Scope.DELTA else ()
        for heading in ("sourcedid", *needed, *status):
            if heading not in headings:
                raise UnreadableRoll(
                    f"{name} has no column “{heading}”, which OneRoster {self.version} asks for"
                    f"{' in a delta' if heading == 'status' else ''}. Export it again."
                )


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    if path.is_dir():
        files = {file.name.lower(): opener(file) for file in path.iterdir() if file.is_file()}
        yield package(path.name, files)
        return
    with open_zip(path) as archive:
        members: dict[str, Opener] = {}
        for member in archive.infolist():
            folder, _, name = member.filename.rpartition("/")
            if not name.lower().endswith(".csv") or "__MACOSX" in folder:
                continue
            if name.lower() in members:
                raise UnreadableRoll(f"{path.name} holds {name} twice. Pack one export alone.")
            members[name.lower()] = member_opener(archive, member)
        yield package(path.name, members)


def member_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    return lambda: cast(BinaryIO, archive.open(member))


def opener(file: Path) -> Opener:
    return lambda: file.open("rb")


def package(name: str, files: dict[str, Opener]) -> Package:
    told = manifest(files) if "manifest.csv" in files else {}
    version = told.get("oneroster.version", "")[:3] or ("1.2" if "roles.csv" in files else "1.1")
    if version not in VERSIONS:
        raise UnreadableRoll(f"{name} is OneRoster {version}; versions {' and '.join(VERSIONS)} are read. Export one.")
    modes = {file: mode_of(name, file, told, files) for file in FILES}
    if all(modes[file] is Scope.ABSENT for file in ("users", "classes", "enrollments")):
        raise UnreadableRoll(f"{name} has no users.csv, classes.csv or enrollments.csv of OneRoster. Export them.")
    if version == "1.2" and modes["users"] is Scope.FULL and modes["roles"] is Scope.ABSENT:
        raise UnreadableRoll(f"{name} has all users and no roles.csv, which OneRoster 1.2 asks for. Export it too.")
    return Package(name, files, version, modes, bool(told))


def manifest(files: dict[str, Opener]) -> dict[str, str]:
    with text.open_text(files["manifest.csv"], "manifest.csv") as stream:
        rows = text.rows(stream, "manifest.csv")
        return {row[0].lower(): row[1].lower() for _, row in rows if len(row) > 1}


def mode_of(name: str, file: str, told: dict[str, str], files: dict[str, Opener]) -> Scope:
    there = f"{file}.csv" in files
    if not told:
        return Scope.DELTA if there else Scope.ABSENT
    mode = told.get(f"file.{file}", "absent")
    if mode not in MODES:
        raise UnreadableRoll(f"manifest.csv of {name} says “{mode}” of {file}.csv; it is bulk, delta or absent.")
    if MODES[mode] is not Scope.ABSENT and not there:
        raise UnreadableRoll(f"{name} lacks {file}.csv, which its manifest promises ({mode}). Export it again.")
    return MODES[mode]
