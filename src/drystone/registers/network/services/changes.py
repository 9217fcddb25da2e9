"""What a draft says, sentence by sentence, and how it differs from what is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from drystone.engine.filtering import rules as engine
from drystone.engine.filtering.sources import Source
from drystone.registers.network.catalog import all_sources, catalog
from drystone.registers.network.models import Profile, Publication
from drystone.registers.network.services.draft import Draft, draft
from drystone.registers.network.words import describe
from drystone.registers.school.models import School

Content = dict[str, dict[str, str]]  # section → key → sentence

SECTIONS = {
    "rules": "rule",
    "groups": "profile",
    "zones": "zone",
    "schedules": "schedule",
    "calendar": "calendar",
    "people": "people",
    "help": "site that is always open",
    "categories": "category",
    "lists": "list",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `what` is added, changed or taken out."""

    section: str
    what: str
    text: str
    before: str = ""

    def __str__(self) -> str:
        head = {"added": "New", "changed": "Changed", "taken out": "Taken out"}[self.what]
        before = f" (before: {self.before})" if self.before else ""
        return f"{head} {SECTIONS[self.section]}: {self.text}{before}"


def content_of(drafted: Draft) -> Content:
    """Every fact of a draft under a stable key, in words that a co-ordinator reads."""
    rules, known = drafted.rules, catalog()
    return {
        "rules": {row.key: f"{describe(row, known)}. {row.reason}" for row in drafted.rows.values()},
        "groups": {key: _group(group, drafted.profiles[key]) for key, group in rules.groups.items()},
        "zones": {key: _zone(zone, rules) for key, zone in rules.zones.items()},
        "schedules": {key: f"{row.name}, {row.in_words}" for key, row in drafted.schedules.items()},
        "calendar": {"calendar": _calendar(rules.calendar)},
        "people": {"people": _people(rules)},
        "help": {host: host for host in rules.help},
        "categories": {
            key: f"{category.label}, from {', '.join(category.lists)}"
            for key, category in (rules.categories or {}).items()
        },
        "lists": {source.name: _source(source) for source in all_sources()[0]},
    }


def differences(before: Mapping[str, Mapping[str, str]], after: Content) -> list[Change]:
    """Additions first, then changes, then what goes; in the order of the sections."""
    found = []
    for section in SECTIONS:
        old, new = before.get(section, {}), after.get(section, {})
        found += [Change(section, "added", text) for key, text in new.items() if key not in old]
        found += [
            Change(section, "changed", text, old[key]) for key, text in new.items() if key in old and old[key] != text
        ]
        found += [Change(section, "taken out", text) for key, text in old.items() if key not in new]
    return found


def current_publication(school: School) -> Publication | None:
    """Without the whole rules file, which has a line for everybody: who needs that reads it by `rules`."""
    return Publication.objects.filter(school=school, is_current=True).defer("rules").first()


def is_published(school: School) -> bool:
    return Publication.objects.filter(school=school, is_current=True).exists()


def pending_changes(school: School) -> list[Change]:
    """What publishing now would change, whoever changed it: rules here, a zone or the calendar in the school's
    register, a list by its update. Empty when everything is in force; everything when nothing ever was."""
    current = current_publication(school)
    return differences(current.content if current else {}, content_of(draft(school)))


def _group(group: engine.Group, profile: Profile) -> str:
    reach = "everything that is not blocked" if group.default == engine.Default.ALLOW else "only what a rule allows"
    safe = "safe search on" if group.safe_search else "safe search off"
    images = "image search on" if profile.image_search else "image search off"
    ways = "ways round the filter open" if profile.ways_round else "ways round the filter closed"
    return f"{group.label} reaches {reach}, {safe}, {images}, YouTube {group.youtube}, {ways}"


def _zone(zone: engine.Zone, rules: engine.Rules) -> str:
    addresses = ", ".join(str(network) for network in zone.addresses)
    sign_on = ", nobody without signing on" if zone.require_person else ""
    return f"{zone.label}, {addresses}, filtered as {rules.groups[zone.group].label}{sign_on}"


def _calendar(calendar: engine.Calendar) -> str:
    terms = ", ".join(map(_span, calendar.terms)) or "none"
    holidays = ", ".join(map(_span, calendar.holidays)) or "none"
    return f"terms {terms}; half terms and closed days {holidays}; time of {calendar.timezone}"


def _span(span: tuple[date, date]) -> str:
    first, last = (f"{day.day} {day:%b %Y}" for day in span)
    return first if first == last else f"{first} to {last}"


def _source(source: Source) -> str:
    """The digest tells two editions of one name apart."""
    return f"{source.name}, edition {source.edition.partition(' (')[0]} ({source.sha256[:8]})"


def _people(rules: engine.Rules) -> str:
    """People are many and private: their number, and a mark that changes when any of them does."""
    lines = sorted(f"{person.name} {person.group} {person.access}" for person in rules.people.values())
    mark = sha256("\n".join(lines).encode()).hexdigest()[:8]
    return f"{len(lines)} people with a sign-on name (mark {mark})"
