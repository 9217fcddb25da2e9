"""What a plan would do, told a line a person: the preview, and what stays of it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from drystone.engine.roll.names import fold
from drystone.engine.roll.years import year_name
from drystone.registers.roll.models import Line, Tab
from drystone.registers.school.models import Person
from drystone.registers.school.moments import day

TITLES = {
    "given_names": "Given names",
    "family_name": "Family name",
    "preferred_name": "Preferred name",
    "email": "E-mail address",
    "telephone": "Telephone",
    "sign_on": "Network sign-on name",
    "upn": "UPN",
    "date_of_birth": "Date of birth",
    "year_group": "Year",
    "joined_on": "Joined on",
    "left_on": "Last day",
}
AS_IN_FILE = (Tab.REFUSED, Tab.REMARK)


class Teller:
    """Collects lines. Whatever is told of one person comes to stand in one line, but for a move of class."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._of: dict[int, Line] = {}

    def new(self, person: Person, what: str, where: object, detail: str = "") -> None:
        self._of[id(person)] = self.tell(Tab.NEW, person.name, what, where=where, person=person, detail=detail)

    def differs(self, person: Person, what: str, where: object, title: str, old: Any, new: Any) -> None:
        """One difference, in words; added to what is told of this person already."""
        line = self._of.get(id(person))
        if line is None:
            line = self._of[id(person)] = self.tell(Tab.CHANGED, person.name, what, where=where, person=person)
        line.fields.append([title, in_words(title, old), in_words(title, new)])

    def tell(
        self,
        tab: Tab,
        name: str,
        what: str = "",
        *,
        where: object = "",
        person: Person | None = None,
        detail: str = "",
        fields: Sequence[Sequence[str]] = (),
        key: str = "",
        options: Sequence[Sequence[str]] = (),
    ) -> Line:
        line = Line(
            tab=tab,
            name=name[:210],
            what=what,
            where=str(where)[:120],
            person_id=person.pk if person else None,
            detail=detail,
            fields=[list(field) for field in fields],
            key=key,
            options=[list(option) for option in options],
        )
        self._lines.append(line)
        return line

    def lines(self) -> list[Line]:
        """Tab by tab, by name; what was refused as the file has it."""
        placed: Counter[str] = Counter()
        for line in self._lines:
            line.search = fold(line.name)
        order = sorted(self._lines, key=lambda line: "" if line.tab in AS_IN_FILE else line.search)
        for line in order:
            placed[line.tab] += 1
            line.position = placed[line.tab]
        return sorted(order, key=lambda line: (line.tab, line.position))

    def counts(self) -> dict[str, Any]:
        """{"new": 3, …, "of": {"new": {"pupil": 2, "guardian": 1}, …}}"""
        of: dict[str, Counter[str]] = {tab: Counter() for tab in Tab.values}
        for line in self._lines:
            of[line.tab][line.what] += 1
        return {tab: sum(found.values()) for tab, found in of.items()} | {
            "of": {tab: dict(sorted(found.items())) for tab, found in of.items() if found}
        }


def in_words(title: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, date):
        return day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return year_name(value) if title == TITLES["year_group"] and isinstance(value, int) else str(value)
