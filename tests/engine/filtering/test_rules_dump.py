"""Rules written as a file, and read back the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from itertools import pairwise
from typing import TypeVar

import yaml
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules import (
    Access,
    Calendar,
    Category,
    Default,
    Group,
    Match,
    Period,
    Person,
    Rule,
    RuleAction,
    Rules,
    Schedule,
    School,
    Target,
    TargetKind,
    YouTube,
    Zone,
    dump_rules,
    parse_rules,
)
from drystone.engine.filtering.schedule import Day

T = TypeVar("T")

FELLSIDE = """\
school: {name: Fellside}
categories: {gambling: {lists: [gambling]}, illegal: {lists: [iwf, ctiru], mandatory: true}}
groups: {ks1: {default: block}, ks2: {default: allow, safe_search: true}, staff: {default: allow}}
calendar: {terms: [[2026-09-02, 2026-12-18], [2027-01-05, 2027-03-26]], holidays: [[2026-10-26, 2026-10-30]]}
zones: {suite: {addresses: [10.1.0.0/16], group: ks2}, office: {addresses: [10.2.0.0/16], group: staff}}
everyone_else: {group: ks1}
people: {asmith: {group: staff, access: open}}
schedules: {lunch: {days: mon-fri, from: "12:00", to: "13:00", in: term}}
rules:
  - {level: global, block: "category:gambling", reason: council policy, by: council, locked: true}
  - level: zone
    zone: office
    allow: "site:jobs.example/apply"
    when: lunch
    until: 2027-01-31
    reason: vacancy
    by: head
  - {level: school, block: "expression:[?&]q=casino", outside: lunch, reason: trial, by: head}
"""


def test_what_is_read_and_written_reads_the_same() -> None:
    rules = parse_rules(FELLSIDE)
    assert parse_rules(dump_rules(rules)) == rules
    assert dump_rules(parse_rules(dump_rules(rules))) == dump_rules(rules)


def test_a_written_file_reads_as_a_person_would_have_written_it() -> None:
    written = dump_rules(parse_rules(FELLSIDE)).splitlines()
    assert "school: {name: Fellside, slug: fellside, timezone: Europe/London}" in written
    assert '  lunch: {days: mon-fri, from: "12:00", to: "13:00", in: term}' in written
    assert '  suite: {addresses: ["10.1.0.0/16"], group: ks2}' in written
    assert (
        '  - {id: zone-1, level: zone, zone: office, allow: "site:jobs.example/apply", when: lunch, '
        "until: 2027-01-31, reason: vacancy, by: head}"
    ) in written


def test_rules_that_say_nothing_are_written_and_read() -> None:
    assert parse_rules(dump_rules(Rules())) == Rules()


# Every file that can be read comes back the same

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,8}", fullmatch=True)
texts = (
    st.text(
        alphabet=st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff"), max_size=20
    )
    .map(lambda text: " ".join(line.strip() for line in text.strip().splitlines()))
    .filter(bool)
)
titles = texts | st.just("")
sign_on_names = (
    st.text(min_size=1, max_size=12).map(sign_on_name).filter(lambda name: bool(name) and name.isprintable())
)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
hosts = st.sampled_from(["a.example", "xn--bcher-kva.example", "10.0.0.1", "2001:db8::1", "intranet"])
paths = st.sampled_from(["", "/lotto", "/A%20b?c=d", "?q=1", "/a b", "/'\"{}"])
targets = st.one_of(
    st.builds(lambda host, path: Target(TargetKind.SITE, host + path, host, path), hosts, paths),
    names.map(lambda name: Target(TargetKind.CATEGORY, name)),
    st.sampled_from(["[?&]q=casino", r"\bslots?\b", "a  b", "x: #y"]).map(lambda e: Target(TargetKind.EXPRESSION, e)),
    st.sampled_from(["site", "address"]).map(lambda what: Target(TargetKind.ANY, what)),
)
pages = st.sampled_from(["", "", "http://page.example/?u=%u&t=%t", "302:https://page.example/%s%%"])
dates = st.one_of(
    spans,
    days.map(lambda day: Day(day.year, day.month, day.day)),
    days.map(lambda day: Day(0, day.month, day.day)),
    days.map(lambda day: Day(day.year, 0, min(day.day, 28))),
)


@st.composite
def periods(draw: st.DrawFn, *, terms: bool) -> Period:
    start = draw(st.integers(0, 1439))
    end = draw(st.integers(1, 1440).filter(lambda minute: minute != start))
    weekdays = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    within = draw(st.sampled_from(["", "term", "holiday"] if terms else [""]))
    return Period(weekdays, start, end, within, tuple(draw(st.lists(dates, max_size=2))))


@st.composite
def whole_rules(draw: st.DrawFn) -> Rules:
    """Rules as a file could hold them."""
    term = draw(st.none() | spans)
    calendar = Calendar(
        draw(st.sampled_from(["Europe/London", "Europe/Dublin", "UTC"])),
        (term,) if term else (),
        tuple(sorted(draw(st.sets(spans, max_size=2)))),
    )
    groups = draw(
        named(
            lambda key: st.builds(
                Group,
                st.just(key),
                st.sampled_from(Default),
                title=titles,
                safe_search=st.booleans(),
                youtube=st.sampled_from(YouTube),
                access=st.sampled_from(Access),
                match=st.sampled_from(Match),
                redirect=pages,
            ),
            at_least=1,
        )
    )
    group = st.sampled_from(sorted(groups))
    addresses = iter([ip_network(f"10.{number}.0.0/16") for number in range(9)] + [ip_network("::1/128")])
    zones = draw(
        named(lambda key: st.builds(Zone, st.just(key), st.just(()), group, title=titles, require_person=st.booleans()))
    )
    zones = {key: replace(zone, addresses=(next(addresses),)) for key, zone in zones.items()}
    people = {
        name: Person(
            name,
            draw(group),
            draw(st.sampled_from(Access)),
            {zone: draw(group) for zone in zones if draw(st.booleans())},
        )
        for name in draw(st.sets(sign_on_names, max_size=3))
    }
    schedules = draw(
        named(
            lambda key: st.lists(periods(terms=bool(term)), min_size=1, max_size=2).map(
                lambda parts: Schedule(key, tuple(parts))
            )
        )
    )
    for before, after in pairwise(list(schedules)):
        both = Period(when=(before,), outside=draw(st.sampled_from([(), (before,)])))
        schedules[after] = replace(schedules[after], periods=(*schedules[after].periods, both))
    categories = draw(
        st.none()
        | named(
            lambda key: st.builds(
                Category,
                st.just(key),
                st.lists(names, min_size=1, max_size=2, unique=True).map(tuple),
                titles,
                redirect=pages,
            )
        )
    )
    return Rules(
        school=School(
            draw(texts), draw(st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(lambda s: s != "here"))
        ),
        calendar=calendar,
        categories=categories,
        groups=groups,
        zones=zones,
        everyone_else=draw(st.just("") | group),
        people=people,
        schedules=schedules,
        rules=tuple(draw(rule_lists(sorted(groups), sorted(zones), sorted(people), sorted(schedules)))),
        help=tuple(draw(st.lists(st.sampled_from(["school.example", "10.0.0.9", "::1"]), unique=True))),
    )


def named(make: Callable[[str], st.SearchStrategy[T]], *, at_least: int = 0) -> st.SearchStrategy[dict[str, T]]:
    return st.lists(names, min_size=at_least, max_size=3, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: make(key) for key in keys})
    )


@st.composite
def rule_lists(
    draw: st.DrawFn, groups: list[str], zones: list[str], people: list[str], schedules: list[str]
) -> list[Rule]:
    found = []
    for ident in draw(st.lists(names, max_size=4, unique=True)):
        level = draw(st.sampled_from([Level.GLOBAL, Level.SCHOOL, Level.GROUP, *[Level.ZONE] * bool(zones)]))
        when, outside = draw(st.permutations(["", "", *schedules]))[:2]
        found.append(
            Rule(
                id=ident,
                level=level,
                action=draw(st.sampled_from(RuleAction)),
                target=draw(targets),
                reason=draw(texts),
                by=draw(texts),
                group=draw(st.sampled_from(groups if level is Level.GROUP else ["", *groups])),
                zone=draw(st.sampled_from(zones if level is Level.ZONE else ["", *zones])),
                person=draw(st.sampled_from(["", *people])),
                locked=level is Level.GLOBAL and draw(st.booleans()),
                when=when,
                outside=outside,
                until=draw(st.none() | days),
                redirect=draw(pages),
            )
        )
    return found


@given(whole_rules())
def test_whatever_a_file_can_hold_is_written_and_read_back_the_same(rules: Rules) -> None:
    written = dump_rules(rules)
    assert parse_rules(written) == rules
    assert dump_rules(parse_rules(written)) == written
    assert list(parse_rules(written).groups) == list(rules.groups)


@given(whole_rules())
def test_any_yaml_reader_takes_a_written_file_for_the_same_names(rules: Rules) -> None:
    plain = yaml.safe_load(dump_rules(rules))
    assert plain["school"]["name"] == rules.school.name
    assert list(plain["people"] if rules.people else {}) == list(rules.people)
    assert [entry["reason"] for entry in plain["rules"]] == [rule.reason for rule in rules.rules]
