"""A school's classes and who is in them, out of OneRoster's classes.csv and enrollments.csv.

A OneRoster “class” is any teaching group. Where a school marks its registration classes (classType homeroom), only
these are classes here: Year 5's French set is not where a pupil belongs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container
from datetime import date

from drystone.engine.roll import cells as cell
from drystone.engine.roll.cells import BadCell
from drystone.engine.roll.names import fold
from drystone.engine.roll.people import Faults, whom
from drystone.engine.roll.staging import Staged, Staging
from drystone.engine.roll.values import ClassRow, Membership, Scope

TEACHES = frozenset({"teacher", "aide"})
NEW_EXPORT = "Export all files together again"


class SchoolClasses:
    def __init__(self, staging: Staging, modes: dict[str, Scope], orgs: list[str], faults: Faults) -> None:
        self.staging, self.modes, self.orgs, self.faults = staging, modes, orgs, faults
        self.all = {row.key: row for org in orgs for row in staging.of_school("class", org)}
        homerooms = {key: row for key, row in self.all.items() if row.cells.get("classtype", "").lower() == "homeroom"}
        chosen = homerooms or self.all
        titles = Counter(fold(row.cells.get("title", "")) for row in chosen.values())
        self.rows = {key: self._row(row, titles) for key, row in chosen.items()}

    def _row(self, row: Staged, titles: Counter[str]) -> ClassRow:
        title = row.cells.get("title", "")
        name = title or row.cells.get("classcode", "") or row.key
        if titles[fold(title)] > 1 or not title:
            mark = f" ({row.cells.get('classcode', '') or row.key[-8:]})"
            name = name[: cell.LONGEST_CLASS - len(mark[: cell.LONGEST_CLASS // 2])] + mark[: cell.LONGEST_CLASS // 2]
        if len(name) > cell.LONGEST_CLASS:
            shorter = name[: cell.LONGEST_CLASS - 1] + "…"
            self.faults.remark(row.where, f"The class {cell.shown(name)} has a long name, and is called “{shorter}”")
            name = shorter
        return ClassRow(
            where=row.where,
            key=row.key,
            reference=row.key,
            name=name,
            year_group=self._year(row),
            gone="gone" in row.cells,
        )

    def _year(self, row: Staged) -> int | None:
        """The youngest of its years; a class of secondary pupils has none."""
        years = []
        for part in row.cells.get("grades", "").split(","):
            try:
                year = cell.year_group(part.strip())
            except BadCell as bad:
                self.faults.remark(row.where, bad.what)
                continue
            if year is not None:
                years.append(year)
        return min(years, default=None)

    def memberships(
        self, *, pupils: Container[str], staff: Container[str], users: Container[str]
    ) -> tuple[Membership, ...]:
        """`users`: all of whom this school's rows say a role, refused ones too."""
        whole = self.modes["enrollments"] is Scope.FULL
        places: dict[str, list[Membership]] = defaultdict(list)
        teaching: dict[tuple[str, str], Membership] = {}
        for org in self.orgs:
            for row in self.staging.of_school("enrolment", org):
                role = row.cells.get("role", "").lower()
                if not (made := self._membership(row, role, users)):
                    continue
                if made.teaches and (not whole or made.person in staff):
                    teaching[made.person, made.school_class] = made
                elif role == "student" and (not whole or made.person in pupils):
                    places[made.person].append(made)
        chosen = [one for some in places.values() for one in (self._one(some) if whole else some)]
        return (*chosen, *teaching.values())

    def _membership(self, row: Staged, role: str, users: Container[str]) -> Membership | None:
        """None if it is none of ours, or refused."""
        told = row.cells
        room = told.get("classsourcedid", "")
        about = whom({"reference": row.key})
        if not row.key or not room:
            self.faults.refuse(row.where, "The enrolment does not say who or which class", NEW_EXPORT, about)
            return None
        if role != "student" and role not in TEACHES:
            return None
        if self.modes["classes"] is Scope.FULL and room not in self.all:
            what = f"The class {cell.shown(room)} does not exist in classes.csv"
            self.faults.refuse(row.where, what, NEW_EXPORT, about)
            return None
        if room in self.all and room not in self.rows:
            return None  # a teaching group
        if self.modes["users"] is Scope.FULL and row.key not in users:
            what = f"The user {cell.shown(row.key)} is not one of this school in users.csv"
            self.faults.refuse(row.where, what, NEW_EXPORT, about)
            return None
        try:
            return Membership(
                where=row.where,
                person=row.key,
                school_class=room,
                teaches=role in TEACHES,
                starts=cell.day(told.get("begindate", ""), "begin date"),
                ends=cell.day(told.get("enddate", ""), "end date"),
                gone="gone" in told,
            )
        except BadCell as bad:
            self.faults.refuse(row.where, bad.what, bad.todo, about)
            return None

    def _one(self, some: list[Membership]) -> list[Membership]:
        """A pupil has one class: the one without an end, and of these the latest begun."""
        best = max(some, key=lambda one: (one.ends is None, one.ends or date.min, one.starts or date.min))
        if len(some) > 1:
            name = self.rows[best.school_class].name if best.school_class in self.rows else best.school_class
            self.faults.remark(best.where, f"The pupil {best.person} is in {len(some)} classes; “{name}” is taken")
        return [best]
