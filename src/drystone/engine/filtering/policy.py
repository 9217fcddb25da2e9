"""Rules as a bundle holds them: in the order in which they speak, one bit each.

The order of the decision (steps 4 to 6) is worked out once, when the bundle is compiled: the rule at bit 0 speaks
before the rule at bit 1. For one request a few masks are ANDed (rules that name this site, that hold for this
profile, that hold at this minute) and the lowest bit left is the rule that decides. Two things cannot be ordered
beforehand and are looked at only when they occur: how far an expression reached, and a group that reads its
categories by `match: first`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from drystone.engine.filtering.hosts import without_www
from drystone.engine.filtering.lists import covers, url_entry
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.schedule import Timetable
from drystone.engine.filtering.words import Anything

SPEAKS = (Level.PERSON, Level.ZONE, Level.GROUP, Level.SCHOOL, Level.GLOBAL)  # the most specific level first


@dataclass(frozen=True, slots=True)
class BundleCategory:
    key: str
    title: str
    mandatory: bool
    lists: tuple[int, ...]
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class BundleGroup:
    key: str
    title: str
    default: str  # "allow" or "block"
    safe_search: bool
    youtube: str
    access: str
    match: str
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class BundleZone:
    key: str
    title: str
    group: str
    require_person: bool
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BundleRule:
    """`target` is as people read it. One of category, anything, expression or host is filled. `place` is where it
    stood in the rules file, `condition` its bit in the timetable. In the bundle, fields that are "" or False are left
    out."""

    id: str
    level: str
    target: str
    place: int
    condition: int
    block: bool = False
    reason: str = ""
    by: str = ""
    locked: bool = False
    group: str = ""
    zone: str = ""
    person: str = ""
    category: str = ""
    anything: str = ""  # "site" or "address"
    expression: str = ""
    host: str = ""
    path: str = ""
    redirect: str = ""

    @property
    def for_category(self) -> bool:
        """Or for anything, which is read among the categories: as SquidGuard's `all`, `none` and `in-addr` are."""
        return bool(self.category or self.anything)

    @property
    def stratum(self) -> tuple[bool, bool, int]:
        """Locked first, then sites before categories, then the most specific level: the lower speaks first."""
        return (not self.locked, self.for_category, SPEAKS.index(Level(self.level)))

    @property
    def precedence(self) -> tuple[Any, ...]:
        """Within a stratum the longer match wins (path, then host), then block before allow."""
        return (*self.stratum, -len(self.path), -len(self.host), not self.block, self.place)


@dataclass(slots=True)
class Policy:
    """Everything in a bundle but the index. `sets[id]` are the lists of one set id."""

    school: str
    school_name: str
    lists: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    expressions: tuple[tuple[int, str], ...]  # (list, pattern)
    categories: tuple[BundleCategory, ...]
    groups: dict[str, BundleGroup]
    zones: dict[str, BundleZone]
    everyone_else: str
    people: dict[str, tuple[str, str]]  # key of a person -> (group, access)
    help: tuple[str, ...]
    rules: tuple[BundleRule, ...]  # by precedence
    timetable: Timetable
    exceptions: dict[str, tuple[int, ...]] = field(default_factory=dict)  # host -> lists that do not mean it
    people_zones: dict[str, dict[str, str]] = field(default_factory=dict)  # key of a person -> zone -> group there

    def to_json(self) -> dict[str, Any]:
        return {
            "school": self.school,
            "school_name": self.school_name,
            "lists": self.lists,
            "sets": self.sets,
            "expressions": self.expressions,
            "categories": [asdict(category) for category in self.categories],
            "groups": [asdict(group) for group in self.groups.values()],
            "zones": [asdict(zone) for zone in self.zones.values()],
            "everyone_else": self.everyone_else,
            "people": self.people,
            "exceptions": self.exceptions,
            "people_zones": self.people_zones,
            "help": self.help,
            "rules": [_brief(asdict(rule)) for rule in self.rules],
            "timetable": self.timetable.to_json(),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Policy:
        """Raises ValueError (or KeyError, TypeError) for anything that to_json did not write."""
        categories = (BundleCategory(**{**each, "lists": tuple(each["lists"])}) for each in plain["categories"])
        zones = (BundleZone(**{**each, "addresses": tuple(each["addresses"])}) for each in plain["zones"])
        return cls(
            school=plain["school"],
            school_name=plain["school_name"],
            lists=tuple(plain["lists"]),
            sets=tuple(tuple(each) for each in plain["sets"]),
            expressions=tuple((number, pattern) for number, pattern in plain["expressions"]),
            categories=tuple(categories),
            groups={each["key"]: BundleGroup(**each) for each in plain["groups"]},
            zones={zone.key: zone for zone in zones},
            everyone_else=plain["everyone_else"],
            people={key: (group, access) for key, (group, access) in plain["people"].items()},
            help=tuple(plain["help"]),
            rules=tuple(BundleRule(**each) for each in plain["rules"]),
            timetable=Timetable.from_json(plain["timetable"]),
            exceptions={host: tuple(numbers) for host, numbers in plain.get("exceptions", {}).items()},
            people_zones={key: dict(zones) for key, zones in plain.get("people_zones", {}).items()},
        )


def _brief(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in rule.items()
        if key in ("place", "condition") or (value != "" and value is not False)
    }


class RuleMasks:
    """The rules of a policy as masks: bit i is `rules[i]`."""

    __slots__ = ("_by_condition", "_conditions", "_hosts", "_scopes", "_strata", "_urls", "always", "by_category",
                 "expressions", "file_order", "on_addresses", "rules")  # fmt: skip

    def __init__(self, rules: tuple[BundleRule, ...]) -> None:
        self.rules = rules
        self._hosts: dict[str, int] = {}
        self._urls: dict[str, list[tuple[str, int]]] = {}
        self._scopes: dict[str, dict[str, int]] = {"group": {}, "zone": {}, "person": {}}
        self._strata: dict[tuple[bool, bool, int], int] = {}
        self._by_condition: dict[int, int] = {}
        self._conditions: tuple[int, int] = (-1, 0)
        self.by_category: dict[str, int] = {}
        self.expressions = 0
        self.always = self.on_addresses = 0
        self.file_order = [rule.place for rule in rules]
        for number, rule in enumerate(rules):
            self._add(1 << number, rule)

    def _add(self, bit: int, rule: BundleRule) -> None:
        for scope, masks in self._scopes.items():
            _mark(masks, getattr(rule, scope), bit)
        _mark(self._strata, rule.stratum, bit)
        _mark(self._by_condition, rule.condition, bit)
        if rule.category:
            _mark(self.by_category, rule.category, bit)
        elif rule.anything == Anything.SITE:
            self.always |= bit
        elif rule.anything:
            self.on_addresses |= bit
        elif rule.expression:
            self.expressions |= bit
        elif rule.path:
            entry = url_entry(rule.host, rule.path)
            self._urls.setdefault(without_www(rule.host), []).append((entry, bit))
        else:
            _mark(self._hosts, rule.host, bit)

    @property
    def hosts(self) -> Iterable[str]:
        """Hosts that rules name, each with all below it; those of rules with a path apart."""
        return self._hosts.keys()

    def on_host(self, names: Iterable[str]) -> int:
        """Rules on any of these hosts: a host and the domains above it."""
        mask = 0
        for name in names:
            mask |= self._hosts.get(name, 0)
        return mask

    def on_anything(self, host: str) -> int:
        """Rules on every site, and on every address where the host is one."""
        if self.on_addresses and (":" in host or host.rpartition(".")[2].isdigit()):
            return self.always | self.on_addresses
        return self.always

    def on_url(self, host: str, path: str) -> int:
        entries = self._urls.get(without_www(host))
        if not entries:
            return 0
        text = url_entry(host, path)
        mask = 0
        for entry, bit in entries:
            if text.startswith(entry) and covers(entry, text):
                mask |= bit
        return mask

    def has_paths(self, host: str) -> bool:
        return bool(self._urls) and without_www(host) in self._urls

    def holding_for(self, *, group: str, zone: str, person: str) -> int:
        """Rules whose scope this profile is in."""
        mask = -1
        for scope, name in (("group", group), ("zone", zone), ("person", person)):
            masks = self._scopes[scope]
            mask &= masks.get("", 0) | (masks.get(name, 0) if name else 0)
        return mask

    def holding_while(self, conditions: int) -> int:
        """Rules that hold while these conditions of the timetable do."""
        known, mask = self._conditions
        if known != conditions:
            mask = 0
            for condition, bits in self._by_condition.items():
                if conditions >> condition & 1:
                    mask |= bits
            self._conditions = (conditions, mask)
        return mask

    def stratum(self, number: int) -> int:
        """All rules that speak at the same step and level as rule `number`."""
        return self._strata[self.rules[number].stratum]


def _mark(masks: dict[Any, int], key: Any, bit: int) -> None:
    masks[key] = masks.get(key, 0) | bit


def bits(mask: int) -> Iterable[int]:
    """Numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
