"""Why? Every step of a decision in plain words, and never another decision than the filter's own."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import Overlay, Permit, Session, SwitchedOff, parse_request, person_key
from drystone.engine.filtering.explain import (
    ACCESS,
    CATEGORY,
    DEFAULT,
    HELP,
    LOCKED,
    MANDATORY,
    SAFE,
    SITE,
    Outcome,
    explain,
)
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.words import Access
from tests.engine.filtering.bundles import (
    BASE,
    ELSEWHERE,
    MONDAY_MORNING,
    MONDAY_NOON,
    OFFICE,
    PUPIL,
    make_bundle,
)

KEY = school_key("fellside")
RULES = (
    "level: global, block: 'category:gambling'",
    "level: global, block: 'site:evil.example', locked: true",
    "level: school, allow: 'site:bets.example'",
    "level: zone, zone: suite, block: 'site:bets.example/x'",
    "level: group, group: ks2, block: 'category:games', when: lunch",
    "level: group, group: staff, allow: 'category:gambling'",
    "level: school, block: 'expression:/secret'",
    "level: school, block: 'site:old.example', until: 2026-11-20",
    "level: person, person: asmith, allow: 'site:casino.example'",
)


def told(bundle, url, *, client=PUPIL, user="", at=MONDAY_NOON, overlay=None):
    return explain(parse_request(url, client=client, at=at, user=user), bundle, overlay)


def found(explanation, key):
    return next(each for step in explanation.steps for each in step.considered if each.key == key)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("explained"), *RULES)


@pytest.mark.parametrize(
    ("url", "asker", "step"),
    [
        ("http://illegal.example/", {}, MANDATORY),
        ("http://www.childline.org.uk/", {}, HELP),
        ("http://bbc.co.uk/", {"user": "pupil1"}, ACCESS),
        ("http://evil.example/", {}, LOCKED),
        ("http://bets.example/", {}, SITE),
        ("http://casino.example/", {}, CATEGORY),
        ("http://bbc.co.uk/", {}, DEFAULT),
    ],
)
def test_one_step_of_the_seven_speaks_and_what_follows_is_not_reached(bundle, url, asker, step):
    steps = told(bundle, url, **asker).steps
    assert [each.number for each in steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [each.number for each in steps if each.spoke] == [step]
    assert [each.number for each in steps[:7] if each.reached] == list(range(1, step + 1))
    assert steps[step - 1].sentence
    assert all(each.sentence for each in steps)


def test_each_rule_that_is_about_the_site_says_what_became_of_it(bundle):
    """P35: which rules were considered, which spoke, what lost and why."""
    why = told(bundle, "http://bets.example/x")
    assert why.decision.rule == "zone-1"
    outcomes = {
        each.key: (each.outcome, each.why) for step in why.steps for each in step.considered if each.rule is not None
    }
    assert outcomes == {
        "zone-1": (Outcome.SPOKE, ""),
        "school-1": (Outcome.LOST, "a rule for this place speaks before a rule of the school"),
        "global-1": (Outcome.LOST, "step 5 had decided already"),
        "group-1": (Outcome.LOST, "step 5 had decided already"),
        "group-2": (Outcome.NOT_THEM, "it is for Staff"),
    }


def test_a_rule_out_of_its_time_says_so(bundle):
    why = told(bundle, "http://games.example/", at=MONDAY_MORNING)
    assert why.decision.rule == "default"
    assert (found(why, "group-1").outcome, found(why, "group-1").why) == (
        Outcome.NOT_NOW,
        "it holds only during “lunch”",
    )
    over = found(told(bundle, "http://old.example/"), "school-3")
    assert (over.outcome, over.why) == (Outcome.NOT_NOW, "it ended on 20 November 2026")


def test_lists_are_named_with_the_entry_that_covers_the_site(bundle):
    why = told(bundle, "http://www.mixed.example/lotto/1")
    assert found(why, "gambling").sentence == "Gambling: on the list gambling, as mixed.example/lotto"
    why = told(bundle, "http://a.b.bets.example/")
    assert [each.sentence for each in why.steps[CATEGORY - 1].considered if each.outcome is Outcome.FACT] == [
        "Gambling: on the list gambling, as bets.example",
        "Games: on the list games, as bets.example",
    ]
    illegal = told(bundle, "http://x.illegal.example/").steps[MANDATORY - 1].considered
    assert [(each.key, each.outcome) for each in illegal] == [("iwf", Outcome.SPOKE)]


def test_of_two_rules_for_a_site_the_longer_is_said_to_speak_first(tmp_path):
    made = make_bundle(
        tmp_path,
        "level: school, allow: 'site:a.example'",
        "level: school, block: 'site:a.example/x'",
        "level: school, block: 'site:b.example'",
        "level: school, allow: 'site:b.example'",
    )
    lost = found(told(made, "http://a.example/x"), "school-1")
    assert lost.why == "another is about a longer part of the address, and speaks before it"
    assert found(told(made, "http://b.example/"), "school-4").why == "a block speaks before it"


def test_a_group_that_reads_its_categories_in_order_says_so(tmp_path):
    base = BASE.replace("ks2: {default: allow,", "ks2: {default: allow, match: first,")
    made = make_bundle(
        tmp_path, "level: school, allow: 'category:games'", "level: school, block: 'category:gambling'", base=base
    )
    why = told(made, "http://bets.example/")
    assert why.decision.rule == "school-1"
    assert found(why, "school-2").why == "the rules of this group are read in order, and another comes before it"


def test_a_permit_is_told_whether_it_spoke_or_lost(bundle):
    hour = timedelta(hours=1)
    given = Permit("9", "casino.example", reason="maths", since=MONDAY_NOON - hour, until=MONDAY_NOON + hour)
    why = told(bundle, "http://casino.example/", overlay=Overlay(permits=(given,)))
    assert found(why, "permit:9").outcome is Outcome.SPOKE
    assert why.decided_by.number == SITE
    locked = Permit("9", "evil.example", since=MONDAY_NOON - hour)
    lost = found(told(bundle, "http://evil.example/", overlay=Overlay(permits=(locked,))), "permit:9")
    assert (lost.outcome, lost.why) == (Outcome.LOST, "step 4 had decided already")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://www.bing.com/", "Its searches are made safe: the connection goes to strict.bing.com."),
        ("http://bbc.co.uk/", "It is no search engine that could be made safe."),
    ],
)
def test_safe_search_has_its_own_sentence(bundle, url, sentence):
    """P59"""
    assert told(bundle, url).steps[SAFE - 1].sentence == sentence
    assert "safe search off" in told(bundle, "http://www.bing.com/", client=OFFICE).steps[SAFE - 1].sentence


def test_an_address_that_cannot_be_read_has_no_steps_and_a_reason(bundle):
    why = told(bundle, "http://a..b/")
    assert (why.steps, why.decision.rule) == ((), "unreadable")


HOSTS = (
    "bets.example", "casino.example", "games.example", "evil.example", "illegal.example", "www.bing.com", "bbc.co.uk",
    "www.childline.org.uk", "chat.example", "old.example", "host.example", "mixed.example", "www.youtube.com",
)  # fmt: skip
PERSON = person_key(KEY, "asmith")
HOUR = timedelta(hours=1)
permits = st.builds(
    Permit,
    id=st.just("1"),
    host=st.sampled_from(HOSTS),
    path=st.sampled_from(["", "/x", "/bad"]),
    level=st.sampled_from(["school", "group", "zone", "person"]),
    key=st.sampled_from(["", "ks2", "suite"]),
    people=st.sampled_from([frozenset(), frozenset({PERSON})]),
    since=st.just(MONDAY_MORNING),
    until=st.sampled_from([None, MONDAY_NOON]),
)
overlays = st.builds(
    Overlay,
    access=st.sampled_from([{}, {PERSON: Access.NONE}, {PERSON: Access.OPEN}]),
    switched_off=st.sampled_from([(), (SwitchedOff("Class 3B", group="ks2"),)]),
    sessions=st.sampled_from([{}, {PUPIL: (Session(PERSON, MONDAY_MORNING, MONDAY_NOON + HOUR),)}]),
    permits=permits.map(lambda permit: (permit,)) | st.just(()),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    host=st.sampled_from(HOSTS),
    path=st.sampled_from(["", "/", "/x", "/x/1", "/bad", "/lotto", "/secret", "/banner/"]),
    client=st.sampled_from([PUPIL, OFFICE, ELSEWHERE, "nonsense"]),
    user=st.sampled_from(["", "asmith", "pupil1", "pupil2", "stranger"]),
    at=st.sampled_from([MONDAY_MORNING, MONDAY_NOON]),
    overlay=overlays,
)
def test_an_explanation_never_says_anything_else_than_the_decision(bundle, host, path, client, user, at, overlay):
    request = parse_request(f"http://{host}{path}", client=client, at=at, user=user)
    why = explain(request, bundle, overlay)
    assert why.decision == bundle.decide(request, overlay)
    spoke = [each for step in why.steps for each in step.considered if each.outcome is Outcome.SPOKE]
    assert len(spoke) == (0 if why.decided_by.number in (ACCESS, DEFAULT) else max(len(spoke), 1))
    if why.decided_by.number in (LOCKED, SITE, CATEGORY):
        assert [each.key for each in spoke] == [why.decision.rule]
    assert all(each.why or each.outcome in (Outcome.SPOKE, Outcome.FACT) for s in why.steps for each in s.considered)
