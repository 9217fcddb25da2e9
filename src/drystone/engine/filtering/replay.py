"""P35, P14: the traffic that was, decided by the edition in force and by another: what would open, what would close.

Ten million events are few questions: each kind of visit (host, path where it counts, kind of asker, what schedules
said) is decided once, and DuckDB counts. Compared are two editions, not an edition and the log: what was logged may
have been decided by an older one. Where the log says otherwise than the edition in force would, that is counted too.
Access (no agreement, suspended, switched off) hangs on no edition: events stopped by it are kept apart, and permits
are left out on both sides.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from drystone.engine.eventlog.visits import KIND, Numbers, Paths, Visits
from drystone.engine.filtering.bundle import Bundle, Verdict
from drystone.engine.filtering.overlay import EMPTY_OVERLAY
from drystone.engine.filtering.request import Action
from drystone.engine.filtering.who import Profile

Progress = Callable[[str, int, int], None]
STEPS = 6
MOST_HOSTS_BY_NAME = 50_000  # hosts whose paths count, as one list in a query; beyond, every path is kept
PATTERN_MEMORY = 8 << 20  # what DuckDB's RE2 allows


class Turn(StrEnum):
    """What becomes of a visit."""

    OPENS = "opens"
    CLOSES = "closes"
    SEARCH = "search"  # open before and after, and searches made safe in one of the two


@dataclass(slots=True)
class Change:
    """What would become of one host for one group. `before` and `after` are what is answered most often; `people` and
    `clients` are how many different ones; `logged_blocked` how many of the events the log says were blocked."""

    turn: Turn
    host: str
    group: str
    before: Verdict
    after: Verdict
    events: int = 0
    logged_blocked: int = 0
    people: int = 0
    clients: int = 0
    last: datetime | None = None
    example: str = ""
    most: int = field(default=0, repr=False)


@dataclass(slots=True)
class GroupTurn:
    """How many events and people of one group a turn concerns."""

    turn: Turn
    group: str
    events: int = 0
    hosts: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Replay:
    """`changes`: most events first. `events` are all in that time; `access` and `gateway` were kept apart;
    `logged_otherwise` are those that the edition in force would answer otherwise than the log says."""

    since: datetime
    until: datetime
    before: str
    after: str
    events: int
    access: int
    gateway: int
    hosts: int
    kinds: int
    logged_otherwise: int
    by_group: dict[str, int]
    groups: tuple[GroupTurn, ...]
    changes: tuple[Change, ...]
    seconds: float


def replay(
    visits: Visits,
    before: Bundle,
    after: Bundle,
    since: datetime,
    until: datetime,
    tell: Progress,
    devices: Mapping[str, str] = MappingProxyType({}),
) -> Replay:
    """Decide all visits of that time by both editions. `tell` hears (what, done, of). `devices` are the groups of
    registered devices that have one."""
    began = time.perf_counter()
    tell("Counting events", 0, STEPS)
    totals = visits.totals()
    tell("Looking at who asked", 1, STEPS)
    askers = _Askers(before, after, since, visits, devices)
    minutes, moments = _minutes(before, after, since, until)
    tell("Looking at the sites", 2, STEPS)
    numbers, hosts = Numbers(askers.places, askers.people, minutes), visits.hosts()
    paths = _paths(hosts, before, after)
    tell("Grouping visits", 3, STEPS)
    kinds = visits.kinds(numbers, paths)
    tell("Deciding each kind once", 4, STEPS)
    found = _Comparison(before, after, askers, moments)
    found.decide(kinds)
    tell("Counting people", 5, STEPS)
    if found.changes:
        found.count_people(visits.who(numbers, paths, found.wanted(kinds)))
    tell("Done", STEPS, STEPS)
    return Replay(
        since=since,
        until=until,
        before=before.edition,
        after=after.edition,
        **asdict(totals),
        hosts=len(hosts),
        kinds=kinds.num_rows,
        logged_otherwise=found.logged_otherwise,
        by_group=dict(found.by_group),
        groups=tuple(sorted(found.groups, key=lambda each: (each.turn, -each.events))),
        changes=tuple(sorted(found.changes, key=lambda each: (-each.events, each.host, each.group))),
        seconds=time.perf_counter() - began,
    )


class _Askers:
    """Who asked, as numbers: places that both editions put in the same zones are one, and so are people whom both
    decide alike in every place. `pair` are the profiles of a place and a kin, before and after."""

    def __init__(self, before: Bundle, after: Bundle, at: datetime, visits: Visits, devices: Mapping[str, str]) -> None:
        self._editions, self._at, self._devices = (before, after), at, devices
        places, people = visits.places(), visits.people()
        zones: dict[tuple[str, str], int] = {}
        found = zip(*(places.column(name).to_pylist() for name in ("client", "zone")), strict=True)
        numbers = [zones.setdefault(self._zones(client, zone), len(zones)) for client, zone in found]
        self.places = places.append_column("place", pa.array(numbers, pa.int32()))
        kin: dict[tuple[int, ...], int] = {}
        self._pairs: list[list[tuple[Profile, Profile]]] = []
        numbers = []
        for person, device in zip(*(people.column(name).to_pylist() for name in ("person", "device")), strict=True):
            pairs = [self._profiles(place, person, device) for place in zones]
            number = kin.setdefault(tuple(profile.number for pair in pairs for profile in pair), len(kin))
            if number == len(self._pairs):
                self._pairs.append(pairs)
            numbers.append(number)
        self.people = people.append_column("kin", pa.array(numbers, pa.int32()))

    def pair(self, place: int, kin: int) -> tuple[Profile, Profile]:
        return self._pairs[kin][place]

    def _zones(self, client: str, zone: str) -> tuple[str, str]:
        """By the address, as each edition has it. Where the event's zone is not the address's, it came by the zone's
        own door, or is a visit to help, which has no address: then the zone stands as it was logged."""
        before, after = self._editions
        if client and (before.zone_of(client) == zone or zone not in before.zones):
            return before.zone_of(client), after.zone_of(client)
        return zone if zone in before.zones else "", zone if zone in after.zones else ""

    def _profiles(self, place: tuple[str, str], person: str, device: str) -> tuple[Profile, Profile]:
        before, after = (
            edition.profile_as(
                zone=zone,
                person=person,
                at=self._at,
                overlay=EMPTY_OVERLAY,
                group=self._group_of_device(edition, zone, person, device),
            )
            for edition, zone in zip(self._editions, place, strict=True)
        )
        return before, after

    def _group_of_device(self, edition: Bundle, zone: str, person: str, device: str) -> str:
        """It counts where the asker has no group of their own, and some zone or group is there to come from."""
        known, _ = edition.policy.people.get(person, ("", ""))
        group = self._devices.get(device, "")
        return group if group in edition.groups and not known and (zone or edition.policy.everyone_else) else ""


def _minutes(before: Bundle, after: Bundle, since: datetime, until: datetime) -> tuple[pa.Table, list[tuple[int, int]]]:
    """For every minute the number of a state: which rules hold, by each edition's own timetable."""
    first, last = int(since.timestamp() // 60), int(until.timestamp() // 60)
    states: dict[tuple[int, int], int] = {}
    numbers = [
        states.setdefault(pair, len(states))
        for pair in zip(_moments(before, first, last), _moments(after, first, last), strict=True)
    ]
    table = pa.table({"minute": pa.array(range(first, last + 1), pa.int64()), "state": pa.array(numbers, pa.int32())})
    return table, list(states)


def _moments(bundle: Bundle, first: int, last: int) -> list[int]:
    """`Bundle.moment` of every minute. What holds depends on the wall's day and on which side of a period's edge its
    minute is, so each such stretch of each day is worked out once."""
    timetable = bundle.policy.timetable
    periods = [period for schedule in timetable.schedules.values() for period in schedule.periods]
    edges = sorted({edge % 1440 for period in periods for edge in (period.start, period.end)})
    stretch = [bisect_right(edges, minute) for minute in range(1440)]
    zone = ZoneInfo(bundle.timezone)
    known: dict[tuple[int, int], int] = {}
    found = []
    for minute in range(first, last + 1):
        local = datetime.fromtimestamp(minute * 60, zone)
        key = (local.toordinal(), stretch[local.hour * 60 + local.minute])
        if key not in known:
            known[key] = bundle.masks.holding_while(timetable.mask_at(local))
        found.append(known[key])
    return found


def _paths(hosts: Sequence[str], before: Bundle, after: Bundle) -> Paths:
    pattern = _pattern({*before.expressions, *after.expressions})
    named = [host for host in hosts if host and (before.facts(host).paths or after.facts(host).paths)]
    return Paths(named, pattern or "", all=pattern is None or len(named) > MOST_HOSTS_BY_NAME)


def _pattern(expressions: set[str]) -> str | None:
    """One expression that matches wherever any does, for DuckDB, whose expressions are RE2's as ours are. None where
    they do not fit in one: then every path counts."""
    if not expressions:
        return ""
    import re2

    if any("\\Q" in each for each in expressions):  # would quote the bracket that ends it
        return None
    whole = "(?i)" + "|".join(f"(?:{each})" for each in sorted(expressions))
    options = re2.Options()
    options.log_errors, options.max_mem = False, PATTERN_MEMORY
    try:
        re2.compile(whole, options)
    except re2.error:
        return None
    return whole


class _Comparison:
    """Each kind of visit decided by both editions, and what differs gathered by host and group."""

    def __init__(self, before: Bundle, after: Bundle, askers: _Askers, moments: list[tuple[int, int]]) -> None:
        self._editions = (before, after)
        self._askers, self._moments = askers, moments
        self._rows: dict[tuple[Turn, str, str], int] = {}
        self._turns: dict[tuple[Turn, str], int] = {}
        self._kinds: list[int] = []  # of what changes: the place in the table, and the number of its change
        self._row_of: list[int] = []
        self._turn_of: list[int] = []  # of each change: the number of its group's turn
        self.changes: list[Change] = []
        self.groups: list[GroupTurn] = []
        self.by_group: Counter[str] = Counter()
        self.logged_otherwise = 0

    def decide(self, kinds: pa.Table) -> None:
        columns = [kinds.column(name).to_pylist() for name in (*KIND, "events", "blocked")]
        verdict_before, verdict_after = (edition.verdict for edition in self._editions)
        pair, moments = self._askers.pair, self._moments
        for number, (host, path, place, kin, state, events, blocked) in enumerate(zip(*columns, strict=True)):
            then, now = pair(place, kin)
            at_then, at_now = moments[state]
            old, new = verdict_before(host, path, then, at_then), verdict_after(host, path, now, at_now)
            self.by_group[now.group] += events
            self.logged_otherwise += events - blocked if old.action is Action.BLOCK else blocked
            if old.action is not new.action or old.safe_host != new.safe_host:
                self._note(number, host, now.group, old, new, events, blocked)

    def _note(self, kind: int, host: str, group: str, old: Verdict, new: Verdict, events: int, blocked: int) -> None:
        turn = _turn(old, new)
        row = self._rows.setdefault((turn, host, group), len(self.changes))
        if row == len(self.changes):
            number = self._turns.setdefault((turn, group), len(self.groups))
            if number == len(self.groups):
                self.groups.append(GroupTurn(turn, group))
            self.groups[number].hosts += 1
            self.changes.append(Change(turn, host, group, old, new))
            self._turn_of.append(number)
        change = self.changes[row]
        if events > change.most:
            change.before, change.after, change.most = old, new, events
        change.events += events
        change.logged_blocked += blocked
        self.groups[self._turn_of[row]].events += events
        self._kinds.append(kind)
        self._row_of.append(row)

    def wanted(self, kinds: pa.Table) -> pa.Table:
        """The kinds that change, each with the number of its change."""
        some = kinds.take(pa.array(self._kinds, pa.int64())).select(list(KIND))
        return some.append_column("row", pa.array(self._row_of, pa.int32()))

    def count_people(self, who: pa.Table) -> None:
        """`who` as Visits.who gives it: each person at each address once for each change."""
        turns = pc.take(pa.array(self._turn_of, pa.int32()), who.column("row"))
        who = who.append_column("turn", turns).sort_by("last")
        for name in ("person", "client"):
            known = who.column(name)
            known = pc.if_else(pc.equal(known, ""), None, known)  # nobody is no person
            who = who.set_column(who.schema.get_field_index(name), name, known)
        sums = [("person", "count_distinct"), ("client", "count_distinct"), ("last", "last"), ("path", "last")]
        for found in who.group_by("row", use_threads=False).aggregate(sums).to_pylist():
            change = self.changes[found["row"]]
            change.people, change.clients = found["person_count_distinct"], found["client_count_distinct"]
            change.last, change.example = found["last_last"].astimezone(UTC), found["path_last"]
        for found in who.group_by("turn").aggregate(sums[:1]).to_pylist():
            self.groups[found["turn"]].people = found["person_count_distinct"]


def _turn(old: Verdict, new: Verdict) -> Turn:
    if new.action is Action.BLOCK:
        return Turn.CLOSES
    return Turn.OPENS if old.action is Action.BLOCK else Turn.SEARCH
