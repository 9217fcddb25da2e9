"""Contacts written under each pupil, made into grown-ups: one row for the mother of three children of a school."""

from __future__ import annotations

from dataclasses import replace

from drystone.engine.roll import cells as cell
from drystone.engine.roll.cells import BadCell
from drystone.engine.roll.names import fold
from drystone.engine.roll.people import Faults, contact_of, names_of
from drystone.engine.roll.staging import Cells, Staged
from drystone.engine.roll.values import Care, GuardianRow, Place

# The common basic data set's codes for a contact's relationship. Other words stay as they are written.
RELATIONSHIPS = {
    "PAM": "Mother",
    "PAF": "Father",
    "STP": "Step-parent",
    "FOM": "Foster mother",
    "FOF": "Foster father",
    "CAR": "Carer",
    "REL": "Other relative",
    "FAM": "Other family member",
    "OTH": "Other contact",
    "CHM": "Childminder",
}
LONGEST_RELATIONSHIP = 40
# Contacts of a pupil who are no guardians, by the same codes: doctor, health visitor, social worker.
PROFESSIONALS = frozenset({"DOC", "HEV", "SWR"})


class Guardians:
    """The grown-ups of one school. Two contacts are one person if they have the same name and share an e-mail
    address, a telephone number or a home; without any of these nobody is taken for somebody else."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rows: dict[str, GuardianRow] = {}
        self.known: dict[tuple[str, str, str], str] = {}  # name, what is shared, its value → key

    def care(self, where: Place, contacts: list[Cells]) -> tuple[Care, ...]:
        """A pupil's contacts, in the order in which they are called."""
        found: dict[str, Care] = {}
        for contact in sorted(contacts, key=called):
            if (key := self.add(where, contact)) is None or key in found:
                continue
            found[key] = Care(
                guardian=key,
                order=len(found) + 1,
                relationship=relationship(contact),
                parental_responsibility=cell.flag(contact.get("parental_responsibility", "")),
            )
        return tuple(found.values())

    def add(self, where: Place, contact: Cells) -> str | None:
        """The key of this contact's row; None for one that is no guardian or has no name."""
        if contact.get("relationship", "").upper() in PROFESSIONALS:
            return None
        row = Staged("", where, contact)
        try:
            names = names_of(contact)
        except BadCell as bad:
            if any(contact.get(key) for key in ("family_name", "given_names", "full_name", "email", "telephone")):
                self.faults.remark(where, f"A contact is left out: {lower_first(bad.what)}")
            return None
        made = GuardianRow(where=where, key="", **names, **contact_of(row, self.faults))
        name = fold(f"{made.given_names} {made.family_name}")
        marks = [(name, kind, value) for kind, value in marks_of(made, contact) if value]
        key = next((self.known[mark] for mark in marks if mark in self.known), f"g{len(self.rows) + 1}")
        self.rows[key] = completed(self.rows[key], made) if key in self.rows else replace(made, key=key)
        for mark in marks:
            self.known.setdefault(mark, key)
        return key


def called(contact: Cells) -> int:
    """The file's own order, where it has one; else as they stand."""
    order = contact.get("order", "")
    return int(order) if order.isdecimal() and len(order) < 4 else 99


def marks_of(row: GuardianRow, contact: Cells) -> list[tuple[str, str]]:
    telephone = cell.digits(row.telephone or "")
    return [
        ("email", (row.email or "").casefold()),
        ("telephone", telephone if len(telephone) >= 6 else ""),
        ("home", fold(contact.get("home", ""))),
    ]


def completed(first: GuardianRow, again: GuardianRow) -> GuardianRow:
    """What the first mention of a person did not tell is taken from the next."""
    return replace(first, email=first.email or again.email, telephone=first.telephone or again.telephone)


def relationship(contact: Cells) -> str | None:
    told = contact.get("relationship")
    return None if told is None else RELATIONSHIPS.get(told.upper(), told[:LONGEST_RELATIONSHIP])


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
