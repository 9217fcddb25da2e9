"""Writes rules as a rules file, in the shape of the guide: one table a line, keys in the order of the schema, what is
left to its default left out. Written by hand and not by PyYAML, so that the file reads as a person would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from drystone.engine.filtering.rules import Category, Group, Person, Rule, Rules, Zone
from drystone.engine.filtering.rules_values import Network, say_days, say_minute
from drystone.engine.filtering.schedule import EVERY_DAY, MIDNIGHT, Calendar, Day, Period, Schedule, Span
from drystone.engine.filtering.words import Access, Match, YouTube

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*|\d{4}-\d\d-\d\d", re.ASCII)
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def write_rules(rules: Rules) -> str:
    school = {"name": _text(rules.school.name), "slug": _text(rules.school.slug), "timezone": _text(rules.timezone)}
    parts = [f"school: {_table(school)}\n"]
    if rules.categories is not None:
        parts.append(_named("categories", ((key, _category(c)) for key, c in rules.categories.items())))
    parts.append(_named("groups", ((key, _group(group)) for key, group in rules.groups.items())))
    parts.append(_calendar(rules.calendar))
    parts.append(_named("zones", ((key, _zone(zone)) for key, zone in rules.zones.items())))
    if rules.everyone_else:
        parts.append(f"everyone_else: {_table({'group': _text(rules.everyone_else)})}\n")
    if rules.people:
        parts.append(_named("people", ((key, _person(person)) for key, person in rules.people.items())))
    if rules.schedules:
        parts.append(_named("schedules", ((key, _schedule(schedule)) for key, schedule in rules.schedules.items())))
    if rules.help:
        parts.append(f"help: {_list(map(_text, rules.help))}\n")
    parts.append("rules:\n" if rules.rules else "rules: []\n")
    parts.extend(f"  - {_rule(rule)}\n" for rule in rules.rules)
    return "".join(parts)


def _category(category: Category) -> dict[str, str]:
    return {
        "title": _text(category.title),
        "lists": _list(map(_text, category.lists)),
        "mandatory": _flag(category.mandatory),
        "redirect": _text(category.redirect),
    }


def _group(group: Group) -> dict[str, str]:
    return {
        "name": _text(group.title),
        "default": group.default,
        "safe_search": _flag(group.safe_search),
        "youtube": "" if group.youtube is YouTube.OFF else group.youtube,
        "access": _access(group.access),
        "match": "" if group.match is Match.ANY else group.match,
        "redirect": _text(group.redirect),
    }


def _zone(zone: Zone) -> dict[str, str]:
    return {
        "name": _text(zone.title),
        "addresses": _list(_text(_network(network)) for network in zone.addresses),
        "group": _text(zone.group),
        "require_person": _flag(zone.require_person),
    }


def _network(network: Network) -> str:
    return str(network[0]) if network.prefixlen == network.max_prefixlen else str(network)


def _person(person: Person) -> dict[str, str]:
    zones = {_text(zone): _text(group) for zone, group in person.zones.items()}
    return {
        "group": _text(person.group),
        "access": _access(person.access),
        "zones": _table(zones) if zones else "",
    }


def _calendar(calendar: Calendar) -> str:
    spans = {"terms": _spans(calendar.terms), "holidays": _spans(calendar.holidays)}
    return f"calendar: {_table(spans)}\n" if calendar.terms or calendar.holidays else ""


def _spans(spans: tuple[Span, ...]) -> str:
    return _list(f"[{first}, {last}]" for first, last in spans) if spans else ""


def _schedule(schedule: Schedule) -> dict[str, str] | str:
    periods = [_period(period) for period in schedule.periods]
    return periods[0] if len(periods) == 1 else _list(_table(period) for period in periods)


def _period(period: Period) -> dict[str, str]:
    keys = {
        "days": "" if period.days == EVERY_DAY else _text(say_days(period.days)),
        "dates": _list(map(_dates, period.dates)) if period.dates else "",
        "from": f'"{say_minute(period.start)}"' if period.start else "",
        "to": f'"{say_minute(period.end)}"' if period.end != MIDNIGHT else "",
        "in": period.within,
        "when": _list(map(_text, period.when)) if period.when else "",
        "outside": _list(map(_text, period.outside)) if period.outside else "",
    }
    return keys if any(keys.values()) else {"days": "mon-sun"}


def _dates(dates: Span | Day) -> str:
    return _text(str(dates)) if isinstance(dates, Day) else f"[{dates[0]}, {dates[1]}]"


def _rule(rule: Rule) -> str:
    return _table(
        {
            "id": _text(rule.id),
            "level": rule.level,
            "group": _text(rule.group),
            "zone": _text(rule.zone),
            "person": _text(rule.person),
            rule.action: _text(str(rule.target)),
            "locked": _flag(rule.locked),
            "when": _text(rule.when),
            "outside": _text(rule.outside),
            "until": rule.until.isoformat() if rule.until else "",
            "redirect": _text(rule.redirect),
            "reason": _text(rule.reason),
            "by": _text(rule.by),
        }
    )


def _named(key: str, entries: Iterable[tuple[str, dict[str, str] | str]]) -> str:
    lines = [f"  {_text(name)}: {entry if isinstance(entry, str) else _table(entry)}\n" for name, entry in entries]
    return f"{key}:\n{''.join(lines)}" if lines else f"{key}: {{}}\n"


def _table(entries: dict[str, str]) -> str:
    """What is "" is left out."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items() if value) + "}"


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(values) + "]"


def _flag(flag: bool) -> str:
    return "true" if flag else ""


def _access(access: Access) -> str:
    return "" if access is Access.OPEN else access


def _text(text: str) -> str:
    """Bare where any YAML reader takes it for text (or a date), else quoted; JSON's quoting is YAML's as well."""
    if not text or (_BARE.fullmatch(text) and text.lower() not in _WORDS_OF_YAML):
        return text
    return json.dumps(text, ensure_ascii=False)
