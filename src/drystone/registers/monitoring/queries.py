"""The lake, asked as the Traffic page asks, and its answers in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from drystone.engine.eventlog import Event
from drystone.engine.eventlog.event import to_ms
from drystone.engine.filtering.request import Level
from drystone.engine.spreadsheet import safe_cell
from drystone.registers.monitoring.forms import ACTIONS
from drystone.registers.network import api as network
from drystone.registers.school.lake import lake as lake
from drystone.registers.school.models import Person, School
from drystone.registers.signon import api as signon
from drystone.registers.signon.api import Had
from drystone.registers.unblock import api as unblock

if TYPE_CHECKING:
    from drystone.engine.eventlog.questions import Filters, Place

PER_PAGE = 50
DEEPEST = 200  # pages: nobody turns so many; who wants older events narrows the time
WINDOWS = (1, 7, 31)  # days looked at first: the newest page is mostly of today, and a day is one folder of the lake
TIMES = {"since", "until"}
HIDDEN = "Not recorded: a help site"
LEVELS = {
    "mandatory": "Blocked for everyone, by law and duty",
    "help": "Help, always open",
    "access": "Access of the person or place",
    "global": "All schools",
    "school": "School",
    "group": "Group",
    "zone": "Zone",
    "person": "Person",
    "profile": "Profile: no rule spoke",
    "gateway": "The gateway itself",
}
FIXED_RULES = {
    "mandatory": "On a list that must be blocked",
    "help": "A site that gives help",
    "default": "No rule is about it; the profile decides",
    "unreadable": "The address could not be read",
    "no-bundle": "Nothing was published yet",
    "sign-on": "Nobody has signed on, and the place asks for a name",
    "gateway:sign-on": "A name was asked for: none was given, or a wrong password",
    "gateway:address": "An address of the school’s own network, or Drystone itself",
    "gateway:port": "A port that is not for web pages",
    "gateway:sni": "The site inside the connection is not the one asked for",
    "gateway:refused": "Squid refused it: an address or a port that is not for web pages",
    "gateway:unreadable": "The request could not be read",
    "gateway:undecided": "The filter could not decide, so it stayed closed",
    "gateway:no-evidence": "The decision could not be logged, so it stayed closed",
}
_CSV = {
    "at": "Time", "gateway": "Gateway", "zone": "Zone", "client": "Address", "device": "Device", "person": "Person",
    "group": "Group", "method": "Method", "host": "Site", "path": "Page", "search": "Search", "action": "Decision",
    "category": "Category", "rule": "Rule", "level": "Level", "edition": "Edition", "bytes": "Bytes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the page shows it. `person` None: not known; `hidden`: a visit to help, of which nothing is kept.
    `place` is where it stands in the lake."""

    event: Event
    place: Place
    time: str
    zone: str
    group: str
    person: Person | None
    action: str
    category: str
    level: str
    reason: str
    device: str = ""
    later: str = ""  # who had the address by the record of sign-ons, where the event itself names nobody we know

    @property
    def hidden(self) -> bool:
        return self.event.level == Level.HELP

    @property
    def replayed(self) -> tuple[int, str, int]:
        """What the page that decides it again is asked by."""
        at, segment, offset = self.place
        return to_ms(at), segment, offset

    @property
    def rule_number(self) -> int | None:
        """Of a rule that somebody made; None where the house itself decided (help, mandatory, the profile)."""
        return network.rule_number(self.event.rule)

    @property
    def grant_number(self) -> int | None:
        """Of what was opened for a time, where that decided."""
        return unblock.grant_number(self.event.rule)


@dataclass(frozen=True, slots=True)
class Words:
    """Plain words for what events hold in keys."""

    zones: dict[str, str]
    groups: dict[str, str]
    categories: dict[str, str]
    people: dict[str, Person]
    clock: ZoneInfo
    devices: dict[str, str]
    named: bool  # whether the reader may see who it was
    hidden: frozenset[int] = frozenset()  # children of whom they are told nothing

    def row(self, event: Event, place: Place, reasons: dict[str, str], had: dict[tuple[str, datetime], Had]) -> Row:
        return Row(
            event,
            place,
            _to_the_second(event.at.astimezone(self.clock)),
            self.zones.get(event.zone, event.zone),
            self.groups.get(event.group, event.group),
            self.people.get(event.person),
            ACTIONS.get(event.action, event.action),  # type: ignore[call-overload]
            self.categories.get(event.category, event.category),
            LEVELS.get(event.level, event.level),
            reasons.get(event.rule) or FIXED_RULES.get(event.rule, ""),
            self.devices.get(event.device, event.device),
            had[event.client, event.at].name if (event.client, event.at) in had else "",
        )

    def had(self, school: School, events: list[Event]) -> dict[tuple[str, datetime], Had]:
        """P62: who had the addresses of those that name nobody, by sign-ons that were told later."""
        if not self.named:
            return {}
        nameless = [event for event in events if event.client and event.person not in self.people]
        had = signon.who_had(school, ((event.client, event.at) for event in nameless))
        return {at: each for at, each in had.items() if not each.person or each.person.pk not in self.hidden}


def page(school: School, filters: Filters, number: int, words: Words) -> tuple[list[Row], int]:
    """The rows of a page, newest first, and how many events there are in all."""
    if filters.keys() - TIMES:
        events, total = _found(school, filters, number)
    else:
        total = lake().count(school.slug, **filters)
        events = _newest(school, filters, number, total) if total else []
    rules = {event.rule for event, _ in events}
    reasons = network.reasons_of(school, rules) | unblock.reasons_of(school, rules)
    had = words.had(school, [event for event, _ in events])
    return [words.row(event, place, reasons, had) for event, place in events], total


def _found(school: School, filters: Filters, number: int) -> tuple[list[tuple[Event, Place]], int]:
    """A page of those that a search found. What it found may be old and far between: one search through all events
    tells how many there are and how far back the page reaches."""
    total, since = lake().reach(school.slug, number * PER_PAGE, **filters)
    if since is None:
        return [], 0
    filters = filters | {"since": since}
    return lake().placed(school.slug, limit=PER_PAGE, offset=(number - 1) * PER_PAGE, **filters), total


def _newest(school: School, filters: Filters, number: int, total: int) -> list[tuple[Event, Place]]:
    """A page of the newest events. A window that gives a whole page gives the right one, since all that is left out
    is older; so days are only sorted through where there is need."""
    offset = (number - 1) * PER_PAGE
    wanted = min(PER_PAGE, max(0, total - offset))
    end = filters.get("until") or datetime.now(UTC)
    for days in WINDOWS:
        since = end - timedelta(days=days)
        asked = filters.get("since")
        if asked and asked >= since:
            break
        found = lake().placed(school.slug, limit=PER_PAGE, offset=offset, **(filters | {"since": since}))
        if len(found) >= wanted:
            return found
    return lake().placed(school.slug, limit=PER_PAGE, offset=offset, **filters)


def pages_of(total: int) -> int:
    return min(max(1, -(-total // PER_PAGE)), DEEPEST)


def csv_rows(school: School, filters: Filters, words: Words) -> Iterator[str]:
    """The lake's own export, with names and words put in place of keys and the school's time in place of UTC."""
    columns: list[str] = []
    for piece in lake().export_csv(school.slug, **filters):
        out = io.StringIO()
        writer = csv.writer(out)
        for cells in csv.reader(io.StringIO(piece)):
            if not columns:
                columns = cells
                writer.writerow([_CSV.get(name, name.capitalize()) for name in columns])
                continue
            writer.writerow([safe_cell(text) for text in _in_words(dict(zip(columns, cells, strict=True)), words)])
        yield out.getvalue()


def _in_words(cells: dict[str, str], words: Words) -> list[str]:
    person = words.people.get(cells["person"])
    known: dict[str, Any] = {
        "at": datetime.fromisoformat(cells["at"]).astimezone(words.clock).isoformat(" ", "milliseconds"),
        "zone": words.zones.get(cells["zone"], cells["zone"]),
        "group": words.groups.get(cells["group"], cells["group"]),
        "person": person.name if person else cells["person"],
        "device": words.devices.get(cells["device"], cells["device"]),
        "action": ACTIONS.get(cells["action"], cells["action"]),  # type: ignore[call-overload]
        "category": words.categories.get(cells["category"], cells["category"]),
        "level": LEVELS.get(cells["level"], cells["level"]),
    }
    return [str(known.get(name, value)) for name, value in cells.items()]


def quick_ranges(now: datetime) -> list[tuple[str, str, datetime]]:
    """(key, words, beginning) in the school's time, which `now` is in."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        ("hour", "Last hour", now - timedelta(hours=1)),
        ("today", "Today", midnight),
        ("week", "This week", midnight - timedelta(days=now.weekday())),
    ]


def _to_the_second(local: datetime) -> str:
    """`23 Nov 2026, 2:04:02pm`: as on other pages, and short, for a narrow column."""
    return f"{local.day} {local:%b %Y}, {local.hour % 12 or 12}:{local:%M:%S}{'am' if local.hour < 12 else 'pm'}"
