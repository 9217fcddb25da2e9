"""What the headings of a school's export mean: a first guess, by their words and by what stands under them.

The words are those of the usual British databases (ScholarPack, Arbor, SIMS, Bromcom) and of people who keep lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from drystone.engine.roll.cells import NUMBERS, is_email
from drystone.engine.roll.mapping import DATES, FIELDS, GUARDIAN_PARTS, GUARDIANS, About, DateOrder, Mapping
from drystone.engine.roll.names import fold
from drystone.engine.roll.upn import SHAPE

NAMES: dict[str, tuple[str, ...]] = {
    "upn": ("upn", "unique pupil number", "upn number", "pupil upn"),
    "reference": (
        "admission number", "adno", "adm no", "admission no", "pupil id", "student id", "person id", "mis id",
        "arbor student id", "pupil reference", "student number", "pupil number", "id", "reference", "roll number",
        "staff code", "staff id", "employee number", "employee id", "payroll number", "initials", "external id",
    ),
    "family_name": (
        "surname", "family name", "last name", "lastname", "legal surname", "legal last name", "legal family name",
        "pupil surname", "student surname", "student last name", "pupil last name",
    ),
    "given_names": (
        "forename", "first name", "firstname", "given name", "given names", "forenames", "legal forename",
        "legal first name", "pupil forename", "student forename", "student first name", "pupil first name",
    ),
    "full_name": (
        "name", "full name", "pupil name", "student name", "pupil", "student", "legal full name", "staff name",
        "display name", "legal name", "child", "child name", "childs name", "employee", "staff member",
    ),
    "preferred_name": (
        "preferred forename", "preferred first name", "preferred name", "known as", "chosen name",
        "preferred given name",         "chosen forename", "chosen first name",
    ),
    "date_of_birth": ("date of birth", "dob", "birth date", "birthdate", "birthday", "d o b", "pupil date of birth"),
    "year_group": (
        "year group", "year", "nc year", "national curriculum year", "ncy", "year taught in", "curriculum year", "yr",
        "actual nc year", "nc year actual", "yeargroup",
    ),
    "class_name": (
        "class", "registration form", "reg form", "registration group", "reg group", "form", "class name",
        "tutor group",         "form name", "registration class", "reg", "classes", "class taught",
    ),
    "email": (
        "email", "e mail", "email address", "pupil email", "student email", "work email", "school email",
        "primary email", "e mail address", "main email",
    ),
    "telephone": ("telephone", "phone", "mobile", "phone number", "telephone number", "work phone", "mobile number"),
    "sign_on": (
        "username", "user name", "login", "network username", "user id", "network login", "sign on", "sign on name",
        "logon", "network user name",
    ),
    "joined_on": (
        "admission date", "date of admission", "enrolment date", "entry date", "start date", "date of entry",
        "enrolment start date", "joined", "date joined", "doa",
    ),
    "left_on": ("leaving date", "date of leaving", "end date", "date left", "leave date", "dol", "enrolment end date"),
    "school": ("school", "school name", "dfe number", "school dfe number", "establishment", "laestab", "dfes number"),
    "role": ("role", "post", "job title", "position", "job", "staff role", "main role", "contract post"),
}  # fmt: skip
PARTS: dict[str, tuple[str, ...]] = {
    "full_name": ("", "name", "full name", "details", "contact name", "legal full name"),
    "family_name": ("surname", "last name", "family name", "legal last name"),
    "given_names": ("forename", "first name", "given name", "given names", "forenames", "legal first name"),
    "relationship": (
        "relationship", "relation", "relationship to pupil", "relationship to student", "relationship to child",
    ),
    "email": ("email", "e mail", "email address", "primary email", "e mail address", "main email", "home email"),
    "telephone": (
        "telephone", "phone", "mobile", "phone number", "telephone number", "mobile number", "home phone",
        "main telephone", "main phone", "mobile phone", "tel", "home telephone",
    ),
    "parental_responsibility": ("parental responsibility", "pr", "has parental responsibility", "responsibility"),
}  # fmt: skip
WHO = r"(?:priority )?(?:parent guardian|parental contact|emergency contact|contact|parent|guardian|carer|parent carer)"
NUMBERED = re.compile(rf"(?:{WHO} ?(\d)|(\d) {WHO}|{WHO} priority (\d)|priority (\d)(?: {WHO})?)(?: (.*))?")
ORDINALS = {
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "first": "1",
    "second": "2",
    "third": "3",
    "primary": "1",
    "secondary": "2",
}
ORDINAL = re.compile(rf"({'|'.join(ORDINALS)}) (?={WHO})")
KINSHIP = re.compile(r"(mother|mum|father|dad)(?:s)? ?(.*)")
PARENTS = {"mother": "1", "mum": "1", "father": "2", "dad": "2"}
BARE = re.compile(rf"{WHO}(?: (.*))?")
STAFF_WORDS = frozenset(
    {"role", "job title", "post", "position", "staff code", "staff name", "employee number", "staff id"}
)
MEANS = {name: key for key, names in NAMES.items() for name in names}
PART_MEANS = {name: key for key, names in PARTS.items() for name in names}
PART_KEYS = frozenset(part.key for part in GUARDIAN_PARTS)


def meaning(heading: str, about: About) -> str:
    """The field that a heading's words name; empty if none."""
    words = fold(heading)
    key = MEANS.get(words, "")
    if not key and about is About.PUPILS:
        key = guardian_field(words)
    return key if key in {item.key for item in FIELDS[about]} else ""


def guardian_field(words: str) -> str:
    words = ORDINAL.sub(lambda found: ORDINALS[found[1]] + " ", words)
    if found := NUMBERED.fullmatch(words):
        number, rest = next(filter(None, found.groups()[:4])), found[5] or ""
    elif found := KINSHIP.fullmatch(words):
        number, rest = PARENTS[found[1]], found[2]
    elif (found := BARE.fullmatch(words)) and found[1]:
        number, rest = "1", found[1]
    else:
        return ""
    part = PART_MEANS.get(rest, "")
    return f"guardian_{number}_{part}" if part and 1 <= int(number) <= GUARDIANS else ""


def guess(headings: Sequence[str], rows: Iterable[Sequence[str]] = (), sheet: str = "") -> Mapping:
    """The likeliest mapping. `rows` are some of the rows below, for what the headings do not say."""
    some = [list(row) for row in rows]
    about = guess_about(headings)
    columns: dict[str, str] = {}
    for heading in headings:
        key = meaning(heading, about)
        if key and key not in columns.values() and heading not in columns:
            columns[heading] = key
    if about is About.PUPILS and "upn" not in columns.values():
        for index, heading in enumerate(headings):
            if heading and heading not in columns and mostly_upns(row[index] for row in some if index < len(row)):
                columns[heading] = "upn"
                break
    dates = [index for index, heading in enumerate(headings) if columns.get(heading) in DATES]
    order = guess_order(row[index] for row in some for index in dates if index < len(row))
    return Mapping(columns=columns, about=about, dates=order, sheet=sheet)


def guess_about(headings: Iterable[str]) -> About:
    words = {fold(heading) for heading in headings}
    pupils = words & {*NAMES["upn"], *NAMES["date_of_birth"], *NAMES["year_group"]}
    return About.STAFF if words & STAFF_WORDS and not pupils else About.PUPILS


def mostly_upns(cells: Iterable[str]) -> bool:
    told = [cell for cell in cells if cell]
    return bool(told) and sum(SHAPE.fullmatch(cell.upper()) is not None for cell in told) >= 0.8 * len(told)


def guess_order(cells: Iterable[str]) -> DateOrder:
    """American only where the file says so: a second number above 12, and never a first one."""
    found = [match for cell in cells if (match := NUMBERS.fullmatch(cell))]
    american = any(int(match[2]) > 12 for match in found) and not any(int(match[1]) > 12 for match in found)
    return DateOrder.MONTH_FIRST if american else DateOrder.DAY_FIRST


def recognised(row: Sequence[str]) -> int:
    """How many cells of a row look like headings; the first row of an export may be a title."""
    return sum(bool(meaning(cell, About.PUPILS) or meaning(cell, About.STAFF)) for cell in row if not is_email(cell))
