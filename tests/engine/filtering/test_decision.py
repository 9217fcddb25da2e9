"""The seven steps of the decision, in their order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import (
    Action,
    Bundle,
    Level,
    Overlay,
    Permit,
    Session,
    SwitchedOff,
    compile_bundle,
    parse_rules,
    person_key,
)
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.overlay import Device
from drystone.engine.filtering.safesearch import SAFE_HOSTS
from drystone.engine.filtering.words import Access
from tests.engine.filtering.bundles import (
    BASE,
    ELSEWHERE,
    LISTS,
    MONDAY_MORNING,
    MONDAY_NOON,
    OFFICE,
    PUPIL,
    ask,
    make_bundle,
    rules_text,
    write_lists,
)

KEY = school_key("fellside")


def said(decision):
    return (decision.action, decision.rule, decision.level)


# 1. Mandatory lists


@pytest.mark.parametrize(("client", "user"), [(PUPIL, ""), (OFFICE, ""), (OFFICE, "asmith"), (ELSEWHERE, "")])
@pytest.mark.parametrize(
    "url",
    ["http://illegal.example/", "http://sub.illegal.example/x", "illegal.example:443", "http://host.example/bad/1"],
)
def test_nothing_opens_what_a_mandatory_list_names(tmp_path, client, user, url):
    """FM7: not a rule of any level, not help, not for any role."""
    bundle = make_bundle(
        tmp_path,
        "level: person, person: asmith, allow: 'site:illegal.example'",
        "level: zone, zone: office, allow: 'site:illegal.example'",
        "level: global, allow: 'site:illegal.example', locked: true",
        "level: school, allow: 'site:host.example/bad'",
        base=BASE.replace("help: [", "help: [illegal.example, host.example, "),
    )
    decision = ask(bundle, url, client=client, user=user)
    assert said(decision) == (Action.BLOCK, "mandatory", Level.MANDATORY)
    assert (decision.category, decision.list) == ("illegal", "iwf")


# 2. Help


@pytest.mark.parametrize(
    "url", ["http://www.childline.org.uk/x", "childline.org.uk:443", "http://help.fellside.example/"]
)
def test_help_is_open_to_everyone_whatever_stands_against_it(tmp_path, url):
    """P13"""
    bundle = make_bundle(
        tmp_path,
        "level: global, block: 'site:childline.org.uk', locked: true",
        "level: global, block: 'site:fellside.example', locked: true",
        lists={**LISTS, "games": {"domains": "childline.org.uk\n"}},
    )
    for client, user in [(PUPIL, ""), (PUPIL, "pupil1"), (PUPIL, "pupil2"), (ELSEWHERE, ""), ("nonsense", "")]:
        decision = ask(bundle, url, client=client, user=user)
        assert said(decision) == (Action.ALLOW, "help", Level.HELP)


def test_a_site_whose_name_only_looks_like_help_is_not_help(tmp_path):
    bundle = make_bundle(tmp_path)
    for url in ("http://childline.org.uk.evil.example/", "http://notchildline.org.uk/"):
        assert ask(bundle, url, client=ELSEWHERE).level == Level.PROFILE


# 3. Access


@pytest.mark.parametrize(("user", "rule"), [("pupil1", "agreement"), ("pupil2", "suspended"), ("PUPIL1 ", "agreement")])
def test_a_person_without_agreement_or_with_access_suspended_is_blocked(tmp_path, user, rule):
    """P64: no agreement, no Internet."""
    decision = ask(make_bundle(tmp_path, "level: school, allow: 'site:bbc.co.uk'"), "http://bbc.co.uk/", user=user)
    assert said(decision) == (Action.BLOCK, rule, Level.ACCESS)
    assert decision.person == person_key(KEY, user)


def test_the_overlay_gives_and_takes_access_without_a_new_bundle(tmp_path):
    bundle = make_bundle(tmp_path)
    signed = Overlay(access={person_key(KEY, "pupil1"): Access.OPEN, person_key(KEY, "asmith"): Access.SUSPENDED})
    assert not ask(bundle, "http://bbc.co.uk/", user="pupil1", overlay=signed).blocked
    assert ask(bundle, "http://bbc.co.uk/", user="asmith", overlay=signed).rule == "suspended"
    assert ask(bundle, "http://bbc.co.uk/", user="pupil1", overlay=Overlay()).rule == "agreement"


def test_a_group_without_access_is_blocked(tmp_path):
    bundle = make_bundle(
        tmp_path, base=BASE.replace("ks2: {default: allow,", "ks2: {access: suspended, default: allow,")
    )
    assert ask(bundle, "http://bbc.co.uk/").rule == "suspended"
    assert not ask(bundle, "http://bbc.co.uk/", client=OFFICE).blocked


def test_a_class_that_is_switched_off_comes_back_at_its_time(tmp_path):
    bundle = make_bundle(tmp_path)
    one = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    off = Overlay(switched_off=(SwitchedOff("Class 3B", group="ks2", until=one),))
    decision = ask(bundle, "http://bbc.co.uk/", overlay=off, at=MONDAY_NOON)
    assert said(decision) == (Action.BLOCK, "switched-off", Level.ACCESS)
    assert "Class 3B" in decision.reason
    assert not ask(bundle, "http://bbc.co.uk/", client=OFFICE, overlay=off).blocked
    assert not ask(bundle, "http://bbc.co.uk/", overlay=off, at=one).blocked
    assert ask(bundle, "http://bbc.co.uk/", overlay=off, at=MONDAY_NOON).blocked, "a clock set back is no way out"


def test_a_session_names_the_person_only_while_it_lasts(tmp_path):
    """P62: the person who had the address then."""
    bundle = make_bundle(tmp_path)
    person = person_key(KEY, "asmith")
    half_past = MONDAY_NOON.replace(minute=45)
    overlay = Overlay(sessions={PUPIL: (Session(person, MONDAY_NOON, half_past),)})
    during = ask(bundle, "http://bbc.co.uk/", overlay=overlay, at=MONDAY_NOON)
    assert (during.person, during.group, during.zone) == (person, "staff", "suite")
    after = ask(bundle, "http://bbc.co.uk/", overlay=overlay, at=half_past)
    assert (after.person, after.group) == ("", "ks2")


def test_a_zone_may_ask_for_a_sign_on_by_someone_it_knows(tmp_path):
    base = BASE.replace("group: ks2, name: ICT suite", "group: ks2, name: ICT suite, require_person: true")
    bundle = make_bundle(tmp_path, base=base)
    assert ask(bundle, "http://bbc.co.uk/").rule == "sign-on"
    assert ask(bundle, "http://bbc.co.uk/", user="nobody.knows").rule == "sign-on"
    assert not ask(bundle, "http://bbc.co.uk/", user="asmith").blocked
    new = Overlay(access={person_key(KEY, "new.pupil"): Access.OPEN})
    assert not ask(bundle, "http://bbc.co.uk/", user="new.pupil", overlay=new).blocked


def test_a_client_in_no_zone_is_everyone_else_or_blocked(tmp_path):
    assert ask(make_bundle(tmp_path / "a"), "http://bbc.co.uk/", client=ELSEWHERE).group == "ks1"
    bundle = make_bundle(tmp_path / "b", base=BASE.replace("everyone_else: {group: ks1}", ""))
    for client in (ELSEWHERE, "nonsense", "-", ""):
        for user in ("", "asmith"):
            assert ask(bundle, "http://bbc.co.uk/", client=client, user=user).rule == "zone"


def test_a_client_is_in_its_zone_however_its_address_is_written(tmp_path):
    bundle = make_bundle(tmp_path)
    for client in ("10.2.255.255", "::ffff:10.2.0.7", "2001:db8:2:ffff::1", "2001:DB8:2::7%eth0"):
        assert ask(bundle, "http://bbc.co.uk/", client=client).zone == "office"
    assert ask(bundle, "http://bbc.co.uk/", client="10.3.0.1").zone == ""


def test_a_bundle_that_demands_an_overlay_opens_nothing_but_help_without_one(tmp_path):
    lists, rules = write_lists(tmp_path / "lists"), parse_rules(rules_text())
    compile_bundle(lists, rules, tmp_path / "current", overlay_required=True)
    bundle = Bundle.open(tmp_path / "current")
    assert said(ask(bundle, "http://bbc.co.uk/", client=OFFICE)) == (Action.BLOCK, "overlay", Level.ACCESS)
    assert not ask(bundle, "http://childline.org.uk/").blocked
    assert not ask(bundle, "http://bbc.co.uk/", client=OFFICE, overlay=Overlay()).blocked


# 4. Locked global rules


def test_a_locked_global_rule_is_stronger_than_any_level(tmp_path):
    """P35"""
    bundle = make_bundle(
        tmp_path,
        "level: person, person: asmith, allow: 'site:casino.example'",
        "level: global, block: 'category:gambling', locked: true, id: council",
    )
    assert ask(bundle, "http://casino.example/", client=OFFICE, user="asmith").rule == "council"


def test_among_locked_rules_a_site_goes_before_a_category(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: global, block: 'category:gambling', locked: true, id: category",
        "level: global, allow: 'site:casino.example', locked: true, id: site",
        "level: school, block: 'site:casino.example', id: school",
    )
    assert ask(bundle, "http://casino.example/").rule == "site"
    assert ask(bundle, "http://bets.example/").rule == "category"


# 5. Rules for sites

LEVELS = {
    "person": "level: person, person: asmith",
    "zone": "level: zone, zone: office",
    "group": "level: group, group: staff",
    "school": "level: school",
    "global": "level: global",
}


@pytest.mark.parametrize("target", ["site:casino.example", "category:gambling", "expression:casino"])
@pytest.mark.parametrize("general", [1, 2, 3, 4])
def test_the_more_specific_level_decides(tmp_path, target, general):
    """P35: person, zone, group, school, global."""
    names = list(LEVELS)
    for specific in range(general):
        for action, other in (("allow", "block"), ("block", "allow")):
            bundle = make_bundle(
                tmp_path / f"{specific}{action}",
                f"{LEVELS[names[general]]}, {other}: '{target}', id: general",
                f"{LEVELS[names[specific]]}, {action}: '{target}', id: specific",
            )
            decision = ask(bundle, "http://casino.example/", client=OFFICE, user="asmith")
            assert (decision.rule, decision.action, decision.level) == ("specific", action, names[specific])


def test_a_site_rule_of_any_level_goes_before_a_category_rule_of_any_level(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: person, person: asmith, block: 'category:gambling', id: category",
        "level: global, allow: 'site:casino.example', id: site",
    )
    assert ask(bundle, "http://casino.example/", client=OFFICE, user="asmith").rule == "site"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://x.example/", "domain"),
        ("http://sub.x.example/", "host"),
        ("http://sub.x.example/apply", "path"),
        ("http://www.sub.x.example/apply/now?x=1", "path"),
        ("http://sub.x.example/apply/secret", "longer"),
        ("http://sub.x.example/applying", "host"),
        ("http://a.sub.x.example/apply", "host"),
        ("sub.x.example:443", "host"),
    ],
)
def test_at_one_level_the_longer_match_wins(tmp_path, url, rule):
    bundle = make_bundle(
        tmp_path,
        "level: school, block: 'site:x.example', id: domain",
        "level: school, allow: 'site:sub.x.example', id: host",
        "level: school, block: 'site:sub.x.example/apply', id: path",
        "level: school, allow: 'site:sub.x.example/apply/secret', id: longer",
    )
    assert ask(bundle, url).rule == rule


def test_of_two_rules_for_the_same_site_at_one_level_the_block_wins(tmp_path):
    for order in (("allow", "block"), ("block", "allow")):
        rules = [f"level: school, {action}: 'site:x.example', id: {action}" for action in order]
        assert ask(make_bundle(tmp_path / order[0], *rules), "http://x.example/").rule == "block"


def test_an_expression_that_reaches_into_the_path_is_longer_than_a_host(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, allow: 'site:search.example', id: host",
        "level: school, block: 'expression:[?&]q=casino', id: words",
        "level: school, block: 'expression:search', id: name",
        "level: school, allow: 'site:search.example/help/casino/rules', id: path",
    )
    assert ask(bundle, "http://search.example/?q=casino").rule == "words"
    assert ask(bundle, "http://search.example/?q=sums").rule == "host"
    assert ask(bundle, "http://research.example/").rule == "name"
    assert ask(bundle, "http://search.example/help/casino/rules?q=casino").rule == "words"
    assert ask(bundle, "http://search.example/help/casino/rules").rule == "path"
    assert ask(bundle, "search.example:443").rule == "host"


def test_a_rule_for_an_address_holds_for_every_spelling_of_it(tmp_path):
    bundle = make_bundle(tmp_path, "level: school, block: 'site:93.184.216.34'")
    for url in (
        "http://93.184.216.34/",
        "http://1572395042/",
        "http://0x5d.0270.216.34/",
        "http://[::ffff:5db8:d822]/",
    ):
        assert ask(bundle, url).blocked


def test_a_host_that_cannot_be_read_is_blocked_for_everyone(tmp_path):
    bundle = make_bundle(tmp_path, "level: global, allow: 'expression:.', locked: true")
    for url in (
        "http://a..b/",
        "http://999.1.1.1/",
        "http://[fe80::1%25eth0]/",
        "http://x.example:99999/",
        "",
        "http://%00/",
    ):
        for client in (PUPIL, OFFICE):
            assert ask(bundle, url, client=client).rule == "unreadable"
            assert ask(bundle, url, client=client).blocked


# 6. Rules for categories


def test_of_a_site_in_several_categories_one_blocked_is_enough(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, allow: 'category:games', id: games",
        "level: school, block: 'category:gambling', id: gambling",
    )
    assert ask(bundle, "http://bets.example/").rule == "gambling"
    assert ask(bundle, "http://games.example/").rule == "games"


def test_a_group_may_read_its_category_rules_in_order_as_squidguard_does(tmp_path):
    base = BASE.replace("ks2: {default: allow,", "ks2: {match: first, default: allow,")
    rules = (
        "level: school, allow: 'category:games', id: games",
        "level: school, block: 'category:gambling', id: gambling",
    )
    bundle = make_bundle(tmp_path, *rules, base=base)
    assert ask(bundle, "http://bets.example/").rule == "games"
    assert ask(bundle, "http://bets.example/", client=OFFICE).rule == "gambling"


def test_the_categories_of_every_domain_above_a_host_count(tmp_path):
    lists = {**LISTS, "games": {"domains": "fun.bets.example\n"}}
    bundle = make_bundle(tmp_path, "level: school, block: 'category:gambling'", lists=lists)
    decision = ask(bundle, "http://fun.bets.example/")
    assert (decision.action, decision.category, decision.list) == (Action.BLOCK, "gambling", "gambling")


def test_expressions_and_url_entries_of_a_list_put_a_page_in_its_category(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, block: 'category:chat', id: chat",
        "level: school, block: 'category:gambling', id: gambling",
    )
    assert ask(bundle, "http://x.example/Banner/1").rule == "chat"
    assert ask(bundle, "http://www.mixed.example/LOTTO/1").rule == "gambling"
    assert not ask(bundle, "http://mixed.example/lottology").blocked
    assert not ask(bundle, "mixed.example:443").blocked


# 7. The profile's default


def test_the_default_decides_where_no_rule_speaks(tmp_path):
    """P14: allow-list only for the youngest."""
    bundle = make_bundle(tmp_path, "level: group, group: ks1, allow: 'category:games'")
    assert said(ask(bundle, "http://bbc.co.uk/")) == (Action.ALLOW, "default", Level.PROFILE)
    assert said(ask(bundle, "http://bbc.co.uk/", client=ELSEWHERE)) == (Action.BLOCK, "default", Level.PROFILE)
    assert not ask(bundle, "http://games.example/", client=ELSEWHERE).blocked


def test_a_decision_by_default_still_says_the_category(tmp_path):
    decision = ask(make_bundle(tmp_path), "http://games.example/")
    assert (decision.category, decision.list, decision.rule) == ("games", "games", "default")


# Schedules


def test_a_rule_holds_in_its_schedule_and_up_to_its_last_day(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, block: 'category:games', outside: lunch, id: lessons",
        "level: zone, zone: office, allow: 'site:jobs.example/apply', when: lunch, until: 2026-11-23, id: vacancy",
    )
    assert ask(bundle, "http://games.example/", at=MONDAY_MORNING).rule == "lessons"
    assert ask(bundle, "http://games.example/", at=MONDAY_NOON).rule == "default"
    for at, rule in [
        (MONDAY_NOON, "vacancy"),
        (MONDAY_MORNING, "default"),
        (datetime(2026, 11, 23, 12, 59, 59, tzinfo=UTC), "vacancy"),
        (datetime(2026, 11, 23, 13, 0, tzinfo=UTC), "default"),
        (datetime(2026, 11, 24, 12, 30, tzinfo=UTC), "default"),
    ]:
        assert ask(bundle, "http://jobs.example/apply", client=OFFICE, at=at).rule == rule


# Safe search


@pytest.mark.parametrize(
    ("host", "safe"),
    [
        ("www.google.com", "forcesafesearch.google.com"),
        ("www.google.co.uk", "forcesafesearch.google.com"),
        ("www.google.com.au", "forcesafesearch.google.com"),
        ("www.bing.com", "strict.bing.com"),
        ("edgeservices.bing.com", "strict.bing.com"),
        ("duckduckgo.com", "safe.duckduckgo.com"),
        ("start.duckduckgo.com", "safe.duckduckgo.com"),
        ("www.youtube.com", "restrict.youtube.com"),
        ("youtubei.googleapis.com", "restrict.youtube.com"),
        ("www.ecosia.org", "strict-safe-search.ecosia.org"),
        ("pixabay.com", "safesearch.pixabay.com"),
    ],
)
def test_an_allowed_search_engine_is_answered_with_its_safe_host(tmp_path, host, safe):
    """FM12, P59"""
    bundle = make_bundle(tmp_path)
    for url in (f"{host}:443", f"http://{host.upper()}./search?q=x"):
        decision = ask(bundle, url)
        assert (decision.action, decision.safe_host) == (Action.SAFE_SEARCH, safe)
        assert not decision.blocked
        assert ask(bundle, url, client=OFFICE).action is Action.ALLOW


def test_safe_search_opens_nothing_that_is_blocked_and_takes_no_strange_host_for_an_engine(tmp_path):
    bundle = make_bundle(tmp_path, "level: school, block: 'site:bing.com'")
    assert ask(bundle, "www.bing.com:443").action is Action.BLOCK
    for host in ("www.google.evil.example", "www.google.com.evil.example", "google.com.example", "mail.google.com"):
        assert ask(bundle, f"{host}:443").action is Action.ALLOW


@pytest.mark.parametrize(("level", "safe"), [("moderate", "restrictmoderate.youtube.com"), ("off", "")])
def test_youtube_has_a_level_of_its_own(tmp_path, level, safe):
    bundle = make_bundle(tmp_path, base=BASE.replace("youtube: strict", f"youtube: '{level}'"))
    assert ask(bundle, "www.youtube.com:443").safe_host == safe


def test_every_country_domain_of_google_is_known():
    assert sum(safe == "forcesafesearch.google.com" for safe in SAFE_HOSTS.values()) > 185


# Reasons


def test_reasons_are_sentences_a_teacher_can_read(tmp_path):
    bundle = make_bundle(
        tmp_path,
        "level: school, group: ks2, block: 'category:gambling'",
        "level: global, block: 'site:x.example'",
    )
    assert ask(bundle, "http://casino.example/").reason == (
        "Gambling: blocked for Key Stage 2 by a rule of the school (because), made by head."
    )
    assert ask(bundle, "http://x.example/").reason == (
        "This site: blocked by a rule for every school (because), made by head."
    )
    assert ask(bundle, "http://illegal.example/").reason.startswith("Illegal content: ")
    assert "Key Stage 2" in ask(bundle, "http://bbc.co.uk/").reason


# Laws

HOSTS = ["casino.example", "bets.example", "games.example", "chat.example", "a.casino.example", "plain.example"]
PATHS = ["", "/", "/lotto", "/banner/x", "/?q=casino"]
TARGETS = [*(f"site:{host}" for host in HOSTS), "site:casino.example/lotto", "category:gambling", "category:games"]
TARGETS += ["category:chat", "expression:[?&]q=casino", "expression:casino"]
RULES = st.builds(
    lambda scope, action, target, schedule, locked: (
        f"{scope}, {action}: '{target}'{schedule}{', locked: true' if locked and 'global' in scope else ''}"
    ),
    st.sampled_from(list(LEVELS.values())),
    st.sampled_from(["allow", "block"]),
    st.sampled_from(TARGETS),
    st.sampled_from(["", ", when: lunch", ", outside: lunch"]),
    st.booleans(),
)
MILDER = {Action.BLOCK: 0, Action.SAFE_SEARCH: 1, Action.ALLOW: 1}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RULES, max_size=8), st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.booleans())
def test_adding_a_mandatory_entry_never_makes_a_decision_milder(tmp_path_factory, rules, listed, asked, lunch):
    """FM7"""
    folder = tmp_path_factory.mktemp("law")
    before = make_bundle(folder / "before", *rules)
    more = {**LISTS, "iwf": {**LISTS["iwf"], "domains": f"illegal.example\n{listed}\n"}}
    after = make_bundle(folder / "after", *rules, lists=more)
    at = MONDAY_NOON if lunch else MONDAY_MORNING
    for path in PATHS:
        for client, user in [(PUPIL, ""), (OFFICE, "asmith"), (ELSEWHERE, "")]:
            first, second = (ask(b, f"http://{asked}{path}", client=client, user=user, at=at) for b in (before, after))
            assert MILDER[second.action] <= MILDER[first.action]
            if asked == listed or asked.endswith(f".{listed}"):
                assert second.level == Level.MANDATORY


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RULES, max_size=6), st.sampled_from(HOSTS), st.sampled_from(PATHS), st.sampled_from(["allow", "block"]))
def test_a_rule_for_a_person_and_a_site_decides_unless_one_is_locked_or_longer(
    tmp_path_factory, rules, host, path, action
):
    mine = f"level: person, person: asmith, {action}: 'site:{host}', id: mine"
    others = [rule for rule in rules if "locked" not in rule and "person" not in rule]
    bundle = make_bundle(tmp_path_factory.mktemp("law"), *others, mine)
    assert ask(bundle, f"http://{host}{path}", client=OFFICE, user="asmith").rule == "mine"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RULES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rules_in_the_file_decides_no_action(tmp_path_factory, rules, random):
    """But for groups that read by `match: first`."""
    folder = tmp_path_factory.mktemp("law")
    shuffled = list(rules)
    random.shuffle(shuffled)
    first, second = make_bundle(folder / "a", *rules), make_bundle(folder / "b", *shuffled)
    for host in HOSTS:
        for path in PATHS:
            url = f"http://{host}{path}"
            one, other = (ask(bundle, url, client=OFFICE, user="asmith") for bundle in (first, second))
            assert one.action is other.action


# Permits: what a request for a review opened for a while (step 5)


def permits(*given):
    return Overlay(permits=given)


def permit(host="casino.example", path="", *, at=MONDAY_NOON, **more):
    return Permit("1", host, path, since=at - timedelta(hours=1), until=at + timedelta(hours=1), **more)


GAMBLING_OFF = "level: school, block: 'category:gambling'"


def test_a_permit_opens_a_site_of_a_blocked_category_for_those_it_was_given_to(tmp_path):
    """P35: flexible; the event names the permit, and the reason says for whom and until when."""
    bundle = make_bundle(tmp_path, GAMBLING_OFF)
    for_group = permits(permit(level=Level.GROUP, key="ks2", reason="maths of chance"))
    opened = ask(bundle, "http://www.casino.example/", overlay=for_group)
    assert said(opened) == (Action.ALLOW, "permit:1", Level.GROUP)
    assert (opened.category, opened.list) == ("gambling", "gambling")
    assert opened.reason == (
        "This site: opened on request for Key Stage 2, until 1:30pm on 23 November 2026 (maths of chance)."
    )
    assert ask(bundle, "http://casino.example/", client=OFFICE, overlay=for_group).blocked
    assert ask(bundle, "http://bets.example/", overlay=for_group).blocked


@pytest.mark.parametrize(
    ("url", "rules", "rule"),
    [
        ("http://illegal.example/", (), "mandatory"),
        ("http://casino.example/", ("level: global, block: 'site:casino.example', locked: true",), "global-1"),
        ("http://casino.example/", ("level: global, block: 'category:gambling', locked: true",), "global-1"),
        ("http://casino.example/", ("level: person, person: asmith, block: 'site:casino.example'",), "person-1"),
        ("http://casino.example/", ("level: school, block: 'site:www.casino.example'",), "permit:1"),
        ("http://www.casino.example/", ("level: school, block: 'site:www.casino.example'",), "school-1"),
        ("http://casino.example/", ("level: school, block: 'site:casino.example'",), "school-1"),
        ("http://casino.example/", ("level: global, block: 'site:casino.example'",), "permit:1"),
        ("http://casino.example/x", ("level: school, block: 'site:casino.example/x'",), "school-1"),
        ("http://casino.example/abc", ("level: school, block: 'expression:/abc'",), "school-1"),
        ("http://casino.example/abc", ("level: global, block: 'expression:/abc'",), "permit:1"),
        ("http://casino.example/", ("level: person, person: asmith, block: 'category:gambling'",), "permit:1"),
    ],
)
def test_a_permit_has_the_place_of_an_allow_rule_of_its_level(tmp_path, url, rules, rule):
    """Never before a mandatory list or a locked rule; the more specific level, then the longer match, then a block."""
    bundle = make_bundle(tmp_path, *rules)
    overlay = permits(permit("casino.example"), permit("illegal.example"))
    assert ask(bundle, url, user="asmith", overlay=overlay).rule == rule


def test_a_permit_opens_nothing_for_somebody_without_an_agreement_or_switched_off(tmp_path):
    """P64"""
    bundle = make_bundle(tmp_path, GAMBLING_OFF)
    off = Overlay(permits=(permit(),), switched_off=(SwitchedOff("Class 3B", group="ks2"),))
    assert ask(bundle, "http://casino.example/", user="pupil1", overlay=permits(permit())).rule == "agreement"
    assert ask(bundle, "http://casino.example/", overlay=off).rule == "switched-off"


def test_a_permit_ends_on_the_millisecond_whatever_was_answered_before(tmp_path):
    """The same bundle and overlay are asked before, within and after: nothing that was kept outlives the permit."""
    bundle = make_bundle(tmp_path, GAMBLING_OFF)
    overlay = permits(permit())
    begin, end = MONDAY_NOON - timedelta(hours=1), MONDAY_NOON + timedelta(hours=1)
    blink = timedelta(milliseconds=1)
    times = (begin - blink, begin, end - blink, end, begin, end)
    answers = [ask(bundle, "http://casino.example/", at=at, overlay=overlay).blocked for at in times]
    assert answers == [True, False, False, True, False, True]
    assert bundle.profiles_stand(overlay, MONDAY_NOON) == (begin.timestamp(), end.timestamp())


def test_a_permit_for_part_of_a_site_opens_that_part_alone(tmp_path):
    bundle = make_bundle(tmp_path, GAMBLING_OFF)
    overlay = permits(permit("casino.example", "/odds/"))
    asked = [
        ("http://casino.example/odds", False),
        ("http://www.casino.example/ODDS/1", False),
        ("http://casino.example/oddsmaker", True),
        ("http://casino.example/", True),
        ("casino.example:443", True),  # the path of HTTPS is not seen
        ("http://casino.example/odds?x=1", False),
    ]
    for url, blocked in asked * 2:
        assert ask(bundle, url, overlay=overlay).blocked is blocked, url


def test_a_permit_of_a_class_counts_at_its_level_for_its_pupils_alone(tmp_path):
    """The order of levels is that of rules: a class stands with the groups, a child with the persons."""
    bundle = make_bundle(tmp_path, "level: zone, zone: office, block: 'site:casino.example'")
    person = frozenset({person_key(KEY, "asmith")})
    of_class = permits(permit(level=Level.GROUP, people=person))
    of_child = permits(permit(level=Level.PERSON, people=person))
    ask_them = {"client": OFFICE, "user": "asmith"}
    assert ask(bundle, "http://casino.example/", **ask_them, overlay=of_class).rule == "zone-1"
    assert ask(bundle, "http://casino.example/", **ask_them, overlay=of_child).rule == "permit:1"
    games = make_bundle(tmp_path / "b", GAMBLING_OFF)
    assert ask(games, "http://casino.example/", **ask_them, overlay=of_class).rule == "permit:1"
    assert ask(games, "http://casino.example/", client=OFFICE, overlay=of_class).rule == "school-1"


# -- devices that have an address of their own (P62)


def device(key="device-1", network=PUPIL + "/32", **fields):
    return Device(key, network, **({"since": MONDAY_NOON} | fields))


def test_a_registered_device_names_its_owner_while_it_is_theirs(tmp_path):
    bundle = make_bundle(tmp_path)
    ada, bea = person_key(KEY, "pupil1"), person_key(KEY, "asmith")
    later = MONDAY_NOON + timedelta(hours=1)
    overlay = Overlay(
        access={ada: Access.OPEN, bea: Access.OPEN},
        devices=(device(person=ada, until=later), device("device-2", person=bea, since=later)),
    )
    before = ask(bundle, "http://bbc.co.uk/", at=MONDAY_NOON - timedelta(seconds=1), overlay=overlay)
    assert (before.person, before.device) == ("", "")
    first = ask(bundle, "http://bbc.co.uk/", overlay=overlay)
    assert (first.person, first.device) == (ada, "device-1")
    second = ask(bundle, "http://bbc.co.uk/", at=later, overlay=overlay)
    assert (second.person, second.device) == (bea, "device-2")


def test_who_signs_on_goes_before_the_session_at_the_address_and_that_before_the_device_s_owner(tmp_path):
    bundle = make_bundle(tmp_path)
    by_device, by_session = person_key(KEY, "pupil1"), person_key(KEY, "bcole")
    hour = MONDAY_NOON + timedelta(hours=1)
    overlay = Overlay(
        access={by_device: Access.OPEN, by_session: Access.OPEN},
        sessions={PUPIL: (Session(by_session, MONDAY_NOON, hour),)},
        devices=(device(person=by_device),),
    )
    assert ask(bundle, "http://bbc.co.uk/", user="asmith", overlay=overlay).person == person_key(KEY, "asmith")
    assert ask(bundle, "http://bbc.co.uk/", overlay=overlay).person == by_session
    assert ask(bundle, "http://bbc.co.uk/", client=f"::ffff:{PUPIL}", overlay=overlay).person == by_session
    assert ask(bundle, "http://bbc.co.uk/", at=hour, overlay=overlay).person == by_device


def test_a_device_of_a_group_is_filtered_as_that_group_and_the_narrowest_range_counts(tmp_path):
    bundle = make_bundle(tmp_path)
    range_ = device("device-1", "10.1.0.0/16", group="staff")
    one = device("device-2", PUPIL + "/32", group="ks1")
    unknown = device("device-3", "10.1.0.0/16", group="a-group-not-yet-published")
    assert ask(bundle, "http://bbc.co.uk/", overlay=Overlay(devices=(range_,))).group == "staff"
    assert ask(bundle, "http://bbc.co.uk/", overlay=Overlay(devices=(range_, one))).group == "ks1"
    assert ask(bundle, "http://bbc.co.uk/", overlay=Overlay(devices=(unknown,))).group == "ks2"
