"""Laws of the decision: what no rule, no level and no clock may break. Each example is a policy made up whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import Overlay, Permit, SwitchedOff, parse_request, person_key
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.request import Action, Level
from drystone.engine.filtering.words import Access
from tests.engine.filtering.bundles import BASE, LISTS, MONDAY_NOON, OFFICE, PUPIL, make_bundle

LONDON = ZoneInfo("Europe/London")
KEY = school_key("fellside")
LAW = settings(
    derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MILDNESS = {Action.BLOCK: 0, Action.SAFE_SEARCH: 1, Action.ALLOW: 2}
SITES = ("a.example", "www.a.example", "b.a.example", "casino.example", "games.example", "www.bing.com")
SCOPES = {
    "global": "level: global",
    "school": "level: school",
    "group": "level: group, group: ks2",
    "zone": "level: zone, zone: suite",
    "person": "level: person, person: pupil4",
}
PEOPLE = BASE.replace("people:\n", "people:\n  pupil4: {group: ks2, access: open}\n")
targets = st.sampled_from(
    [*(f"site:{site}" for site in SITES), "site:a.example/x", "category:gambling", "category:games", "expression:/x"]
)
rules = st.builds(
    lambda level, action, target, when: f"{SCOPES[level]}, {action}: '{target}'{when}",
    level=st.sampled_from(list(SCOPES)),
    action=st.sampled_from(["allow", "block"]),
    target=targets,
    when=st.sampled_from(["", ", when: lunch", ", outside: lunch"]),
)
locked = st.builds(
    lambda action, target: f"level: global, locked: true, {action}: '{target}'",
    st.sampled_from(["allow", "block"]),
    targets,
)
policies = st.lists(rules | locked, max_size=6)
requests = st.builds(
    lambda site, path, client, user, at: parse_request(f"http://{site}{path}", client=client, user=user, at=at),
    site=st.sampled_from(SITES),
    path=st.sampled_from(["/", "/x", "/x/1", "/y"]),
    client=st.sampled_from([PUPIL, OFFICE, "192.0.2.7"]),
    user=st.sampled_from(["", "pupil4", "pupil2", "asmith"]),
    at=st.sampled_from([MONDAY_NOON, MONDAY_NOON - timedelta(hours=3)]),
)
permits = st.builds(
    Permit,
    id=st.just("1"),
    host=st.sampled_from(SITES),
    path=st.sampled_from(["", "/x"]),
    level=st.sampled_from(["school", "group", "zone"]),
    key=st.sampled_from(["ks2", "suite"]),
    since=st.just(MONDAY_NOON - timedelta(days=1)),
)
overlays = st.builds(lambda permit: Overlay(permits=(permit,)), permits) | st.just(Overlay())


@pytest.fixture
def made(tmp_path):
    """Bundles, each in a folder of its own."""
    count = iter(range(10**6))
    return lambda *rules, **more: make_bundle(tmp_path / str(next(count)), *rules, **({"base": PEOPLE} | more))


# Mandatory lists


@LAW
@given(
    policy=policies, listed=st.sampled_from(SITES), asked=st.lists(requests, min_size=1, max_size=8), overlay=overlays
)
def test_adding_a_mandatory_entry_never_makes_anything_milder(made, policy, listed, asked, overlay):
    """P35: whatever the rules and whoever asks, one more entry on a mandatory list closes what it covers, and
    leaves everything else as it was."""
    more = {**LISTS, "iwf": {**LISTS["iwf"], "domains": f"illegal.example\n{listed}\n"}}
    before, after = made(*policy), made(*policy, lists=more)
    for request in asked:
        old, new = before.decide(request, overlay), after.decide(request, overlay)
        assert MILDNESS[new.action] <= MILDNESS[old.action]
        if request.host == listed or request.host.endswith("." + listed):
            assert (new.action, new.level) == (Action.BLOCK, Level.MANDATORY)
        else:
            assert (new.action, new.rule, new.level, new.safe_host) == (old.action, old.rule, old.level, old.safe_host)


@LAW
@given(policy=policies, overlay=overlays, user=st.sampled_from(["", "pupil4", "asmith"]))
def test_nothing_opens_what_a_mandatory_list_names(made, policy, overlay, user):
    opened = [f"{scope}, allow: 'site:illegal.example'" for scope in SCOPES.values()]
    bundle = made(*policy, *opened, "level: global, locked: true, allow: 'site:illegal.example'")
    overlay = Overlay(permits=(*overlay.permits, Permit("2", "illegal.example", since=MONDAY_NOON - timedelta(days=1))))
    request = parse_request("http://www.illegal.example/x", client=PUPIL, user=user, at=MONDAY_NOON)
    assert bundle.decide(request, overlay).level == Level.MANDATORY


@LAW
@given(policy=policies, overlay=overlays, asked=requests)
def test_who_has_no_access_gets_help_and_nothing_else(made, policy, overlay, asked):
    """P64"""
    bundle = made(*policy)
    off = Overlay(permits=overlay.permits, switched_off=tuple(SwitchedOff(g, g) for g in ("ks1", "ks2", "staff")))
    suspended = Overlay(permits=overlay.permits, access={person_key(KEY, asked.user): Access.SUSPENDED})
    assert bundle.decide(asked, off).blocked
    if asked.user:
        assert bundle.decide(asked, suspended).blocked
    help_site = parse_request("https://www.childline.org.uk/", client=asked.client, user=asked.user, at=asked.at)
    assert not bundle.decide(help_site, off).blocked


# Levels

ORDER = ("person", "zone", "group", "school", "global")


@LAW
@given(
    levels=st.lists(st.sampled_from(ORDER), min_size=2, max_size=5, unique=True),
    actions=st.lists(st.sampled_from(["allow", "block"]), min_size=5, max_size=5),
    what=st.sampled_from(["site:casino.example", "site:casino.example/x", "category:gambling", "expression:casino.*x"]),
)
def test_the_most_specific_level_decides_whatever_the_others_say(made, levels, actions, what):
    policy = [f"{SCOPES[level]}, {action}: '{what}'" for level, action in zip(levels, actions, strict=False)]
    bundle = made(*policy)
    request = parse_request("http://casino.example/x", client=PUPIL, user="pupil4", at=MONDAY_NOON)
    winner = min(levels, key=ORDER.index)
    decision = bundle.decide(request)
    assert decision.level == winner
    assert decision.blocked is (actions[levels.index(winner)] == "block")


@LAW
@given(policy=policies, level=st.sampled_from(ORDER[1:]), action=st.sampled_from(["allow", "block"]), asked=requests)
def test_a_rule_for_a_person_is_not_moved_by_what_any_other_level_adds(made, policy, level, action, asked):
    """A more specific level decides: one more rule of a wider level changes nothing for whom the person's rule is."""
    own = [f"{SCOPES['person']}, block: 'site:{site}'" for site in SITES]
    policy = [rule for rule in policy if "locked" not in rule and "person" not in rule]
    before = made(*policy, *own)
    after = made(*policy, *own, f"{SCOPES[level]}, {action}: 'site:{asked.host}'")
    mine = parse_request(f"http://{asked.host}/", client=asked.client, user="pupil4", at=asked.at)
    assert before.decide(mine).rule == after.decide(mine).rule
    assert after.decide(mine).level == Level.PERSON


@LAW
@given(policy=policies, lock=st.sampled_from(["allow", "block"]), level=st.sampled_from(ORDER), asked=requests)
def test_a_locked_rule_is_not_moved_by_any_rule_or_permit(made, policy, lock, level, asked):
    policy = [rule for rule in policy if "locked" not in rule]
    locked_rule = f"level: global, locked: true, {lock}: 'site:{asked.host}'"
    bundle = made(locked_rule, *policy, f"{SCOPES[level]}, allow: 'site:{asked.host}'")
    permit = Overlay(permits=(Permit("1", asked.host, since=asked.at - timedelta(days=1)),))
    decision = bundle.decide(asked, permit)
    if decision.level != Level.ACCESS:
        assert (decision.rule, decision.blocked) == ("global-1", lock == "block")


@LAW
@given(policy=policies, asked=requests, extra=st.sampled_from(SITES))
def test_a_permit_never_closes_anything_and_an_access_never_opens(made, policy, asked, extra):
    bundle = made(*policy)
    permit = Overlay(permits=(Permit("1", extra, since=asked.at - timedelta(days=1)),))
    shut = Overlay(access={person_key(KEY, asked.user): Access.NONE} if asked.user else {})
    plain = MILDNESS[bundle.decide(asked, Overlay()).action]
    assert MILDNESS[bundle.decide(asked, permit).action] >= plain
    assert MILDNESS[bundle.decide(asked, shut).action] <= plain


# Schedules: the school's own clock and calendar

TIMED = """
school: {name: Fellside, timezone: Europe/London}
categories: {}
groups: {ks2: {default: allow}}
calendar: {terms: [[2026-09-02, 2026-12-18], [2027-01-05, 2027-03-29]], holidays: [[2026-10-26, 2026-10-30]]}
zones: {suite: {addresses: [10.1.0.0/16], group: ks2}}
schedules:
  lesson: {days: mon-fri, from: "09:00", to: "15:15", in: term}
  break: {in: holiday}
  night: {from: "21:30", to: "06:00"}
  late: {days: [sun], from: "00:30", to: "01:45"}
  termnight: {days: [fri], from: "22:00", to: "02:00", in: term}
"""
HOLDS = {
    "lesson": lambda day, at: day.weekday() < 5 and in_term(day) and time(9) <= at < time(15, 15),
    "break": lambda day, _: not in_term(day),
    "night": lambda _, at: at >= time(21, 30) or at < time(6),
    "late": lambda day, at: day.weekday() == 6 and time(0, 30) <= at < time(1, 45),
    "termnight": lambda day, at: (friday(day) and at >= time(22)) or (friday(day - timedelta(days=1)) and at < time(2)),
}


def in_term(day):
    terms = ((date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 1, 5), date(2027, 3, 29)))
    half_term = date(2026, 10, 26) <= day <= date(2026, 10, 30)
    return any(first <= day <= last for first, last in terms) and not half_term


def friday(day):
    return day.weekday() == 4 and in_term(day)


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A site for each schedule, blocked while it holds; and one that is blocked up to the end of a day."""
    policy = [f"level: school, block: 'site:{name}.example', when: {name}" for name in HOLDS]
    policy += [f"level: school, block: 'site:not-{name}.example', outside: {name}" for name in HOLDS]
    policy.append("level: school, block: 'site:until.example', until: 2026-10-25")
    return make_bundle(
        tmp_path_factory.mktemp("timed"), *policy, base=TIMED, lists={"none": {"domains": "x.example\n"}}
    )


def blocked(bundle, site, at):
    return bundle.decide(parse_request(f"http://{site}.example/", client=PUPIL, at=at)).blocked


EDGES = [
    *(datetime.combine(day, time(), LONDON) for day in (date(2026, 9, 2), date(2026, 12, 19), date(2027, 1, 5))),
    *(datetime.combine(day, time(), LONDON) for day in (date(2026, 10, 26), date(2026, 10, 31), date(2027, 3, 30))),
    *(datetime(2026, 11, 23, *at, tzinfo=LONDON) for at in ((9, 0), (15, 15), (21, 30), (0, 0), (6, 0))),
    datetime(2026, 10, 24, 2, 0, tzinfo=LONDON),  # a Friday of term has ended; its night runs over midnight
    datetime(2026, 12, 19, 2, 0, tzinfo=LONDON),  # the night of the last day of term runs into the holiday
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # clocks go back: 01:00 to 02:00 comes twice
    datetime(2026, 10, 25, 0, 45, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 45, tzinfo=UTC),
    datetime(2027, 3, 28, 1, 0, tzinfo=UTC),  # clocks go forward: 01:00 to 02:00 does not come
    datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(edge=st.sampled_from(EDGES), seconds=st.integers(-7_200, 7_200) | st.sampled_from([-1, 0, 1, -60, 59, 60]))
def test_a_schedule_holds_by_the_clock_on_the_schools_wall(timed, edge, seconds):
    """At the edges of terms, at midnight and over both clock changes: what the wall says, on the day it says."""
    at = edge.astimezone(UTC) + timedelta(seconds=seconds)
    wall = at.astimezone(LONDON)
    for name, holds in HOLDS.items():
        expected = holds(wall.date(), wall.time().replace(tzinfo=None))
        assert blocked(timed, name, at) is expected, (name, wall)
        assert blocked(timed, f"not-{name}", at) is not expected, (name, wall)
    assert blocked(timed, "until", at) is (wall.date() <= date(2026, 10, 25))


@pytest.mark.parametrize(
    ("site", "at", "expected"),
    [
        ("late", datetime(2026, 10, 25, 0, 44, 59, tzinfo=UTC), True),  # 01:44:59, the first time
        ("late", datetime(2026, 10, 25, 0, 45, tzinfo=UTC), False),
        ("late", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), True),  # 01:00, the second time: the period comes again
        ("late", datetime(2026, 10, 25, 1, 45, tzinfo=UTC), False),
        ("late", datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC), True),
        ("late", datetime(2027, 3, 28, 1, 0, tzinfo=UTC), False),  # 02:00: a quarter past one never came
        ("until", datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), True),  # a day of 25 hours, to its end
        ("until", datetime(2026, 10, 26, 0, 0, tzinfo=UTC), False),
        ("lesson", datetime(2026, 12, 18, 15, 14, 59, tzinfo=UTC), True),
        ("lesson", datetime(2026, 12, 21, 10, 0, tzinfo=UTC), False),
        ("break", datetime(2026, 12, 18, 23, 59, 59, tzinfo=UTC), False),
        ("break", datetime(2026, 12, 19, 0, 0, tzinfo=UTC), True),
        ("break", datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), False),  # half term begins with its first Monday
        ("break", datetime(2026, 10, 26, 0, 0, tzinfo=UTC), True),
        ("termnight", datetime(2026, 12, 19, 1, 59, 59, tzinfo=UTC), True),  # the night belongs to the last day of term
        ("termnight", datetime(2026, 12, 19, 2, 0, tzinfo=UTC), False),
        ("termnight", datetime(2026, 10, 31, 0, 30, tzinfo=UTC), False),  # the Friday was in half term
    ],
)
def test_the_edges_one_by_one(timed, site, at, expected):
    assert blocked(timed, site, at) is expected
