"""Single values as files write them: text, dates, year groups, yes and no.

A BadCell says what is wrong and what to do.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from drystone.engine.roll.mapping import DateOrder

LONGEST_NAME = 100
LONGEST_CLASS = 40
EXCEL_EPOCH = date(1899, 12, 30)  # its day 0; right for every day after its false 29 February 1900
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
NUMBERS = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})(?: 0?0:00(?::00)?)?")
WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ /.\-]([a-z]{3,9})[ /.\-,]+(\d{4}|\d{2})", re.IGNORECASE)
SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,180}\.[^@\s,;<>\".]{2,63}")
DFE_NUMBER = re.compile(r"([0-9]{3})[ /-]?([0-9]{4})")
SPACES = re.compile(r"\s+")
YEAR_WORDS = re.compile(r"(?:year|yr|y|nc year|primary)?\s*0*(\d{1,2})")
NURSERY = frozenset({"n", "n1", "n2", "e1", "e2", "-1", "nursery", "pre school", "preschool", "pk", "pr", "it", "tk"})
RECEPTION = frozenset({"r", "reception", "rec", "yr", "year r", "kg", "k", "foundation", "fs2"})
UNTOLD_YEARS = frozenset({"", "x", "not applicable", "other", "ug"})  # X: follows no national curriculum year
YES = frozenset({"y", "yes", "true", "1", "t"})
NO = frozenset({"n", "no", "false", "0", "f"})


class BadCell(ValueError):
    """A value that cannot be used: `what` is wrong and `todo` is what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}. {todo}.")
        self.what, self.todo = what, todo


def clean(text: str) -> str:
    """One line of composed Unicode, without control and direction characters, without spaces around or doubled."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    plain = "".join(" " if char.isspace() else char for char in text)
    seen = "".join(char for char in plain if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co"))
    return SPACES.sub(" ", unicodedata.normalize("NFC", seen)).strip()


def shown(text: str) -> str:
    """A value as a message quotes it."""
    return f"“{text}”" if len(text) <= 40 else f"“{text[:39]}…”"


def name(text: str, what: str) -> str:
    """A name that a person can have: apostrophes, hyphens, one letter and every alphabet are fine."""
    if not text:
        raise BadCell(f"The {what} is missing", "Add it in the school’s database and export again")
    if len(text) > LONGEST_NAME:
        raise BadCell(f"The {what} {shown(text)} is longer than {LONGEST_NAME} letters", "Is this the right column?")
    if not any(char.isalpha() for char in text):
        raise BadCell(f"The {what} {shown(text)} has no letter in it", "Is this the right column?")
    return text


def day(text: str, what: str, order: DateOrder = DateOrder.DAY_FIRST) -> date | None:
    """A date as databases and spreadsheets write it: 2016-09-03, 03/09/2016, 3 Sep 2016, Excel's 42616."""
    if not text:
        return None
    first = "day" if order is DateOrder.DAY_FIRST else "month"
    todo = f"Dates of this file are read {first} first; check this column in the school’s database, not in Excel"
    try:
        found = iso(text) or in_words(text) or in_numbers(text, order) or serial(text)
    except (ValueError, OverflowError):
        raise BadCell(f"The {what} {shown(text)} is no day of the calendar", todo) from None
    if found is None:
        if set(text) == {"#"}:
            raise BadCell(f"The {what} is {text}: the column was too narrow when it was exported", todo)
        raise BadCell(f"The {what} {shown(text)} cannot be read as a date", todo)
    if not 1900 <= found.year <= 2100:
        raise BadCell(f"The {what} {shown(text)} is in the year {found.year}", todo)
    return found


def iso(text: str) -> date | None:
    found = ISO.fullmatch(text)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def in_numbers(text: str, order: DateOrder) -> date | None:
    """Strictly in the file's order: where Excel has swapped day and month in some cells, those that show it are
    refused, so that somebody looks at the ones that do not."""
    found = NUMBERS.fullmatch(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[2]), whole_year(found[3])
    return date(year, second, first) if order is DateOrder.DAY_FIRST else date(year, first, second)


def in_words(text: str) -> date | None:
    found = WORDS.fullmatch(text)
    if not found or (month := found[2][:3].lower()) not in MONTHS:
        return None
    return date(whole_year(found[3]), MONTHS.index(month) + 1, int(found[1]))


def serial(text: str) -> date | None:
    """Excel's count of days, which is left where a cell lost its format."""
    found = SERIAL.fullmatch(text)
    return EXCEL_EPOCH + timedelta(days=int(found[1])) if found else None


def whole_year(text: str) -> int:
    """Two digits as Excel reads them: 30 and above are of the last century."""
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 30 else 1900)


def year_group(text: str) -> int | None:
    """-1 Nursery, 0 Reception, 1 to 6; None where the file says that there is none."""
    plain = SPACES.sub(" ", text.casefold().replace("-", " ") if text != "-1" else text).strip()
    if plain in UNTOLD_YEARS:
        return None
    if plain in NURSERY:
        return -1
    if plain in RECEPTION:
        return 0
    found = YEAR_WORDS.fullmatch(plain)
    if not found:
        raise BadCell(f"The year group {shown(text)} is not known", "Write Nursery, Reception or 1 to 6")
    if (number := int(found[1])) > 6:
        raise BadCell(f"Year {number} is not a year of a primary school", "Leave older pupils out of the export")
    return number


def flag(text: str) -> bool | None:
    """Yes, no, or not said."""
    plain = text.casefold()
    return True if plain in YES else False if plain in NO else None


def dfe_number(text: str) -> str:
    """A school's number as `9992001`, however it is written; empty if it is none."""
    found = DFE_NUMBER.fullmatch(text)
    return found[1] + found[2] if found else ""


def is_email(text: str) -> bool:
    return len(text) <= 254 and EMAIL.fullmatch(text) is not None and ".." not in text


def digits(telephone: str) -> str:
    """A telephone number to compare: its digits, +44 read as 0."""
    found = re.sub(r"\D", "", telephone)
    return "0" + found[2:] if found.startswith("44") and len(found) > 10 else found
