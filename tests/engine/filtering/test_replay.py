"""Try before you publish: the traffic that was, by two editions; the same as deciding event by event."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from drystone.engine.eventlog import SELF_TEST, Event, SegmentWriter, format_event
from drystone.engine.eventlog.collector import Collector
from drystone.engine.eventlog.lake import Lake
from drystone.engine.eventlog.visits import Visits
from drystone.engine.filtering import person_key
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.overlay import EMPTY_OVERLAY
from drystone.engine.filtering.replay import Turn, _moments, replay
from drystone.engine.home import Home
from tests.engine.filtering.bundles import BASE, LISTS, MONDAY_MORNING, MONDAY_NOON, OFFICE, PUPIL, make_bundle

KEY = school_key("fellside")
PUPIL_KEY = person_key(KEY, "pupil3")
SINCE, UNTIL = MONDAY_MORNING - timedelta(days=3), MONDAY_NOON + timedelta(days=1)
WITH_PEOPLE = BASE.replace("people:\n", "people:\n  pupil3: {group: ks2}\n")
OLD = ("level: school, block: 'category:gambling'", "level: school, block: 'site:news.example'")


class World:
    """A lake to write events to, and editions to decide them by."""

    def __init__(self, folder):
        self.folder = folder
        self.home = Home(folder / "home")
        self.lake = Lake(self.home.lake)
        self.events = []

    def edition(self, name, *rules, base=WITH_PEOPLE, lists=LISTS):
        return make_bundle(self.folder / name, *rules, base=base, lists=lists)

    def log(self, *events):
        """Each is a dictionary of what is not usual."""
        usual = {"school": "fellside", "gateway": "g1", "zone": "suite", "client": PUPIL, "group": "ks2", "path": "/"}
        usual |= {"at": MONDAY_NOON, "host": "bbc.co.uk", "action": "allow", "level": "profile", "rule": "default"}
        made = [Event(**(usual | event)) for event in events]
        writer = SegmentWriter(self.home.events / "g1")
        for event in made:
            writer.append(format_event(event))
        writer.close()
        with Collector(self.home) as collector:
            collector.run_once()
        self.events += made

    def replay(self, before, after, told=lambda *_: None):
        return replay(Visits(self.lake, "fellside", SINCE, UNTIL), before, after, SINCE, UNTIL, told)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def of(found):
    return {(change.turn, change.host, change.group): change.events for change in found.changes}


def test_what_would_open_and_what_would_close_is_counted_by_site_and_group(world):
    """P35: a change is tried on real traffic before anybody feels it."""
    before = world.edition("before", *OLD)
    after = world.edition("after", OLD[0], "level: group, group: ks2, block: 'site:bbc.co.uk'")
    world.log(
        *({"host": "news.example", "client": f"10.1.0.{n}", "action": "block"} for n in range(3)),
        {"host": "news.example", "client": OFFICE, "zone": "office", "group": "staff", "action": "block"},
        {"host": "bbc.co.uk", "person": PUPIL_KEY, "path": "/sport"},
        {"host": "bbc.co.uk", "person": PUPIL_KEY, "at": MONDAY_NOON + timedelta(hours=1), "path": "/bitesize"},
        {"host": "casino.example", "action": "block"},
        {"host": "other.example"},
    )
    found = world.replay(before, after)
    assert of(found) == {
        (Turn.OPENS, "news.example", "ks2"): 3,
        (Turn.OPENS, "news.example", "staff"): 1,
        (Turn.CLOSES, "bbc.co.uk", "ks2"): 2,
    }
    opened, closed = found.changes[0], found.changes[1]
    assert (opened.before.rule, opened.after.rule, opened.clients, opened.logged_blocked) == (
        "school-2",
        "default",
        3,
        3,
    )
    assert (closed.people, closed.clients, closed.example) == (1, 1, "/bitesize")
    assert closed.last == MONDAY_NOON + timedelta(hours=1)
    assert (found.before, found.after) == (before.edition, after.edition)
    assert (found.events, found.hosts, found.by_group) == (8, 4, {"ks2": 7, "staff": 1})
    assert {(each.turn, each.group): (each.events, each.hosts, each.people) for each in found.groups} == {
        (Turn.OPENS, "ks2"): (3, 1, 0),
        (Turn.OPENS, "staff"): (1, 1, 0),
        (Turn.CLOSES, "ks2"): (2, 1, 1),
    }


def test_events_stopped_by_access_or_by_the_door_are_kept_apart_and_self_tests_left_out(world):
    """P64: no agreement stays no agreement, whatever the rules say."""
    before, after = world.edition("before", *OLD), world.edition("after")
    world.log(
        {"host": "news.example", "level": "access", "rule": "agreement", "action": "block"},
        {"host": "news.example", "level": "gateway", "rule": "gateway:port", "action": "block"},
        {"host": "news.example", "device": SELF_TEST, "action": "block"},
    )
    found = world.replay(before, after)
    assert (found.changes, found.events, found.access, found.gateway) == ((), 2, 1, 1)


def test_where_the_log_says_otherwise_than_the_edition_in_force_that_is_counted(world):
    before = world.edition("before", *OLD)
    world.log(
        {"host": "news.example", "action": "allow"},
        {"host": "news.example", "action": "block"},
        {"host": "bbc.co.uk", "action": "block"},
    )
    assert world.replay(before, before).logged_otherwise == 2


def test_a_rule_with_a_schedule_turns_only_what_happened_in_its_time(world):
    before = world.edition("before")
    after = world.edition("after", "level: school, block: 'site:games.example', when: lunch")
    world.log({"host": "games.example"}, {"host": "games.example", "at": MONDAY_MORNING})
    assert of(world.replay(before, after)) == {(Turn.CLOSES, "games.example", "ks2"): 1}


def test_the_path_counts_where_a_rule_a_list_or_an_expression_looks_at_it(world):
    before = world.edition("before", "level: school, block: 'site:bbc.co.uk/sport'")
    after = world.edition(
        "after", "level: school, block: 'category:gambling'", r"level: school, block: 'expression:\.example$'"
    )
    world.log(
        *({"host": "bbc.co.uk", "path": path} for path in ("/sport/1", "/news", "")),
        *({"host": "www.mixed.example", "path": path} for path in ("/lotto/1", "/lottology", "")),
    )
    assert of(world.replay(before, after)) == {
        (Turn.OPENS, "bbc.co.uk", "ks2"): 1,
        (Turn.CLOSES, "www.mixed.example", "ks2"): 2,  # by its list, and by the expression where no path is seen
    }


def test_who_asks_is_worked_out_by_each_edition_for_itself(world):
    """A zone that is filtered as another group, a person in another group, a zone that asks for a name."""
    before = world.edition("before", "level: group, group: ks2, block: 'site:news.example'")
    moved = WITH_PEOPLE.replace(
        "suite: {addresses: [10.1.0.0/16], group: ks2",
        "suite: {addresses: [10.1.0.0/16], group: staff, require_person: true",
    )
    after = world.edition("after", "level: group, group: ks2, block: 'site:news.example'", base=moved)
    world.log(
        {"host": "news.example", "person": PUPIL_KEY, "action": "block"},
        {"host": "news.example", "person": person_key(KEY, "asmith")},
        {"host": "bbc.co.uk"},
    )
    found = world.replay(before, after)
    assert of(found) == {(Turn.CLOSES, "bbc.co.uk", "staff"): 1}
    assert found.changes[0].after.rule == "sign-on"


def test_a_device_with_a_group_and_a_zone_with_a_door_are_tried_as_they_were_logged(world):
    """P62: a staff tablet in the suite is staff; who came by the office's own door is in the office."""
    before = world.edition("before")
    after = world.edition("after", "level: group, group: ks2, block: 'site:news.example'")
    world.log(
        {"host": "news.example", "device": "tablet"},
        {"host": "news.example", "device": "other"},
        {"host": "news.example", "client": "192.0.2.1", "zone": "office"},
        {"host": "news.example", "client": "192.0.2.1", "zone": "no-more"},
    )
    visits = Visits(world.lake, "fellside", SINCE, UNTIL)
    found = replay(visits, before, after, SINCE, UNTIL, lambda *_: None, {"tablet": "staff"})
    assert of(found) == {(Turn.CLOSES, "news.example", "ks2"): 1}
    assert found.by_group == {"staff": 2, "ks2": 1, "ks1": 1}


def test_searches_that_are_made_safe_in_one_edition_only_are_a_turn_of_their_own(world):
    """P59"""
    before = world.edition("before")
    after = world.edition("after", base=WITH_PEOPLE.replace("safe_search: true", "safe_search: false"))
    world.log({"host": "www.bing.com"})
    assert of(world.replay(before, after)) == {(Turn.SEARCH, "www.bing.com", "ks2"): 1}


def test_an_empty_time_and_two_equal_editions_change_nothing(world):
    before = world.edition("before", *OLD)
    assert world.replay(before, before).changes == ()
    world.log({"host": "news.example"})
    told = []
    assert world.replay(before, before, lambda what, done, of: told.append((done, of))).changes == ()
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize("seed", range(4))
def test_the_replay_says_what_deciding_event_by_event_says(world, seed):
    """The law: grouping changes no answer. Everything at once, at random."""
    chance = random.Random(seed)
    pool = (
        "level: school, block: 'category:gambling'",
        "level: school, block: 'category:games', when: lunch",
        "level: group, group: ks2, allow: 'site:bets.example'",
        "level: zone, zone: office, block: 'site:news.example'",
        "level: school, block: 'expression:/secret'",
        "level: school, block: 'site:bbc.co.uk/sport', outside: lunch",
        "level: global, block: 'site:evil.example', locked: true",
        "level: person, person: pupil3, block: 'site:bbc.co.uk'",
        "level: school, block: 'category:chat'",
    )
    before, after = (world.edition(name, *chance.sample(pool, 5)) for name in ("before", "after"))
    hosts = ["www.bing.com", "www.childline.org.uk", "bbc.co.uk", ""]
    names = ("bets", "casino", "games", "news", "evil", "illegal", "mixed", "chat")
    hosts += [f"{name}.example" for name in names]
    askers = [("suite", PUPIL, PUPIL_KEY), ("suite", PUPIL, ""), ("office", OFFICE, ""), ("", "192.0.2.7", "")]
    made = []
    for _ in range(400):
        zone, client, person = chance.choice(askers)
        at = SINCE + timedelta(minutes=chance.randrange(int((UNTIL - SINCE).total_seconds() // 60)))
        path = chance.choice(["", "/", "/sport", "/secret", "/lotto", "/banner/"])
        action = chance.choice(["allow", "block"])
        made.append({"host": chance.choice(hosts), "path": path, "zone": zone, "client": client, "person": person,
                     "at": at, "action": action})  # fmt: skip
    world.log(*made)
    found = world.replay(before, after)
    assert of(found) == event_by_event(world.events, before, after)
    people = {}
    for event in world.events:
        for key in (key for key in turns_of(event, before, after) if event.person):
            people.setdefault(key, set()).add(event.person)
    assert {(c.turn, c.host, c.group): c.people for c in found.changes if c.people} == {
        key: len(keys) for key, keys in people.items()
    }


def turns_of(event, before, after):
    old, new = (answer(bundle, event) for bundle in (before, after))
    if (old.action, old.safe_host) == (new.action, new.safe_host):
        return []
    turn = Turn.CLOSES if new.blocked else Turn.OPENS if old.blocked else Turn.SEARCH
    return [(turn, event.host, new.group)]


def answer(bundle, event):
    from drystone.engine.filtering.decision import decision, judge

    profile = bundle.profile_as(
        zone=bundle.zone_of(event.client), person=event.person, at=event.at, overlay=EMPTY_OVERLAY
    )
    return decision(
        bundle, event.host, profile, judge(bundle, event.host, event.path, profile, bundle.moment(event.at))
    )


def event_by_event(events, before, after):
    return dict(Counter(key for event in events for key in turns_of(event, before, after)))


SCHEDULES = """schedules:
  lunch: {days: mon-fri, from: "12:00", to: "13:00", in: term}
  night: {from: "22:15", to: "06:45"}
  club: {days: sat-sun, from: "01:30", to: "02:10"}
"""


@pytest.mark.parametrize("day", [datetime(2026, 10, 24, tzinfo=UTC), datetime(2027, 3, 27, tzinfo=UTC)])
def test_the_minutes_of_a_replay_are_those_of_the_timetable_over_both_clock_changes(world, day):
    base = BASE[: BASE.index("schedules:")] + SCHEDULES
    rules = (
        "level: school, block: 'site:a.example', when: lunch",
        "level: school, block: 'site:b.example', when: night",
        "level: school, block: 'site:c.example', outside: club",
        "level: school, block: 'site:d.example', until: 2027-03-27",
    )
    bundle = world.edition("timed", *rules, base=base)
    first = int(day.timestamp() // 60)
    found = _moments(bundle, first, first + 3 * 1440)
    afresh = [bundle.moment(datetime.fromtimestamp(minute * 60, UTC)) for minute in range(first, first + 3 * 1440 + 1)]
    assert found == afresh
    assert len(set(found)) >= 3
