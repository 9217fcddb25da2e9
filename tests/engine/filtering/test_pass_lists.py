"""P35: what a rules file needs to say all that a squidGuard.conf says: lists read in order with an end, addresses,
dates, a person's group by zone, and the page in place of a blocked one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from drystone.engine.filtering import Action, Level, parse_request
from drystone.engine.filtering.explain import explain

from .bundles import MONDAY_MORNING, MONDAY_NOON, OFFICE, PUPIL, ask, make_bundle

BASE = """
categories:
  gambling: {lists: [gambling], redirect: "302:http://page.example/%t"}
  games: {lists: [games]}
  chat: {lists: [chat]}
  illegal: {lists: [iwf], mandatory: true}
groups:
  ks2: {default: block, match: first, redirect: "http://ks2.example/?%t"}
  staff: {default: allow}
  open: {default: allow}
calendar: {terms: [[2026-09-02, 2026-12-18]]}
zones:
  suite: {addresses: [10.1.0.0/16], group: ks2}
  office: {addresses: [10.2.0.0/16], group: staff}
people:
  cpatel: {group: staff, zones: {suite: open}}
schedules:
  lunch: {days: mon-fri, from: "12:00", to: "13:00"}
  feasts: {dates: ["*-12-25", 2026-11-20, [2026-12-28, 2027-01-01], "*-*-13"], from: "08:00", to: "20:00"}
  quiet-lunch: {when: lunch, outside: [feasts]}
"""


def test_everything_ends_a_list_that_is_read_in_order(tmp_path: Path) -> None:
    bundle = make_bundle(
        tmp_path,
        "level: group, group: ks2, allow: 'category:games'",
        "level: group, group: ks2, block: 'category:gambling'",
        "level: group, group: ks2, allow: 'any:site'",
        "level: group, group: ks2, block: 'category:chat'",
        base=BASE,
    )
    assert ask(bundle, "http://bets.example/").action is Action.ALLOW  # in both, and games stands first
    assert ask(bundle, "http://casino.example/").rule == "group-2"
    assert ask(bundle, "http://on-no-list.example/").rule == "group-3"
    assert ask(bundle, "http://chat.example/").rule == "group-3", "what stands after the end is never read"


def test_a_rule_for_everything_is_explained_in_words(tmp_path: Path) -> None:
    rules = "level: group, group: ks2, block: 'any:address'", "level: group, group: ks2, allow: 'any:site'"
    bundle = make_bundle(tmp_path, *rules, base=BASE)
    request = parse_request("http://9.9.9.9/", client=PUPIL, at=MONDAY_NOON)

    said = str(explain(request, bundle).steps)

    assert "Block every site that is asked for by a number and not by its name for Ks2: because (head)" in said
    assert "Allow every site for Ks2: because (head)" in said


def test_everything_opens_no_mandatory_site_and_closes_no_help(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, "level: group, group: ks2, allow: 'any:site'", base=BASE)
    assert ask(bundle, "http://illegal.example/").level == Level.MANDATORY
    bundle = make_bundle(tmp_path / "none", "level: global, block: 'any:site', locked: true", base=BASE)
    assert ask(bundle, "http://www.childline.org.uk/").level == Level.HELP


def test_a_rule_for_addresses_holds_for_every_spelling_of_one_and_for_no_name(tmp_path: Path) -> None:
    rules = "level: group, group: ks2, block: 'any:address'", "level: group, group: ks2, allow: 'any:site'"
    bundle = make_bundle(tmp_path, *rules, base=BASE)
    for host in ("93.184.216.34", "0x5db8d822", "1572395042", "[2001:db8::1]", "93.184.216.34.", "%39.9.9.9"):
        assert ask(bundle, f"http://{host}/").rule == "group-1", host
    for host in ("a1.example", "93.184.216.34.example", "x.example"):
        assert ask(bundle, f"http://{host}/").rule == "group-2", host


def test_a_rule_for_a_site_goes_before_one_for_everything(tmp_path: Path) -> None:
    rules = "level: group, group: ks2, block: 'any:site'", "level: school, allow: 'site:maths.example'"
    bundle = make_bundle(tmp_path, *rules, base=BASE)
    assert ask(bundle, "http://maths.example/").action is Action.ALLOW


def test_the_page_is_the_rules_then_the_categorys_then_the_groups(tmp_path: Path) -> None:
    bundle = make_bundle(
        tmp_path,
        "level: group, group: ks2, block: 'category:games', redirect: '303:http://rule.example/'",
        "level: group, group: ks2, block: 'category:gambling'",
        "level: group, group: ks2, block: 'any:address'",
        base=BASE,
    )

    def page(host: str, client: str = PUPIL) -> tuple[str, str]:
        profile = bundle.profile_for(client, "", None, MONDAY_NOON)
        verdict = bundle.verdict(host, "/", profile, bundle.moment(MONDAY_NOON))
        return verdict.redirect, verdict.target

    assert page("games.example") == ("303:http://rule.example/", "games")
    assert page("casino.example") == ("302:http://page.example/%t", "gambling")
    assert page("10.9.8.7") == ("http://ks2.example/?%t", "in-addr")
    assert page("x.example") == ("http://ks2.example/?%t", "")
    assert page("illegal.example") == ("http://ks2.example/?%t", "")
    assert page("") == ("http://ks2.example/?%t", "")
    assert page("x.example", OFFICE) == ("", ""), "what is open leads nowhere"


def test_a_person_has_another_group_in_some_zones(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, "level: group, group: staff, block: 'any:site'", base=BASE)
    assert ask(bundle, "http://x.example/", user="CPatel", client=OFFICE).group == "staff"
    assert ask(bundle, "http://x.example/", user="CPatel", client=PUPIL).group == "open"
    assert ask(bundle, "http://x.example/", client=PUPIL).group == "ks2"


def test_a_schedule_has_dates_and_may_hang_on_others(tmp_path: Path) -> None:
    bundle = make_bundle(
        tmp_path,
        "level: group, group: ks2, allow: 'category:games', when: feasts",
        "level: group, group: ks2, allow: 'category:gambling', when: quiet-lunch",
        base=BASE,
    )

    def open_at(host: str, at: str) -> bool:
        return not ask(bundle, f"http://{host}/", at=datetime.fromisoformat(at).replace(tzinfo=UTC)).blocked

    for at in ("2026-12-25T08:00", "2031-12-25T19:59", "2026-11-20T12:00", "2026-12-28T12:00", "2027-01-01T12:00"):
        assert open_at("games.example", at), at
    for at in ("2026-12-25T07:59", "2026-12-25T20:00", "2027-11-20T12:00", "2026-12-27T12:00", "2027-01-02T12:00"):
        assert not open_at("games.example", at), at
    assert open_at("casino.example", "2026-11-19T12:30")
    assert not open_at("casino.example", "2026-11-20T12:30"), "a feast, and so no quiet lunch"
    assert not open_at("casino.example", "2026-11-13T12:30"), "the thirteenth of any month"
    assert not ask(bundle, "http://casino.example/", at=MONDAY_NOON).blocked
    assert ask(bundle, "http://casino.example/", at=MONDAY_MORNING).blocked
