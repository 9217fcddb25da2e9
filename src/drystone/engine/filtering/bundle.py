"""A bundle: one edition of lists and rules, verified when it is opened, mapped into memory, never changed.

For a door to the network there are two ways to ask. `decide` takes a request and gives the whole decision. The hot
path takes the same steps apart, so that each is done once and its result kept:

    profile = bundle.profile_for(client, user, overlay, at)   # by client and user
    moment = bundle.moment(at)                                # an int; the same while the same rules hold
    verdict = bundle.verdict(host, path, profile, moment)     # by host, profile.number and moment

`path` may be given as "" where `bundle.path_matters(host)` is false: the answer is the same for every path. All
that is kept is bounded, and is forgotten with the bundle.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drystone.engine.filtering.excepted import not_meant
from drystone.engine.filtering.help import HELP_SITES, above
from drystone.engine.filtering.hosts import without_www
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.index import ExpressionIndex, SetIndex
from drystone.engine.filtering.overlay import EMPTY_OVERLAY, Overlay
from drystone.engine.filtering.policy import Policy, RuleMasks, bits
from drystone.engine.filtering.reasons import NO_OVERLAY
from drystone.engine.filtering.request import Action, Decision, Request
from drystone.engine.filtering.safesearch import ENGINES
from drystone.engine.filtering.who import Numbers, Profile, Roll

SCHEMA = 1
MANIFEST = "manifest.json"
FILES = ("policy.json", "sites.ids", "sites.trie", "urls.ids", "urls.trie")
KEPT = 100_000  # verdicts, and facts of hosts, before all are worked out afresh


class BundleError(Exception):
    """A bundle that cannot be used or made. One line."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision without who asked and for which host: one object serves many requests."""

    action: Action
    reason: str
    category: str = ""
    rule: str = ""
    level: str = ""
    list: str = ""
    safe_host: str = ""
    redirect: str = ""  # the page in place of a blocked one, where a rule, its category or the group names one
    target: str = ""  # what %t in it stands for


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lists and the rules say of one host or URL. `sets` are the lists that name it, the least specific
    entry first; masks are of rules (`RuleMasks`) and of lists (bit i is `policy.lists[i]`)."""

    rules: int = 0
    lists: int = 0
    sets: tuple[int, ...] = ()
    help: bool = False
    paths: bool = False  # whether another path could be answered otherwise
    engine: bool = False  # a search engine, which may have a safe host of its own


class Bundle:
    """Open with `Bundle.open`. Safe to share between threads: what is kept are plain dictionaries."""

    def __init__(self, folder: Path, manifest: dict[str, Any], policy: Policy, key: bytes) -> None:
        self.folder = folder
        self.manifest: Mapping[str, Any] = MappingProxyType(manifest)
        self.policy = policy
        self.masks = RuleMasks(policy.rules)
        self.edition: str = manifest["edition"]
        self.school = policy.school
        self.school_name = policy.school_name
        self.timezone = policy.timetable.calendar.timezone
        self.categories = {category.key: category.title for category in policy.categories}
        self.groups = policy.groups
        self.pages = {category.key: category.redirect for category in policy.categories if category.redirect}
        self.has_pages = bool(self.pages) or any(group.redirect for group in policy.groups.values())
        self.zones = policy.zones
        self.overlay_required: bool = manifest["overlay"] == "required"
        self._key = key
        self._help = frozenset((*HELP_SITES, *policy.help))
        self._named = self._help.union(self.masks.hosts, ENGINES)
        width = manifest["id_bytes"]
        self._sites = SetIndex(folder / "sites.trie", folder / "sites.ids", width)
        self._urls = SetIndex(folder / "urls.trie", folder / "urls.ids", width)
        self._masks_of_sets = [self._masks_of(numbers) for numbers in policy.sets]
        self.mandatory = 0
        for category in policy.categories:
            if category.mandatory:
                for number in category.lists:
                    self.mandatory |= 1 << number
        self._first_rule = len(policy.lists)
        self._expressions = self._index_expressions()
        self._matches = self._expressions.any if self._expressions else None
        self._facts: dict[str, Facts] = {}
        self._unlisted = Facts(rules=self.masks.always)  # most hosts: no list names them, no rule for a site does
        self._verdicts: dict[tuple[int, int, str, str], Verdict] = {}
        self._same: dict[Verdict, Verdict] = {}
        self._by_facts: dict[tuple[int, int, int], Verdict] = {}  # by the identity of one of _same_facts
        self._same_facts: dict[Facts, Facts] = {}  # most hosts are unlisted: one object says so for all
        self._numbers: Numbers = {}
        self._roll: Roll | None = None

    @classmethod
    def open(cls, path: Path, *, key: bytes | None = None) -> Bundle:
        """Verify every file by its hash and map the index. `path` is an edition's folder, or a link to one.

        `key` is the one that it was compiled with; None: the weak one of the school's slug. Raises BundleError.
        """
        folder = Path(os.path.realpath(path))  # what `current` means now, whatever it means later
        manifest = read_manifest(folder)
        key = key or school_key(manifest["school"])
        if key_id(key) != manifest["key"]:
            raise BundleError(f"{path}: was made with another person key; give the key file of this house")
        try:
            _verify_files(folder, manifest["files"])
            policy = Policy.from_json(json.loads((folder / "policy.json").read_bytes()))
            return cls(folder, manifest, policy, key)
        except OSError as error:
            raise BundleError(f"{path}: cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise BundleError(f"{path}: is damaged ({type(error).__name__}: {error})") from error

    def decide(self, request: Request, overlay: Overlay | None = None) -> Decision:
        from drystone.engine.filtering.decision import decide

        return decide(request, self, overlay)

    def profile_for(
        self, client: str, user: str, overlay: Overlay | None, at: datetime, *, shut: str = "", door: str = ""
    ) -> Profile:
        """The profile of who asks; kept by client, user and `door`, the zone whose own door the client came by. Without
        an overlay that the bundle demands, or with a reason in `shut`, the profile is barred from all but help."""
        return self._roll_under(overlay, shut).profile(client, user, at, door)

    def profiles_stand(self, overlay: Overlay | None, at: datetime, *, shut: str = "") -> tuple[float, float]:
        """From when, up to but not including when, everybody's profile is what it is at this time; in seconds."""
        return self._roll_under(overlay, shut).window(at.timestamp())

    def zone_of(self, client: str) -> str:
        """The zone that an address is in, or ""."""
        return self._roll_under(EMPTY_OVERLAY, "").zone_of(client)

    def profile_as(self, *, zone: str, person: str, at: datetime, overlay: Overlay | None, group: str = "") -> Profile:
        """The profile of a person's key in a zone, with no address to go by: for questions afterwards. Neither is
        kept. `group` "" is worked out from the two. Raises KeyError for a zone or group that the edition has not."""
        return self._roll_under(overlay, "").of(zone=zone, person=person, at=at, group=group)

    def _roll_under(self, overlay: Overlay | None, shut: str) -> Roll:
        if overlay is None and self.overlay_required:
            shut = shut or NO_OVERLAY
        roll = self._roll
        if roll is None or roll.overlay is not overlay or roll.shut != shut:
            roll = self._roll = Roll(self.policy, self.masks, self._key, overlay, shut, self._numbers)
        return roll

    def moment(self, at: datetime) -> int:
        """A mask of the rules that hold at this time by their schedules and ends."""
        return self.masks.holding_while(self.policy.timetable.mask(at))

    def verdict(self, host: str, path: str, profile: Profile, moment: int) -> Verdict:
        """The decision for canonical host and path. Kept, whatever the path where that does not matter."""
        facts = self._facts.get(host) or self.facts(host)
        if profile.permits and profile.permits.on(host, path):
            return self._verdict_of_one(host, path, profile, moment)
        if facts.paths or facts.engine or not host or (self._matches and self._matches(host, path)):
            return self._verdict_of_one(host, path if facts.paths or self._matches else "", profile, moment)
        # All that counts now is what lists and rules say of the host, and that is one of few things for nearly all.
        alike = (profile.number, moment, id(facts))
        verdict = self._by_facts.get(alike)
        if verdict is None:
            if len(self._by_facts) >= KEPT:
                self._by_facts = {}
            verdict = self._by_facts[alike] = self._verdict_of_one(host, "", profile, moment)
        return verdict

    def _verdict_of_one(self, host: str, path: str, profile: Profile, moment: int) -> Verdict:
        """The same, kept for this host and path alone."""
        kept = (profile.number, moment, host, path)
        verdict = self._verdicts.get(kept)
        if verdict is None:
            from drystone.engine.filtering.decision import judge

            if len(self._verdicts) >= KEPT:
                self._verdicts, self._same = {}, {}
            verdict = judge(self, host, path, profile, moment)
            verdict = self._verdicts[kept] = self._same.setdefault(verdict, verdict)  # few differ; hosts are many
        return verdict

    @property
    def expressions(self) -> tuple[str, ...]:
        """Every expression that can have a say."""
        return self._expressions.patterns

    def path_matters(self, host: str) -> bool:
        """Whether requests to this host may be answered differently for different paths. Of permits the profile
        knows (`Permits.has_paths`)."""
        return bool(self._expressions) or self.facts(host).paths

    def facts(self, host: str) -> Facts:
        """What lists and rules say of the host, whatever the path; without expressions."""
        facts = self._facts.get(host)
        if facts is None:
            if len(self._facts) >= KEPT:
                self._facts, self._same_facts, self._by_facts = {}, {}, {}
            facts = self._look_up(host)
            if facts is not self._unlisted:
                facts = self._same_facts.setdefault(facts, facts)
            self._facts[host] = facts
        return facts

    def facts_of_url(self, host: str, path: str) -> Facts:
        """What they say of host and path, with URL entries and expressions. `path` "" is one that is not visible."""
        known = self.facts(host)
        rules, lists, sets = known.rules, known.lists, list(known.sets)
        if path and known.paths:
            rules |= self.masks.on_url(host, path)
            sets += self._urls.urls(host, path)
        for owner in self._expressions.owners(host, path):
            if owner < self._first_rule:
                rules |= self._rules_on_list(owner)
                lists |= 1 << owner
            else:
                rules |= 1 << (owner - self._first_rule)
        for number in sets[len(known.sets) :]:
            of_lists, of_rules = self._masks_of_sets[number]
            lists, rules = lists | of_lists, rules | of_rules
        return Facts(rules, lists, tuple(sets), known.help, known.paths)

    def is_help(self, host: str) -> bool:
        """Whether this very host is a site of help; what lies below one is asked for by `help.above`."""
        return host in self._help

    def listings(self, host: str, path: str) -> list[tuple[str, int]]:
        """(entry, list) for each entry of a list that covers host and path; the entry "" is an expression."""
        names = [(name, number) for name in reversed(above(host)) for number in self._sites.entry(name)]
        names += self._urls.url_entries(host, path)
        meant = self.facts_of_url(host, path).lists
        found = [(entry, each) for entry, number in names for each in self.policy.sets[number] if meant >> each & 1]
        return found + [("", owner) for owner in self._expressions.owners(host, path) if owner < self._first_rule]

    def reach(self, rule: int, host: str, path: str) -> int:
        """How far the expression of rule number `rule` reaches into the path."""
        return self._expressions.reach(self._first_rule + rule, host, path)

    def category_of(self, facts: Facts, wanted: str = "") -> tuple[str, str, str]:
        """(category, its title, list) that speaks for these facts: of the category wanted, or the most specific."""
        numbers = [number for each in reversed(facts.sets) for number in self.policy.sets[each]]
        numbers = [number for number in numbers if facts.lists >> number & 1]  # without what is excepted
        numbers += [number for number in range(len(self.policy.lists)) if facts.lists >> number & 1]
        for number in numbers:
            for category in self.policy.categories:
                if number in category.lists and (not wanted or category.key == wanted):
                    return category.key, category.title, self.policy.lists[number]
        return "", "", ""

    def mandatory_category(self, facts: Facts) -> tuple[str, str, str]:
        """(category, its title, list) of the mandatory list that names this."""
        for category in self.policy.categories:
            for number in category.lists if category.mandatory else ():
                if facts.lists >> number & 1:
                    return category.key, category.title, self.policy.lists[number]
        return "", "", ""

    def _look_up(self, host: str) -> Facts:
        names, sets, paths = above(host), self._sites.hosts(host), self.masks.has_paths(host)
        named = not self._named.isdisjoint(names)
        # One look tells for nearly all hosts that no URL entry is about them.
        in_urls = self._urls.begins_any(without_www(host))
        anything = self.masks.on_anything(host)
        if not (sets or named or paths or in_urls):
            return self._unlisted if anything == self._unlisted.rules else Facts(rules=anything)
        if in_urls:
            sets += self._urls.urls(host, "")  # entries that name no path
            paths = paths or self._urls.has_paths(host)
        rules, lists = self.masks.on_host(names) | anything, 0
        for number in sets:
            of_lists, of_rules = self._masks_of_sets[number]
            lists, rules = lists | of_lists, rules | of_rules
        if lists and self.policy.exceptions:
            lists &= ~not_meant(names, self.policy.exceptions, self._sites, self._masks_of_sets)
            rules = self.masks.on_host(names) | anything
            for number in bits(lists):
                rules |= self._rules_on_list(number)
        helps = not self._help.isdisjoint(names)
        return Facts(rules, lists, tuple(sets), helps, paths, host in ENGINES)

    def _index_expressions(self) -> ExpressionIndex:
        """Owners are lists by their number, then rules by theirs. Expressions of lists that decide nothing are left
        out: with any at all each path of each host must be looked at."""
        first = self._first_rule
        of_lists = [
            (number, pattern)
            for number, pattern in self.policy.expressions
            if self._rules_on_list(number) or self.mandatory >> number & 1
        ]
        rules = enumerate(self.policy.rules)
        return ExpressionIndex([*of_lists, *((first + n, rule.expression) for n, rule in rules if rule.expression)])

    def _masks_of(self, numbers: tuple[int, ...]) -> tuple[int, int]:
        lists = rules = 0
        for number in numbers:
            lists |= 1 << number
            rules |= self._rules_on_list(number)
        return lists, rules

    def _rules_on_list(self, number: int) -> int:
        mask = 0
        for category in self.policy.categories:
            if number in category.lists:
                mask |= self.masks.by_category.get(category.key, 0)
        return mask


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an edition, its own hash checked. Raises BundleError."""
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}); compile a bundle first") from error
    try:
        manifest: dict[str, Any] = json.loads(raw)
        if manifest["schema"] != SCHEMA:
            raise BundleError(f"{path}: is of format {manifest['schema']!r}, and this version reads {SCHEMA}")
        content = {name: value for name, value in manifest.items() if name != "edition"}
        # One comparison covers a truncated file, a flipped bit and an edit by hand alike.
        if manifest_bytes(content) != raw or set(manifest["files"]) != set(FILES):
            raise ValueError("it is not what was written")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{path}: is damaged ({error}); compile the bundle again") from error
    return manifest


def manifest_bytes(content: dict[str, Any]) -> bytes:
    """The one way to write a manifest of this content: its edition is the beginning of its hash."""
    edition = sha256(_json(content)).hexdigest()[:16]
    return _json({**content, "edition": edition}) + b"\n"


def key_id(key: bytes) -> str:
    """Says which key made a bundle, and nothing about the key."""
    return sha256(b"drystone key id\x00" + key).hexdigest()[:16]


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1).encode()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _verify_files(folder: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, known in files.items():
        path = folder / name
        if path.stat().st_size != known["bytes"] or digest(path) != known["sha256"]:
            raise BundleError(f"{path}: is not what was compiled (its hash does not agree); compile the bundle again")
