"""Reads the rules file (architecture: "Rules file"). Everything wrong in it is found in one go and told with its line;
nothing is guessed, and a file with one fault is refused whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

from drystone.engine.filtering import rules_schema as schema
from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.rules import Category, Group, Person, Problem, Rules, RulesError, School, Zone
from drystone.engine.filtering.rules_fields import Fields, check_name
from drystone.engine.filtering.rules_read_rule import Known, read_rule_list
from drystone.engine.filtering.rules_read_time import read_calendar, read_schedules, read_timezone
from drystone.engine.filtering.rules_values import Network, read_help_host, read_networks, tidy
from drystone.engine.filtering.rules_yaml import Complain, Node, Text, read_yaml
from drystone.engine.filtering.schedule import DEFAULT_TIMEZONE
from drystone.engine.filtering.words import Access, Default, Match, YouTube

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LONGEST_NAME = 256  # characters of a sign-on name
_RESERVED_SLUGS = ("here",)  # bundles/here is the link to this machine's own school


def read_rules(text: str, *, source: str) -> Rules:
    """The rules of a file's text. Raises RulesError with every problem."""
    problems: list[Problem] = []

    def complain(line: int, message: str) -> None:
        problems.append(Problem(line, message))

    rules = _file(read_yaml(text, source=source, complain=complain), source, complain)
    if problems:
        raise RulesError(source, *problems)
    return rules


def _file(root: Node, source: str, complain: Complain) -> Rules:
    file = Fields(root, schema.FILE, "", complain)
    school, timezone = _school(file, complain)
    calendar = read_calendar(file, timezone, complain)
    categories = _categories(file, complain)
    groups = _groups(file, complain)
    zones = _zones(file, groups, complain)
    people = _people(file, groups, zones, complain)
    schedules = read_schedules(file, calendar, complain)
    known = Known(
        mandatory=frozenset(key for key, category in (categories or {}).items() if category.mandatory),
        groups=tuple(groups),
        zones=tuple(zones),
        people=frozenset(people),
        schedules=tuple(schedules),
    )
    return Rules(
        school=school,
        calendar=calendar,
        categories=categories,
        groups=groups,
        zones=zones,
        everyone_else=_everyone_else(file, groups, complain),
        people=people,
        schedules=schedules,
        rules=read_rule_list(file, known, complain),
        help=_help(file),
        source=source,
    )


def _school(file: Fields, complain: Complain) -> tuple[School, str]:
    """The school and its time zone. Left out, it is a school in England without a name."""
    node = file.node("school")
    if node is None:
        return School(), DEFAULT_TIMEZONE
    fields = Fields(node, schema.SCHOOL, "school", complain)
    name = fields.text("name", School().name)
    slug = fields.text("slug") or slug_of(name)
    if not _SLUG.fullmatch(slug) or slug in _RESERVED_SLUGS:
        message = f"slug '{slug}' cannot name the school's folder; use lower-case letters, digits and -, and not 'here'"
        fields.complain(fields.line_of("slug"), message)
    return School(name=name, slug=slug), read_timezone(fields)


def slug_of(name: str) -> str:
    """`St Mary's, Fellside` as a folder's name: st-marys-fellside."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-") or School().slug


def _categories(file: Fields, complain: Complain) -> dict[str, Category] | None:
    if not file.has("categories"):
        return None
    categories: dict[str, Category] = {}
    for key, (line, node) in file.named("categories").items():
        fields = Fields(node, schema.CATEGORY, f"category {key}", complain, line=line)
        check_name(fields, key, line, "category")
        lists = tuple(dict.fromkeys(_list_folder(fields, text, at) for text, at in fields.texts("lists"))) or (key,)
        title, mandatory = fields.text("title"), fields.flag("mandatory")
        categories[key] = Category(
            key, lists, title=title, mandatory=mandatory, redirect=fields.page("redirect"), line=line
        )
    return categories


def _list_folder(fields: Fields, text: str, line: int) -> str:
    """A folder below LISTS, and never above it."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not path.parts:
        fields.complain(line, f"list '{text}' is not a folder below LISTS; write it as gambling or ut1/gambling")
    return str(path)


def _groups(file: Fields, complain: Complain) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for key, (line, node) in file.named("groups").items():
        fields = Fields(node, schema.GROUP, f"group {key}", complain, line=line)
        check_name(fields, key, line, "group")
        groups[key] = Group(
            key=key,
            default=fields.word("default", Default, Default.BLOCK),
            title=fields.text("name"),
            safe_search=fields.flag("safe_search"),
            youtube=fields.word("youtube", YouTube, YouTube.OFF),
            access=fields.word("access", Access, Access.OPEN),
            match=fields.word("match", Match, Match.ANY),
            redirect=fields.page("redirect"),
            line=line,
        )
    return groups


def _zones(file: Fields, groups: Mapping[str, Group], complain: Complain) -> dict[str, Zone]:
    zones: dict[str, Zone] = {}
    for key, (line, node) in file.named("zones").items():
        fields = Fields(node, schema.ZONE, f"zone {key}", complain, line=line)
        check_name(fields, key, line, "zone")
        zones[key] = Zone(
            key=key,
            addresses=_addresses(fields),
            group=fields.name_of("group", groups, "groups"),
            title=fields.text("name"),
            require_person=fields.flag("require_person"),
            line=line,
        )
    _refuse_overlaps(zones, complain)
    return zones


def _addresses(fields: Fields) -> tuple[Network, ...]:
    networks: list[Network] = []
    texts = fields.texts("addresses")
    for text, line in texts:
        try:
            networks.extend(read_networks(text))
        except ValueError as error:
            fields.complain(line, str(error))
    if fields.has("addresses") and not texts:
        fields.complain(fields.line_of("addresses"), "addresses is empty; write [10.1.0.0/16] or leave the zone out")
    return tidy(networks)


def _refuse_overlaps(zones: Mapping[str, Zone], complain: Complain) -> None:
    """An address belongs to one zone, else the order of a file would decide what a child may see."""
    ranges = sorted(
        (
            (network.version, int(network[0]), int(network[-1]), str(network), zone)
            for zone in zones.values()
            for network in zone.addresses
        ),
        key=lambda found: (found[:3], found[4].line),
    )
    told: set[tuple[str, str]] = set()
    widest = None
    for found in ranges:
        version, first, last, text, zone = found
        if widest is not None and widest[0] == version and first <= widest[2] and widest[4].key != zone.key:
            other = widest[4]
            if (other.key, zone.key) not in told:
                told.add((other.key, zone.key))
                message = f"zone {zone.key}: {text} overlaps {widest[3]} of zone {other.key} (line {other.line})"
                complain(zone.line, f"{message}; an address belongs to one zone, so take it out of one of them")
        if widest is None or widest[0] != version or last > widest[2]:
            widest = found


def _everyone_else(file: Fields, groups: Mapping[str, Group], complain: Complain) -> str:
    node = file.node("everyone_else")
    if node is None:
        return ""
    return Fields(node, schema.EVERYONE_ELSE, "everyone_else", complain).name_of("group", groups, "groups")


def _people(
    file: Fields, groups: Mapping[str, Group], zones: Mapping[str, Zone], complain: Complain
) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for written, (line, node) in file.named("people").items():
        fields = Fields(node, schema.PERSON, f"person {written}", complain, line=line)
        name = sign_on_name(written)
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            fields.complain(line, "this is not a sign-on name; write it as it is typed at sign-on")
        if name in people:
            fields.complain(line, f"stands here a second time (first on line {people[name].line}); keep one")
        group = fields.name_of("group", groups, "groups")
        access = fields.word("access", Access, Access.OPEN)
        people[name] = Person(name, group, access, _groups_by_zone(fields, groups, zones), line=line)
    return people


def _groups_by_zone(fields: Fields, groups: Mapping[str, Group], zones: Mapping[str, Zone]) -> dict[str, str]:
    """The person's group in some zones instead."""
    found: dict[str, str] = {}
    for zone, (line, node) in fields.named("zones").items():
        if zone not in zones:
            fields.complain(line, f"zones: '{zone}' is not under zones; {schema.suggestion(zone, tuple(zones))}")
        group = node.value if isinstance(node, Text) else ""
        if group not in groups:
            fields.complain(line, f"zones: '{group}' is not under groups; {schema.suggestion(group, tuple(groups))}")
        found[zone] = group
    return found


def _help(file: Fields) -> tuple[str, ...]:
    hosts: list[str] = []
    for text, line in file.texts("help"):
        try:
            hosts.append(read_help_host(text))
        except ValueError as error:
            file.complain(line, f"help: {error}")
    return tuple(dict.fromkeys(hosts))
