"""Every key of the rules file, in one table: the reader refuses what is not here, the writer writes nothing else,
and a test fails if the guide (docs/guide/rules-file.md) leaves one out.

A table of our own and not JSON Schema: the reader says "line 14: group ks2: 'defualt' is not a key of a group; did
you mean 'default'?", which a general validator cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the shape its value has, and whether its table must have it."""

    name: str
    shape: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file, and its keys."""

    name: str
    keys: tuple[Key, ...]

    def has(self, key: str) -> bool:
        return any(key == known.name for known in self.keys)

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys)


_FLAG = "true or false"
_ACCESS = "open, none or suspended"
_PAGE = "the address of a page"
_SPANS = "a list of [first day, last day]"

FILE = Section(
    "rules file",
    (
        Key("school", "a table"),
        Key("categories", "a table of categories"),
        Key("groups", "a table of groups", required=True),
        Key("calendar", "a table"),
        Key("zones", "a table of zones"),
        Key("everyone_else", "a table"),
        Key("people", "a table of people"),
        Key("schedules", "a table of schedules"),
        Key("help", "a list of hosts"),
        Key("rules", "a list of rules"),
    ),
)
SCHOOL = Section("school", (Key("name", "text"), Key("slug", "lower-case text"), Key("timezone", "a time zone")))
CATEGORY = Section(
    "category",
    (
        Key("title", "text"),
        Key("lists", "a list of folders below LISTS"),
        Key("mandatory", _FLAG),
        Key("redirect", _PAGE),
    ),
)
GROUP = Section(
    "group",
    (
        Key("name", "text"),
        Key("default", "allow or block", required=True),
        Key("safe_search", _FLAG),
        Key("youtube", "strict, moderate or off"),
        Key("access", _ACCESS),
        Key("match", "any or first"),
        Key("redirect", _PAGE),
    ),
)
CALENDAR = Section("calendar", (Key("terms", _SPANS), Key("holidays", _SPANS)))
ZONE = Section(
    "zone",
    (
        Key("name", "text"),
        Key("addresses", "a list of address ranges", required=True),
        Key("group", "a group", required=True),
        Key("require_person", _FLAG),
    ),
)
EVERYONE_ELSE = Section("everyone_else", (Key("group", "a group", required=True),))
PERSON = Section(
    "person",
    (Key("group", "a group", required=True), Key("access", _ACCESS), Key("zones", "a table, zone: group")),
)
SCHEDULE = Section(
    "schedule",
    (
        Key("days", "days, as mon-fri or mon,wed"),
        Key("dates", 'dates, as 2026-12-24 or "*-12-25"'),
        Key("from", "a time, as 12:00"),
        Key("to", "a time, as 13:00"),
        Key("in", "term or holiday"),
        Key("when", "schedules above this one"),
        Key("outside", "schedules above this one"),
    ),
)
RULE = Section(
    "rule",
    (
        Key("id", "a name"),
        Key("level", "global, school, group, zone or person", required=True),
        Key("group", "a group"),
        Key("zone", "a zone"),
        Key("person", "a sign-on name"),
        Key("block", "a target"),
        Key("allow", "a target"),
        Key("locked", _FLAG),
        Key("when", "a schedule"),
        Key("outside", "a schedule"),
        Key("until", "a day, as 2027-01-31"),
        Key("redirect", _PAGE),
        Key("reason", "text", required=True),
        Key("by", "text", required=True),
    ),
)

SECTIONS = MappingProxyType(
    {
        section.name: section
        for section in (
            FILE,
            SCHOOL,
            CATEGORY,
            GROUP,
            CALENDAR,
            ZONE,
            EVERYONE_ELSE,
            PERSON,
            SCHEDULE,
            RULE,
        )
    }
)


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """How to mend a misspelt word: the nearest known one, or all of them where they are few."""
    if near := get_close_matches(word, known, n=1):
        return f"did you mean '{near[0]}'?"
    if not known:
        return "there are none yet"
    if len(known) <= 12:
        return f"there are: {', '.join(known)}"
    return "look at the spelling"
