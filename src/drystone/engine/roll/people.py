"""Rows of people from the cells of any format, each checked; what cannot be used is put down with its reason.

Cells have the names of `mapping.FIELDS`. A name that is not among a row's cells was not told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypedDict, TypeVar

from drystone.engine.roll import cells as cell
from drystone.engine.roll.cells import BadCell
from drystone.engine.roll.mapping import DateOrder
from drystone.engine.roll.names import fold
from drystone.engine.roll.staging import Cells, Staged
from drystone.engine.roll.upn import upn_fault
from drystone.engine.roll.values import GuardianRow, Place, PupilRow, Refusal, Remark, StaffRow, Whom

Value = TypeVar("Value")
TITLES = frozenset({"mr", "mrs", "miss", "ms", "mx", "dr", "prof", "professor", "rev", "revd", "sir", "lady", "master"})
TECHNICAL = frozenset({"network", "system", "systems", "it", "ict", "data"})
OFFICE_WORDS = ("office", "admin", "secretary", "bursar", "business manager", "receptionist", "registrar", "clerk")
HELPER_WORDS = (
    "assistant",
    "support",
    "hlta",
    "aide",
    "technician",
    "caretaker",
    "lunchtime",
    "mentor",
    "nurse",
    "cook",
)
LONGEST: tuple[tuple[Literal["email", "telephone", "sign_on"], int], ...] = (
    ("email", 254),
    ("telephone", 40),
    ("sign_on", 100),
)


@dataclass(slots=True)
class Faults:
    """What a school's rows were refused for, and what is worth saying of others."""

    refusals: list[Refusal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def refuse(self, where: Place, what: str, todo: str, whom: Whom | None = None) -> None:
        self.refusals.append(Refusal(where=where, what=what, todo=todo, whom=whom))

    def remark(self, where: Place, what: str) -> None:
        self.remarks.append(Remark(where=where, what=what))


class Names(TypedDict):
    given_names: str
    family_name: str


class Contact(TypedDict):
    """What every person's row may have besides names; None where it was not told."""

    preferred_name: str | None
    email: str | None
    telephone: str | None
    sign_on: str | None


def names_of(cells: Cells) -> Names:
    """Family and given names, from columns of their own or from one: “Marsden, Asha” or “Mrs Asha Marsden”."""
    family, given = cells.get("family_name", ""), cells.get("given_names", "")
    if not family and not given and (whole := cells.get("full_name", "")):
        given, family = split_name(whole)
    return {"given_names": cell.name(given, "given name"), "family_name": cell.name(family, "family name")}


def split_name(whole: str) -> tuple[str, str]:
    family, comma, given = (part.strip() for part in whole.partition(","))
    if comma:
        return without_title(given), without_title(family)
    given, _, family = without_title(whole).rpartition(" ")
    return given, family


def without_title(text: str) -> str:
    words = text.split(" ")
    while len(words) > 1 and words[0].rstrip(".").casefold() in TITLES:
        words.pop(0)
    return " ".join(words)


def contact_of(row: Staged, faults: Faults) -> Contact:
    """What is wrong here does not cost the row: the value is left out, and that is said."""
    told = Contact(
        preferred_name=row.cells.get("preferred_name"),
        email=row.cells.get("email"),
        telephone=row.cells.get("telephone"),
        sign_on=row.cells.get("sign_on"),
    )
    for key, longest in LONGEST:
        if (text := told[key]) and (len(text) > longest or (key == "email" and not cell.is_email(text))):
            faults.remark(row.where, f"The {cell_title(key)} {cell.shown(text)} is not one, and is left out")
            told[key] = None
    if (preferred := told["preferred_name"]) and len(preferred) > cell.LONGEST_NAME:
        faults.remark(row.where, f"The preferred name {cell.shown(preferred)} is too long, and is left out")
        told["preferred_name"] = None
    if preferred and preferred == row.cells.get("given_names"):
        told["preferred_name"] = ""  # databases repeat the forename there
    return told


def cell_title(key: str) -> str:
    return {"email": "e-mail address", "telephone": "telephone number", "sign_on": "sign-on name"}[key]


def upn_of(cells: Cells) -> str | None:
    if (told := cells.get("upn")) is None:
        return None
    upn = told.replace(" ", "").upper()
    if upn and (fault := upn_fault(upn)):
        raise BadCell(*fault)
    return upn


def pupil_row(row: Staged, faults: Faults, dates: DateOrder = DateOrder.DAY_FIRST) -> PupilRow | None:
    """A pupil without key's meaning to others yet and without guardians; None if the row is refused."""
    told = row.cells
    if (known_as := told.get("preferred_family_name", "")) and known_as != told.get("family_name"):
        name = f"{told.get('given_names', '')} {told.get('family_name', '')}"
        faults.remark(row.where, f"{name} prefers the family name {known_as}, which is not kept; the legal one is")
    try:
        return PupilRow(
            where=row.where,
            key=row.key,
            reference=told.get("reference", ""),
            **names_of(told),
            **contact_of(row, faults),
            upn=upn_of(told),
            date_of_birth=cell.day(told.get("date_of_birth", ""), "date of birth", dates),
            year_group=cell.year_group(told.get("year_group", "")),
            joined_on=cell.day(told.get("joined_on", ""), "date of joining", dates),
            left_on=cell.day(told.get("left_on", ""), "date of leaving", dates),
        )
    except BadCell as bad:
        faults.refuse(row.where, bad.what, bad.todo, whom(told, dates))
        return None


def staff_row(row: Staged, faults: Faults) -> StaffRow | None:
    told = row.cells
    try:
        return StaffRow(
            where=row.where,
            key=row.key,
            reference=told.get("reference", ""),
            **names_of(told),
            **contact_of(row, faults),
            role=staff_role(told.get("role", "")),
            role_told=told.get("role", ""),
        )
    except BadCell as bad:
        faults.refuse(row.where, bad.what, bad.todo, whom(told))
        return None


def guardian_row(row: Staged, faults: Faults) -> GuardianRow | None:
    told = row.cells
    try:
        return GuardianRow(
            where=row.where,
            key=row.key,
            reference=told.get("reference", ""),
            **names_of(told),
            **contact_of(row, faults),
        )
    except BadCell as bad:
        faults.refuse(row.where, bad.what, bad.todo, whom(told))
        return None


def staff_role(told: str) -> str:
    """A file gives no power: who is head, safeguarding lead or technician is said by people under their own names."""
    words = fold(told)
    if TECHNICAL & set(words.split()):  # a network administrator is not of the office
        return "support_staff"
    if any(word in words for word in OFFICE_WORDS):
        return "office"
    if any(word in words for word in HELPER_WORDS):
        return "support_staff"
    return "teacher" if not words or "teach" in words or "head" in words else "support_staff"


def whom(told: Cells, dates: DateOrder = DateOrder.DAY_FIRST) -> Whom:
    """What of a refused row can still be read: its faults must not make a leaver of somebody."""
    given, family = told.get("given_names", ""), told.get("family_name", "")
    if not given and not family:
        given, family = split_name(told.get("full_name", ""))
    return Whom(
        reference=told.get("reference", ""),
        upn=or_none(lambda: upn_of(told) or "") or "",
        given_names=given,
        family_name=family,
        date_of_birth=or_none(lambda: cell.day(told.get("date_of_birth", ""), "date of birth", dates)),
    )


def or_none(read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except BadCell:
        return None
