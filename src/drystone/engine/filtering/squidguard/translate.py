"""From a squidGuard.conf to rules that answer as squidGuard does: a group for each list of sources that may speak for
somebody, with its pass lines as rules of that group, read in order (`match: first`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules import (
    Calendar,
    Category,
    Default,
    Group,
    Match,
    Person,
    Rule,
    RuleAction,
    Rules,
    Schedule,
    School,
    Target,
    TargetKind,
    Zone,
)
from drystone.engine.filtering.rules_values import read_redirect
from drystone.engine.filtering.schedule import Period
from drystone.engine.filtering.squidguard.acls import ADDRESSES, ALL, DEFAULT, NONE, Acls, Step, When, dropped_allows
from drystone.engine.filtering.squidguard.conf import Conf, Source, Word
from drystone.engine.filtering.squidguard.report import ImportReport, Kind
from drystone.engine.filtering.squidguard.sources import Roster
from drystone.engine.filtering.squidguard.times import schedule_of
from drystone.engine.filtering.words import Anything

BY = "squidGuard.conf"
_ODD = re.compile(r"[^A-Za-z0-9_.+-]+")
_LONGEST = 64
_OF_DIRECTORY = ("ldapusersearch", "ldapipsearch", "userquery", "execuserlist")
_TOKEN = re.compile(r"%([a-zA-Z%]?)")
_KNOWN_TOKENS = frozenset("anistupf%q")


class Names:
    """Names of the conf as names of a rules file: other letters become _, and no two are alike."""

    def __init__(self, longest: int = _LONGEST) -> None:
        self._longest = longest
        self._keys: dict[tuple[str, ...], str] = {}
        self._taken: set[str] = set()

    def key(self, *names: str) -> str:
        if names not in self._keys:
            plain = _ODD.sub("_", "+".join(names)).lstrip("_.+-")[: self._longest] or "x"
            key, number = plain, 2
            while key in self._taken:
                key, number = f"{plain[: self._longest - 5]}-{number}", number + 1
            self._taken.add(key)
            self._keys[names] = key
        return self._keys[names]


@dataclass(slots=True)
class Translation:
    conf: Conf
    report: ImportReport
    timezone: str
    school: str
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)  # destination -> lists; without: it is left out
    categories: dict[str, Category] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    _names: dict[str, Names] = field(default_factory=dict)
    _limits: dict[When, tuple[str, str]] = field(default_factory=dict)
    _group_of: dict[tuple[int, ...], str] = field(default_factory=dict)

    def translate(self) -> Rules:
        never = self._times()
        acls = Acls(self.conf, never, self.report)
        self._categories()
        roster = Roster([source for source in self.conf.sources.values() if self._can_speak(source)])
        default = self._places_and_people(acls, roster)
        return Rules(
            school=School(self.school),
            calendar=Calendar(self.timezone),
            categories=self.categories,
            groups=self.groups,
            zones=self.zones,
            everyone_else=default,
            people=self.people,
            schedules=self.schedules,
            rules=tuple(self.rules),
        )

    def category_key(self, destination: str) -> str:
        return self._key("category", destination)

    def _key(self, kind: str, *names: str) -> str:
        longest = _LONGEST - len("-12345") if kind == "rule" else _LONGEST
        return self._names.setdefault(kind, Names(longest)).key(*names)

    def _note(self, kind: Kind, word: Word | None, what: str, message: str) -> None:
        self.report.add(kind, word, what, message)

    def _times(self) -> frozenset[str]:
        """Times that never hold; the others become schedules."""
        never = set()
        for name, time in self.conf.times.items():
            key, what = self._key("schedule", name), f"time {name}"
            schedule = schedule_of(time, key, partial(self._odd_time, what))
            if schedule is None:
                never.add(name)
                self._note(Kind.SAME, time.name, what, "never holds, in squidGuard and here")
            else:
                self.schedules[key] = schedule
        return frozenset(never)

    def _odd_time(self, what: str, word: Word, message: str) -> None:
        self._note(Kind.SAME, word, what, message)

    def _categories(self) -> None:
        for name, destination in self.conf.destinations.items():
            if name not in self.folders:
                continue
            key = self.category_key(name)
            page = self._page(destination.redirect, f"dest {name}")
            if _with_token(page, "s", "") != page or (key != name and _with_token(page, "t", "") != page):
                page = ""  # it is another one for each source: rules have it
            self.categories[key] = Category(key, self.folders[name], title=name if key != name else "", redirect=page)

    def _can_speak(self, source: Source) -> bool:
        """Whether anybody can come from there."""
        what = f"src {source.name.text}"
        for odd in source.odd:
            message = f"{odd.text}: with a netmask the address must be that of the network, else it fits nobody"
            self._note(Kind.SAME, odd.word, what, message)
        if source.domains:
            names = ", ".join(word.text for word in source.domains)
            message = f"domain {names}: clients are known by their addresses here; add the addresses to the zones"
            self._note(Kind.LOST, source.domains[0], what, message)
            return False
        if source.users is None and any(left.word.text in _OF_DIRECTORY for left in source.left):
            return False
        if source.addresses is None and source.users is None:
            self._note(Kind.SAME, source.name, what, "names nobody; squidGuard left it out, and so does this")
            return False
        if source.goes_on and dropped_allows(self.conf.acls, source):
            message = "continue: what its pass line lets through may still be blocked by the next source, as here; but "
            message += "a site that it both lets through and blocks is blocked"
            self._note(Kind.STRICTER, source.goes_on, what, message)
        return True

    # -- who

    def _places_and_people(self, acls: Acls, roster: Roster) -> str:
        """Zones, groups and people, and the group of everybody else."""
        pieces = roster.pieces()
        zone_of = {}
        for piece in pieces:
            zone = zone_of[piece] = self._key("zone", *(roster.sources[number].name.text for number in piece.sources))
            group = self._group(acls, roster, roster.candidates(piece.sources))
            self.zones[zone] = Zone(zone, piece.networks, group)
        default = self._group(acls, roster, roster.candidates(()))
        alike: dict[frozenset[int], tuple[str, dict[str, str]]] = {}
        for user in roster.users:
            likeness = roster.likeness(user)
            if likeness not in alike:
                here = self._group(acls, roster, roster.candidates((), user))
                groups = {
                    zone_of[piece]: self._group(acls, roster, roster.candidates(piece.sources, user))
                    for piece in pieces
                }
                alike[likeness] = here, groups
            self._person(user, *alike[likeness], default)
        return default

    def _person(self, user: str, elsewhere: str, groups: Mapping[str, str], default: str) -> None:
        if elsewhere == default and all(self.zones[zone].group == group for zone, group in groups.items()):
            return
        name = sign_on_name(user)
        if not name or len(name) > 256 or not name.isprintable():
            self._note(Kind.LOST, None, f"user {user[:40]}", "is no name that anybody can sign on with; left out")
            return
        others = {zone: group for zone, group in groups.items() if group != elsewhere}
        self.people[name] = Person(name, elsewhere, zones=others)

    def _group(self, acls: Acls, roster: Roster, numbers: tuple[int, ...]) -> str:
        if numbers in self._group_of:
            return self._group_of[numbers]
        sources = [roster.sources[number] for number in numbers]
        key = self._key("group", *([source.name.text for source in sources] or [DEFAULT]))
        self._group_of[numbers] = key
        rules = [rule for step in acls.steps(sources) if (rule := self._rule(step, key))]
        pages = Counter(rule.redirect for rule in rules if rule.redirect and not self._category_page(rule))
        usual = pages.most_common(1)[0][0] if pages else ""
        self.groups[key] = Group(key, Default.BLOCK, match=Match.FIRST, redirect=usual)
        for number, rule in enumerate(rules, 1):
            found = self._category_page(rule) or usual  # without a page of the rule's own
            page = "" if rule.redirect == found else rule.redirect
            self.rules.append(replace(rule, id=f"{self._key('rule', key)}-{number}", redirect=page))
        return key

    # -- what

    def _category_page(self, rule: Rule) -> str:
        return self.categories[rule.target.value].redirect if rule.target.kind is TargetKind.CATEGORY else ""

    def _rule(self, step: Step, group: str) -> Rule | None:
        target = self._target(step)
        if target is None:
            return None
        when, outside = self._limits_of(step.when)
        page = "" if step.allowed else self._page_of(step, group, target)
        return Rule(
            id="",
            level=Level.GROUP,
            action=RuleAction.ALLOW if step.allowed else RuleAction.BLOCK,
            target=target,
            reason=f"pass {'' if step.allowed or step.text == NONE else '!'}{step.text} for {step.source}",
            by=BY,
            group=group,
            when=when,
            outside=outside,
            redirect=page,
        )

    def _target(self, step: Step) -> Target | None:
        name = step.text
        if step.name is None or name in (*ALL, NONE):
            if step.name is None and step.allowed:
                message = "ends without all or none; squidGuard lets through what it does not name, and so does this"
                self._note(Kind.SAME, None, f"acl {step.source}", message)
            return Target(TargetKind.ANY, str(Anything.SITE))
        if name == ADDRESSES:
            return Target(TargetKind.ANY, str(Anything.ADDRESS))
        if name not in self.conf.destinations:
            message = f"{name}: lists are not asked for by DNS here; fetch one as a list"
            self._note(Kind.LOST, step.name, f"acl {step.source}", message)
            return None
        if name not in self.folders:
            return None
        return Target(TargetKind.CATEGORY, self.category_key(name))

    def _limits_of(self, when: When) -> tuple[str, str]:
        """As `when` and `outside` of a rule; more than one of either becomes a schedule of its own."""
        if when not in self._limits:
            within = tuple(self._key("schedule", name) for name in sorted(when.within))
            outside = tuple(self._key("schedule", name) for name in sorted(when.outside))
            if len(within) <= 1 and len(outside) <= 1:
                self._limits[when] = "".join(within), "".join(outside)
            else:
                key = self._key("schedule", *within, "but", *outside) if outside else self._key("schedule", *within)
                self.schedules[key] = Schedule(key, (Period(when=within, outside=outside),))
                self._limits[when] = key, ""
        return self._limits[when]

    # -- the page in place of a blocked one

    def _page_of(self, step: Step, group: str, target: Target) -> str:
        """A destination's own page goes before the acl's."""
        destination = self.conf.destinations.get(step.text)
        word = (destination.redirect if destination else None) or step.page
        what = f"dest {step.text}" if destination and destination.redirect else f"acl {step.source}"
        if word is None:
            message = "blocks and names no page to lead to: squidGuard lets it through then, and this blocks it"
            self._note(Kind.STRICTER, step.name, f"acl {step.source}", message)
        said = target.value if target.kind is TargetKind.CATEGORY else {"site": NONE}.get(target.value, ADDRESSES)
        page = self._page(word, what)
        page = page if step.text == said else _with_token(page, "t", step.text)
        return page if step.source == group else _with_token(page, "s", step.source)

    def _page(self, word: Word | None, what: str) -> str:
        if word is None:
            return ""
        try:
            page = read_redirect(word.text)
        except ValueError:
            message = (
                f"redirect {word.text}: is not the address of a page here; the helper's --redirect goes in its place"
            )
            self._note(Kind.LOST, word, what, message)
            return ""
        odd = sorted({token for token in _TOKEN.findall(page) if token not in _KNOWN_TOKENS})
        if odd:
            tokens = ", ".join(f"%{token}" for token in odd)
            self._note(Kind.SAME, word, what, f"redirect has {tokens}, which stands for nothing and stays as it is")
        return page


def _with_token(page: str, letter: str, text: str) -> str:
    """The page with one of its tokens filled in."""
    plain = text.replace("%", "%%")
    return _TOKEN.sub(lambda found: plain if found[1] == letter else found[0], page)
