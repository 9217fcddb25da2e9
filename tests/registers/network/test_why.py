"""Why? on the screens: for an address and somebody, for the draft, and for a past event on its own edition."""

import os
import time
from datetime import datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from drystone.registers.network.api import explain_for, publish_first
from drystone.registers.network.editions import draft_edition
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.publishing import bundle_folder, edition_in_force, publish
from drystone.registers.network.services.rules import NewRule, add_rule, withdraw_rule
from drystone.registers.network.services.schedules import save_schedule
from drystone.registers.school.lake import lake
from drystone.registers.school.models import Role
from tests.registers.monitoring.conftest import log  # noqa: F401 - events, collected
from tests.registers.network.parts import person

MONDAY = datetime(2026, 11, 23, 12, 30, tzinfo=ZoneInfo("Europe/London"))


def block(place, site="news.example", **more):
    asked = NewRule(level=RuleLevel.SCHOOL, action=Rule.Action.BLOCK, target=f"site:{site}", reason="a trial", **more)
    return add_rule(school=place.school, by=place.head, asked=asked)


@pytest.fixture
def published(place):
    place.rule = block(place)
    publish_first(place.school, place.head)
    return place


def page(client, **asked):
    response = client.get(reverse("network:why"), asked)
    return response.status_code, response.content.decode()


def test_an_address_is_explained_for_a_zone_with_the_rule_that_decided(published, as_person):
    """P35: the whole chain in plain words, with a link to the rule."""
    status, text = page(as_person(published.technician), url="https://www.news.example/today", zone="suite")
    assert status == 200
    assert "Blocked" in text
    assert "This spoke." in text
    assert f'href="{reverse("network:rule", args=[published.rule.pk])}"' in text
    assert text.count("ds-steps__step ") + text.count('ds-steps__step"') == 8
    assert "ICT suite" in text


def test_the_draft_is_explained_apart_from_what_is_in_force(published, as_person):
    block(published, "weather.example")
    client = as_person(published.head)
    _, now = page(client, url="weather.example", zone="suite", edition="")
    _, draft = page(client, url="weather.example", zone="suite", edition="draft")
    assert "Blocked" not in now
    assert "Blocked" in draft
    assert "The draft, as it would be published now" in draft
    assert edition_in_force(published.school) in now


def test_drafts_share_the_index_stay_hidden_and_go_when_newer_ones_are_made(published):
    """P35: trying things out fills no disk, and no gateway can take a draft for an edition."""
    folder = bundle_folder(published.school)
    first = draft_edition(published.school)
    assert first.folder.parent == folder / ".draft"
    in_force = folder / edition_in_force(published.school)
    assert (first.folder / "sites.trie").samefile(in_force / "sites.trie")
    long_ago = time.time() - 3600
    os.utime(first.folder, (long_ago, long_ago))
    block(published, "weather.example")
    second = draft_edition(published.school)
    assert second.edition != first.edition
    assert {path.name for path in (folder / ".draft").iterdir() if path.is_dir()} == {"current", second.edition}
    publish(school=published.school, by=published.head)
    assert second.folder.is_dir()


def test_a_schedule_is_called_by_its_name(published):
    golden = save_schedule(
        school=published.school, by=None, name="Golden time", days={4}, starts=clock(14), ends=clock(15), within=""
    )
    block(published, "games.example", timing=Rule.Timing.WHEN, schedule=golden)
    found = explain_for(published.school, "games.example", zone="suite", at=MONDAY, edition="draft")
    (rule,) = found.steps[4].considered
    assert rule.why == "it holds only during “Golden time”"


def test_a_time_and_a_group_are_asked_for_and_heeded(published):
    found = explain_for(published.school, "http://news.example/", group="staff", at=MONDAY)
    assert (found.group, found.zone, found.at) == ("Staff", "Office", MONDAY)
    assert found.decision.rule == published.rule.key
    assert explain_for(published.school, "http://news.example/", zone="nowhere") is None
    assert explain_for(published.school, "http://news.example/", edition="0123456789abcdef") is None


def test_who_has_no_access_is_explained_by_that(published):
    """P64: the pupil of the demo of an overlay that says so."""
    from drystone.engine.filtering import Overlay, person_key, write_overlay
    from drystone.engine.filtering.words import Access
    from drystone.registers.school.pseudonyms import person_secret

    key = person_key(person_secret(), published.pupil.sign_on)
    write_overlay(bundle_folder(published.school) / "overlay.json", Overlay(access={key: Access.SUSPENDED}))
    found = explain_for(published.school, "http://bbc.co.uk/", person=published.pupil, at=MONDAY)
    assert (found.decided_by.number, found.decision.rule) == (3, "suspended")
    (bundle_folder(published.school) / "overlay.json").write_bytes(b"broken")
    shut = explain_for(published.school, "http://bbc.co.uk/", person=published.pupil, at=MONDAY)
    assert (shut.decided_by.number, shut.decision.rule) == (3, "overlay")


def test_people_are_asked_for_by_those_who_may_see_names_and_by_nobody_else(published, as_person):
    """P62"""
    client = as_person(published.technician)
    _, text = page(client, url="news.example", person="pfell")
    assert "Pip Fell" not in text
    assert 'name="person"' not in text
    _, text = page(as_person(published.head), url="news.example", person="Pip Fell")
    assert "Pip Fell, Key Stage 2" in text
    status, text = page(as_person(published.head), url="news.example", person="Nobody Here")
    assert (status, "Nobody here has that name." in text) == (422, True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"url": ""}, "Type an address to look at."),
        ({"url": "a.example", "at": "tomorrow"}, "Write the date and time like"),
        ({"url": "a.example", "zone": "elsewhere"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said(published, as_person, asked, said):
    status, text = page(as_person(published.head), **asked)
    assert status == 422
    assert said in text


def test_before_anything_is_published_the_page_says_so(place, as_person):
    status, text = page(as_person(place.head), url="news.example")
    assert status == 422
    assert "Nothing has been published yet" in text


def test_an_address_that_cannot_be_read_is_answered_too(published, as_person):
    status, text = page(as_person(published.head), url="http://a..b/", zone="suite")
    assert status == 200
    assert "cannot be read" in text
    assert "type it as the browser shows it" in text


def test_those_without_the_permission_do_not_come_in(published, as_person):
    governor = person(published.school, "Una", "Tarn", Role.GOVERNOR)
    for who in (published.teacher, published.pupil, governor):
        assert as_person(who).get(reverse("network:why")).status_code == 403


# Past events


def link_of(place, host):
    event, at = next((event, at) for event, at in lake().placed(place.school.slug) if event.host == host)
    return reverse("network:why_event", args=[int(at[0].timestamp() * 1000), at[1], at[2]]), event


def test_a_past_event_is_decided_again_on_the_edition_that_it_names(published, log, as_person):  # noqa: F811
    """P49: the rule is gone from what is in force, and the old decision is still explained exactly."""
    old = edition_in_force(published.school)
    log(host="news.example", action="block", rule=published.rule.key, level="school", edition=old)
    withdraw_rule(rule=published.rule, by=published.head, reason="the trial is over")
    publish(school=published.school, by=published.head)
    assert edition_in_force(published.school) != old
    client = as_person(published.technician)
    traffic = client.get(reverse("monitoring:traffic")).content.decode()
    link, _ = link_of(published, "news.example")
    assert f'href="{link}"' in traffic
    text = client.get(link).content.decode()
    assert "Why was news.example blocked?" in text
    assert "It comes to the same answer." in text
    assert "This spoke." in text


def test_an_event_of_an_edition_that_is_gone_says_so_and_offers_the_rules_of_today(published, log, as_person):  # noqa: F811
    log(host="news.example", action="block", rule="rule-77", level="school", edition="feedfeedfeedfeed")
    link, _ = link_of(published, "news.example")
    text = as_person(published.technician).get(link).content.decode()
    assert "Edition feedfeedfeedfeed is no longer kept." in text
    assert "block by rule-77" in text
    assert "Ask the rules of today the same" in text


def test_access_and_permits_of_that_time_are_taken_from_the_event(published, log, as_person):  # noqa: F811
    edition = edition_in_force(published.school)
    client = as_person(published.technician)
    log(host="a.example", action="block", rule="agreement", level="access", edition=edition)
    log(host="news.example", action="allow", rule="permit:3", level="group", edition=edition)
    log(host="c.example", action="block", rule="gateway:port", level="gateway", edition=edition)
    log(host="bbc.co.uk", action="block", rule="default", level="profile", edition=edition)
    shown = {host: client.get(link_of(published, host)[0]).content.decode() for host in ("a.example", "news.example")}
    assert "There is no signed agreement on record" in shown["a.example"]
    assert "opened on request" in shown["news.example"]
    assert all("It comes to the same answer." in text for text in shown.values())
    assert "The gateway itself refused it" in client.get(link_of(published, "c.example")[0]).content.decode()
    assert "The event says block by default" in client.get(link_of(published, "bbc.co.uk")[0]).content.decode()


def test_an_event_of_another_school_or_none_is_not_found(published, other, log, as_person):  # noqa: F811
    log(host="news.example", edition=edition_in_force(published.school), ago=timedelta(minutes=1))
    link, _ = link_of(published, "news.example")
    assert as_person(other.technician).get(link).status_code == 404
    assert as_person(published.technician).get(link[:-2] + "9/").status_code == 404
