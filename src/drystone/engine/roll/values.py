"""What a file of the roll says, whatever its format: CTF, OneRoster, or a table from a school's database.

    with read(path) as file:              # engine/roll/reader.py; UnreadableRoll if it cannot be used at all
        for roll in file.rolls():         # one school after the other: a county's file is never in memory whole
            roll.pupils, roll.memberships …

Two words recur. `key` names a row within its own file and is what rows point at each other with. `reference` is the
source's own lasting name for the same thing (OneRoster's sourcedId, an admission number), empty where it has none.

A text field that is None was not told: what the school has stays. An empty one was told to be empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol, Self


class UnreadableRoll(ValueError):
    """The file cannot be used at all. The message is one line: what, where, what to do."""


class Source(Enum):
    """Formats; the value is also the name under which references of that source are kept."""

    CTF = "ctf"
    ONEROSTER = "oneroster"
    TABLE = "table"


class Scope(Enum):
    """What it means that somebody is not in the file."""

    FULL = "full"  # they are no longer there
    DELTA = "delta"  # nothing: only what is named changes
    ABSENT = "absent"  # nothing: the file does not speak of this kind of thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """One scope per kind of thing: a OneRoster folder may bring all users and only the changed enrolments."""

    pupils: Scope = Scope.ABSENT
    guardians: Scope = Scope.ABSENT
    staff: Scope = Scope.ABSENT
    classes: Scope = Scope.ABSENT
    memberships: Scope = Scope.ABSENT  # full: who is in the file has these classes and no others


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the file: its name within a folder or zip (empty: the file itself) and the line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line} of {self.file}" if self.file else f"line {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """As much of a person as a refused row gave away, so that they are not taken for a leaver."""

    reference: str = ""
    upn: str = ""
    given_names: str = ""
    family_name: str = ""
    date_of_birth: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that is not imported, and why. `what` is a sentence without its full stop; so is `todo`."""

    where: Place
    what: str  # "The UPN A123456789012 has the wrong check letter"
    todo: str  # "Correct it in the school’s database and export again"
    whom: Whom | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.todo}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about a row that is imported all the same, and that somebody should know."""

    where: Place
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}."


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolRef:
    """The school that rows belong to, as the file names it; all empty where the file names none."""

    reference: str = ""  # OneRoster's sourcedId of the org
    dfe_number: str = ""  # seven digits
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.dfe_number or self.reference or "a school that is not named"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    where: Place
    key: str
    reference: str = ""
    given_names: str
    family_name: str
    preferred_name: str | None = None
    email: str | None = None
    telephone: str | None = None
    sign_on: str | None = None
    gone: bool = False  # a delta says that they are no longer there; names may then be empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """A guardian's line under a pupil. `guardian` is a GuardianRow's key (in a delta perhaps only a reference that
    an earlier file brought)."""

    guardian: str
    order: int  # 1 is called first
    relationship: str | None = None
    parental_responsibility: bool | None = None  # None: the file does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilRow(PersonRow):
    upn: str | None = None
    date_of_birth: date | None = None
    year_group: int | None = None  # -1 Nursery, 0 Reception, 1 to 6
    joined_on: date | None = None
    left_on: date | None = None  # the last day
    care: tuple[Care, ...] | None = None  # None: the file does not speak of this pupil's guardians


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianRow(PersonRow):
    """One grown-up. The readers make one row of contacts of one school that are the same person: the same name and
    the same e-mail address, telephone number or home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow(PersonRow):
    """`role` is one that a file may give: teacher, support_staff or office. Posts with power over others (head,
    safeguarding lead, technician) are given by people, never by a file; `role_told` is the file's own word."""

    role: str
    role_told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    where: Place
    key: str
    reference: str = ""
    name: str
    year_group: int | None = None  # the youngest, where years are mixed
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A pupil's or a teacher's place in a class: keys (in a delta perhaps references that an earlier file brought).

    In a full file a pupil has at most one that is not gone.
    """

    where: Place
    person: str
    school_class: str
    teaches: bool = False
    starts: date | None = None
    ends: date | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolRoll:
    """What the file says of one school. Pupils, guardians, staff and classes each have keys of their own, unique."""

    school: SchoolRef
    pupils: tuple[PupilRow, ...] = ()
    guardians: tuple[GuardianRow, ...] = ()
    staff: tuple[StaffRow, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    memberships: tuple[Membership, ...] = ()
    unplaced: tuple[PupilRow, ...] = ()  # people of whom a delta says no role: match them by reference alone
    perhaps: tuple[PupilRow, ...] = ()  # the same, of whom it says no school either: pass over who is not known
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[Remark, ...] = ()


class Rolls(Protocol):
    """What a reader leaves behind when it has been through the file: rows waiting on disk, school by school."""

    def schools(self) -> tuple[SchoolRef, ...]: ...
    def roll(self, school: SchoolRef) -> SchoolRoll: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RollFile:
    """A file that has been read to its end. Close it: rows of it wait in a temporary file."""

    source: Source
    version: str  # of the format: "1.2", "16.0"; empty for tables
    scopes: Scopes
    sha256: str  # of the file's bytes; of a folder, of its files' names and bytes in order
    as_at: datetime | None = None  # when the source made it, where it says so
    staged: Rolls = field(repr=False, compare=False)

    @property
    def schools(self) -> tuple[SchoolRef, ...]:
        """In a steady order. One that is all empty stands for rows of which the file names no school."""
        return self.staged.schools()

    def rolls(self) -> Iterator[SchoolRoll]:
        for school in self.schools:
            yield self.staged.roll(school)

    def close(self) -> None:
        self.staged.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
