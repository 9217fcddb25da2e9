"""The rules file: read as it is written, with all that it may say."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules import (
    Access,
    Default,
    Match,
    Period,
    RuleAction,
    RulesError,
    School,
    Target,
    TargetKind,
    YouTube,
    load_rules,
    parse_rules,
    with_folders,
)

FELLSIDE = """\
school: {name: Fellside, timezone: Europe/London}
categories:                                  # left out: each folder of LISTS is a category of its name
  gambling: {lists: [gambling]}
  illegal:  {lists: [iwf, ctiru], mandatory: true}
groups: {ks1: {default: block}, ks2: {default: allow, safe_search: true}, staff: {default: allow}}
calendar: {terms: [[2026-09-02, 2026-12-18], [2027-01-05, 2027-03-26]], holidays: [[2026-10-26, 2026-10-30]]}
zones:
  suite:  {addresses: [10.1.0.0/16], group: ks2}
  office: {addresses: [10.2.0.0/16], group: staff}
everyone_else: {group: ks1}                  # a client in no zone; left out: block
people: {asmith: {group: staff, access: open}}   # in the bundle a keyed hash of the sign-on name
schedules: {lunch: {days: mon-fri, from: "12:00", to: "13:00", in: term}}
rules:
  - {level: global, block: "category:gambling", reason: council policy, by: council, locked: true}
  - {level: school, group: ks2, block: "category:social_networks", reason: primary age, by: head}
  - {level: zone, zone: office, allow: "site:jobs.example/apply", when: lunch, until: 2027-01-31, reason: vacancy, by: head}
  - {level: school, block: "expression:[?&]q=casino", outside: lunch, reason: trial, by: head}
"""  # noqa: E501
GROUPS = "groups: {pupils: {default: allow}, staff: {default: allow}}\n"


def rule(text: str, *, rest: str = "") -> str:
    """A file with one rule, complete but for what `text` says."""
    return f"{GROUPS}{rest}rules:\n  - {{level: school, reason: trial, by: head, {text}}}\n"


# What a file says


def test_the_example_of_the_architecture_reads_as_it_says() -> None:
    rules = parse_rules(FELLSIDE)
    assert rules.school == School("Fellside", "fellside")
    assert rules.timezone == "Europe/London"
    assert rules.categories is not None
    assert rules.categories["illegal"].lists == ("iwf", "ctiru")
    assert [category.mandatory for category in rules.categories.values()] == [False, True]
    assert [group.default for group in rules.groups.values()] == [Default.BLOCK, Default.ALLOW, Default.ALLOW]
    assert [group.safe_search for group in rules.groups.values()] == [False, True, False]
    assert rules.calendar.terms[1] == (date(2027, 1, 5), date(2027, 3, 26))
    assert rules.calendar.holidays == ((date(2026, 10, 26), date(2026, 10, 30)),)
    assert rules.zones["office"].addresses == (ip_network("10.2.0.0/16"),)
    assert rules.everyone_else == "ks1"
    assert rules.people["asmith"].access is Access.OPEN
    assert rules.schedules["lunch"].periods == (Period((0, 1, 2, 3, 4), 720, 780, "term"),)


def test_the_examples_rules_have_their_levels_targets_and_times() -> None:
    gambling, social, jobs, casino = parse_rules(FELLSIDE).rules
    assert (gambling.level, gambling.action, gambling.locked) == (Level.GLOBAL, RuleAction.BLOCK, True)
    assert (gambling.reason, gambling.by) == ("council policy", "council")
    assert social.target == Target(TargetKind.CATEGORY, "social_networks")
    assert (social.group, social.id) == ("ks2", "school-1")
    assert jobs.target == Target(TargetKind.SITE, "jobs.example/apply", "jobs.example", "/apply")
    assert (jobs.zone, jobs.when, jobs.until, jobs.action) == ("office", "lunch", date(2027, 1, 31), RuleAction.ALLOW)
    assert casino.target == Target(TargetKind.EXPRESSION, "[?&]q=casino")
    assert (casino.outside, casino.id) == ("lunch", "school-2")


def test_a_file_is_read_from_disk_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + FELLSIDE.encode())
        assert load_rules(path) == parse_rules(FELLSIDE)


def test_every_further_key_is_read() -> None:
    rules = parse_rules(
        "school: {name: St Mary's, slug: marys, timezone: Europe/Dublin}\n"
        "categories: {bets: {title: Gambling, lists: [ut1/gambling, own]}, own: {}}\n"
        "groups: {k: {name: Infants, default: block, youtube: strict, access: none, match: first}}\n"
        "zones: {s: {name: ICT suite, addresses: 10.1.0.7, group: k, require_person: true}}\n"
        "people: {ASmith: {group: k, access: suspended}}\n"
        "help: [School.Example, help.example]\n"
        "rules: [{id: bets-off, level: person, person: asmith, block: 'category:bets', reason: r, by: b}]\n"
    )
    assert rules.school == School("St Mary's", "marys")
    assert rules.timezone == "Europe/Dublin"
    assert rules.categories is not None
    assert rules.categories["bets"].label == "Gambling"
    assert rules.categories["bets"].lists == ("ut1/gambling", "own")
    assert rules.categories["own"].lists == ("own",)
    group, zone = rules.groups["k"], rules.zones["s"]
    assert (group.label, group.youtube, group.access, group.match) == (
        "Infants",
        YouTube.STRICT,
        Access.NONE,
        Match.FIRST,
    )
    assert (zone.label, zone.require_person, str(zone.addresses[0])) == ("ICT suite", True, "10.1.0.7/32")
    assert rules.people["asmith"].access is Access.SUSPENDED
    assert rules.help == ("school.example", "help.example")
    assert (rules.rules[0].id, rules.rules[0].person) == ("bets-off", "asmith")


def test_a_file_with_nothing_but_groups_blocks_a_client_in_no_zone() -> None:
    rules = parse_rules(GROUPS)
    assert rules.school == School("School", "school")
    assert rules.timezone == "Europe/London"
    assert rules.categories is None
    assert rules.everyone_else == ""
    assert rules.rules == ()


@pytest.mark.parametrize(
    ("name", "slug"),
    [("St Mary's, Fellside", "st-marys-fellside"), ("Ysgol Tŷ Gwyn", "ysgol-ty-gwyn"), ("学校", "school")],
)
def test_a_school_without_a_slug_gets_one_from_its_name(name: str, slug: str) -> None:
    assert parse_rules(f'{GROUPS}school: {{name: "{name}"}}').school.slug == slug


def test_words_that_yaml_takes_for_other_things_stay_words() -> None:
    """YAML 1.1 reads `off` as false and 12:30 as 750."""
    rules = parse_rules(
        "groups: {on: {default: allow, youtube: off}}\n"
        "schedules: {lunch: {from: 12:30, to: 13:00}}\n"
        "rules: [{level: school, group: on, block: 'site:a.example', reason: 1.10, by: null1}]"
    )
    assert rules.groups["on"].youtube is YouTube.OFF
    assert rules.schedules["lunch"].periods[0].start == 750
    assert rules.rules[0].reason == "1.10"


@pytest.mark.parametrize(
    ("written", "host", "path"),
    [
        ("Jobs.EXAMPLE", "jobs.example", ""),
        ("jobs.example/", "jobs.example", ""),
        ("bücher.example/A%20b?c", "xn--bcher-kva.example", "/A%20b?c"),
        ("jobs.example?x=1", "jobs.example", "?x=1"),
        ("0x5db8d822", "93.184.216.34", ""),
        ("93.184.216.34/a", "93.184.216.34", "/a"),
        ("[2001:DB8::1]/a", "2001:db8::1", "/a"),
        ("2001:DB8:0::1", "2001:db8::1", ""),
    ],
)
def test_a_sites_host_is_canonical_and_its_path_as_written(written: str, host: str, path: str) -> None:
    target = parse_rules(rule(f'block: "site:{written}"')).rules[0].target
    assert target == Target(TargetKind.SITE, host + path, host, path)


@pytest.mark.parametrize(
    ("written", "networks"),
    [
        ("10.1.0.7", ["10.1.0.7/32"]),
        ("10.1.0.5-10.1.0.8", ["10.1.0.5/32", "10.1.0.6/31", "10.1.0.8/32"]),
        ("[10.1.0.0/24, 10.1.1.0/24]", ["10.1.0.0/23"]),
        ('["2001:db8::/32", 10.0.0.0/8]', ["10.0.0.0/8", "2001:db8::/32"]),
        ('"::ffff:10.1.0.0/112"', ["10.1.0.0/16"]),
        ('"::1"', ["::1/128"]),
    ],
)
def test_a_zones_addresses_are_ranges_in_order(written: str, networks: list[str]) -> None:
    zone = parse_rules(f"{GROUPS}zones: {{z: {{addresses: {written}, group: staff}}}}").zones["z"]
    assert [str(network) for network in zone.addresses] == networks


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ('"mon,wed"', (0, 2)),
        ("[wed, Monday]", (0, 2)),
        ("fri-mon", (0, 4, 5, 6)),
        ('"mon-tue, sat"', (0, 1, 5)),
        ("sun", (6,)),
    ],
)
def test_days_are_ranges_lists_or_names(written: str, days: tuple[int, ...]) -> None:
    assert parse_rules(f"{GROUPS}schedules: {{s: {{days: {written}}}}}").schedules["s"].periods[0].days == days


def test_a_schedule_may_have_several_periods_and_run_over_midnight() -> None:
    text = f'{GROUPS}schedules: {{s: [{{from: "22:00", to: "06:00"}}, {{from: "12:00", to: "00:00"}}]}}'
    night, afternoon = parse_rules(text).schedules["s"].periods
    assert (night.start, night.end) == (1320, 360)
    assert (afternoon.start, afternoon.end) == (720, 1440)


def test_ids_count_within_a_level_and_pass_over_those_that_are_taken() -> None:
    common = "reason: r, by: b, block: 'site:a.example'"
    text = f"{GROUPS}rules:\n" + "".join(
        f"- {{{head}, {common}}}\n"
        for head in ("level: school", "level: global", "id: school-2, level: global", "level: school")
    )
    assert [rule.id for rule in parse_rules(text).rules] == ["school-1", "global-1", "school-2", "school-3"]


# Categories that the file leaves to the folders of LISTS


def test_without_categories_each_folder_of_lists_is_one() -> None:
    rules = with_folders(parse_rules(rule("block: 'category:news'")), ["sport", "news"])
    assert rules.categories is not None
    assert [(key, category.lists) for key, category in rules.categories.items()] == [
        ("news", ("news",)),
        ("sport", ("sport",)),
    ]


def test_a_category_that_only_a_rule_names_is_the_folder_of_that_name() -> None:
    rules = with_folders(parse_rules(FELLSIDE), ["gambling", "iwf", "ctiru", "social_networks", "sport"])
    assert rules.categories is not None
    assert list(rules.categories) == ["gambling", "illegal", "social_networks"]


def test_a_category_that_is_neither_is_refused_with_its_line() -> None:
    with pytest.raises(RulesError, match=r"^r\.yaml, line 15: .*'social_networks' is neither.*'social_network'\?$"):
        with_folders(parse_rules(FELLSIDE, source="r.yaml"), ["social_network"])
