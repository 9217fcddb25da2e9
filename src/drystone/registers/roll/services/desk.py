"""The desk at which one school's part of a file is planned: the file, what stands, what was decided, what will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from drystone.engine.roll.values import GuardianRow, PersonRow, Place, PupilRow, SchoolRoll, Scopes, Source, StaffRow
from drystone.registers.roll.models import Tab
from drystone.registers.roll.services.landing import Plan
from drystone.registers.roll.services.standing import Standing
from drystone.registers.roll.services.telling import Teller
from drystone.registers.school.models import Person, Reference, Role, RoleHolding, School

NEW, SKIP = "new", "skip"
WHAT: dict[type[PersonRow], str] = {PupilRow: "pupil", GuardianRow: "guardian", StaffRow: "staff"}


@dataclass(slots=True)
class Desk:
    """`may_give_roles`: whoever runs the import may say who works at the school and whose class is whose.

    `pupils`, `guardians`, `staff`: the row's key (and reference) in the file → the person, once that is known.
    `untouched`: people of whom the file says something that could not be used, so that their absence means nothing.
    """

    school: School
    roll: SchoolRoll
    scopes: Scopes
    source: Source
    on: date
    standing: Standing
    may_give_roles: bool
    choices: Mapping[str, str]
    plan: Plan = field(default_factory=Plan)
    teller: Teller = field(default_factory=Teller)
    pupils: dict[str, Person] = field(default_factory=dict)
    guardians: dict[str, Person] = field(default_factory=dict)
    staff: dict[str, Person] = field(default_factory=dict)
    untouched: set[int] = field(default_factory=set)
    unnamed_refusals: int = 0
    in_file: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.in_file = frozenset(row.key for row in (*self.roll.pupils, *self.roll.guardians, *self.roll.staff))

    def refuse(self, row: PersonRow, what: str, todo: str, *people: Person) -> None:
        """The row is left out; what stands of the people it may be about is not touched by its absence either."""
        self.untouched |= {person.pk for person in people}
        name = f"{row.given_names} {row.family_name}"
        self.teller.tell(Tab.REFUSED, name, WHAT[type(row)], where=row.where, detail=f"{what}. {todo}.")

    def remark(self, name: str, where: Place | str, what: str) -> None:
        self.teller.tell(Tab.REMARK, name, where=where, detail=f"{what}.")

    def ask(self, row: PersonRow, why: str, people: Sequence[Person], *, new: bool = True) -> Person | str:
        """A doubt: the answer if somebody gave it (a person, NEW), else SKIP. Until then nobody is touched by it."""
        key = _key(row)
        options = [(str(person.pk), f"It is {self.standing.in_words(person)}") for person in people]
        options += [(NEW, "Somebody new")] * new + [(SKIP, "Leave this line out")]
        answer = self.choices.get(key, "")
        self.teller.tell(
            Tab.DOUBT,
            f"{row.given_names} {row.family_name}",
            WHAT[type(row)],
            where=row.where,
            detail=f"{why}.",
            key=key,
            options=options,
        )
        chosen = next((person for person in people if str(person.pk) == answer), None)
        if chosen is not None:
            return chosen
        if answer == NEW and new:
            return NEW
        self.untouched |= {person.pk for person in people}
        return SKIP

    def known_before(self, key: str) -> Person | None:
        """Whom a delta points at and does not bring: the source's own lasting key. Not for keys that only count within
        one file, and not for a row of this file that was left out."""
        if self.source != Source.ONEROSTER or key in self.in_file:
            return None
        return self.standing.references.get(key)

    def begin(self, person: Person, role: Role, starts: date) -> None:
        self.plan.draft.add(RoleHolding(person=person, role=role, starts=starts))

    def refer(self, person: Person, row: PersonRow) -> None:
        """The source's own name for them, so that it finds them again."""
        known = self.standing.references.get(row.reference) if row.reference else None
        if row.reference and known is None:
            self.plan.draft.add(
                Reference(person=person, school=self.school, source=self.standing.source, value=row.reference)
            )
            self.standing.references[row.reference] = person

    def come_back(self, person: Person, role: Role) -> bool:
        """Somebody who left is there again, or gets this role for the first time. Whether they had left."""
        had_left = person.pk is not None and not self.standing.here(person)
        if had_left:
            self.plan.draft.change(person, left_on=None)
            self.plan.joined.append(person)
        holdings = [each for each in self.standing.holdings.get(person.pk, ()) if each.role == role]
        if any(each.ends is None or each.ends > self.on for each in holdings):
            return had_left
        if ended_today := next((each for each in holdings if each.ends == self.on), None):
            self.plan.draft.change(ended_today, ends=None)
        else:
            self.begin(person, role, self.on)
        return had_left


def _key(row: PersonRow) -> str:
    """Of a doubt: the same for the same row of the same file."""
    told = repr((WHAT[type(row)], row.key, row.reference, row.given_names, row.family_name, str(row.where)))
    return f"doubt:{blake2b(told.encode(), digest_size=12).hexdigest()}"
