"""Which column of a table means what. A school maps its own export once, on screen; the mapping is remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

GUARDIANS = 4  # contacts that one row may bring


class About(Enum):
    """Whom the rows of a table are about."""

    PUPILS = "pupils"
    STAFF = "staff"


class DateOrder(Enum):
    """How to read a date that could be read two ways. A date that can be read one way only is read that way."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class BadMapping(ValueError):
    """A mapping that cannot work; the message is one line."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a column can mean."""

    key: str
    title: str


PUPIL_FIELDS = (
    Field("upn", "Unique pupil number (UPN)"),
    Field("reference", "Number or id in your own database (admission number)"),
    Field("family_name", "Family name"),
    Field("given_names", "Given names"),
    Field("full_name", "Whole name, in one column"),
    Field("preferred_name", "Preferred first name"),
    Field("date_of_birth", "Date of birth"),
    Field("year_group", "Year group"),
    Field("class_name", "Class"),
    Field("email", "E-mail address of the pupil"),
    Field("sign_on", "Network sign-on name of the pupil"),
    Field("joined_on", "Date of joining"),
    Field("left_on", "Date of leaving"),
    Field("school", "School (its DfE number or name), in a file of several schools"),
)
GUARDIAN_PARTS = (
    Field("full_name", "whole name"),
    Field("family_name", "family name"),
    Field("given_names", "given names"),
    Field("relationship", "relationship"),
    Field("email", "e-mail address"),
    Field("telephone", "telephone"),
    Field("parental_responsibility", "parental responsibility (yes or no)"),
)
GUARDIAN_FIELDS = tuple(
    Field(f"guardian_{number}_{part.key}", f"Contact {number}: {part.title}")
    for number in range(1, GUARDIANS + 1)
    for part in GUARDIAN_PARTS
)
STAFF_FIELDS = (
    Field("reference", "Number or id in your own database (staff code)"),
    Field("family_name", "Family name"),
    Field("given_names", "Given names"),
    Field("full_name", "Whole name, in one column"),
    Field("preferred_name", "Preferred first name"),
    Field("role", "Post or role"),
    Field("email", "E-mail address"),
    Field("telephone", "Telephone"),
    Field("sign_on", "Network sign-on name"),
    Field("class_name", "Class or classes taught"),
    Field("school", "School (its DfE number or name), in a file of several schools"),
)
FIELDS: Map[About, tuple[Field, ...]] = {
    About.PUPILS: PUPIL_FIELDS + GUARDIAN_FIELDS,
    About.STAFF: STAFF_FIELDS,
}
DATES = frozenset({"date_of_birth", "joined_on", "left_on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """`columns`: heading as written in the file, to the key of a field (`FIELDS`). Other columns are not read.

    `complete`: pupils (or staff) of the school who are not in the table are no longer there.
    """

    columns: Map[str, str]
    about: About = About.PUPILS
    complete: bool = True
    dates: DateOrder = DateOrder.DAY_FIRST
    sheet: str = ""  # of a workbook; empty: its first
    name: str = field(default="", compare=False)  # under which the school remembers it

    def fields(self) -> frozenset[str]:
        return frozenset(self.columns.values())

    def problems(self) -> tuple[str, ...]:
        """Why no table can be read with it; empty if one can."""
        known = {item.key for item in FIELDS[self.about]}
        told, found = Counter(self.columns.values()), []
        found += [f"“{heading}” is mapped to {key!r}, which is not a field of {self.about.value}"
                  for heading, key in self.columns.items() if key not in known]  # fmt: skip
        found += [f"More than one column is mapped to {key!r}" for key, times in told.items() if times > 1]
        if "full_name" not in told and not {"family_name", "given_names"} <= set(told):
            found.append("Say which columns hold the names: family name and given names, or the whole name")
        if self.about is About.PUPILS and not {"date_of_birth", "upn", "reference"} & set(told):
            found.append("Say which column tells one pupil from another: UPN, date of birth or your database’s number")
        return tuple(found)

    def as_dict(self) -> dict[str, object]:
        """For keeping as JSON; `from_dict` reads it back."""
        return {
            "columns": dict(self.columns),
            "about": self.about.value,
            "complete": self.complete,
            "dates": self.dates.value,
            "sheet": self.sheet,
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, kept: Map[str, object]) -> Self:
        """BadMapping if it is not one."""
        try:
            columns = {str(heading): str(key) for heading, key in dict(kept["columns"]).items()}  # type: ignore[call-overload]
            return cls(
                columns=columns,
                about=About(kept.get("about", About.PUPILS.value)),
                complete=bool(kept.get("complete", True)),
                dates=DateOrder(kept.get("dates", DateOrder.DAY_FIRST.value)),
                sheet=str(kept.get("sheet", "")),
                name=str(kept.get("name", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadMapping(f"This is not a mapping: {error}.") from None
