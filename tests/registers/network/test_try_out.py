"""Try before you publish, on the screens: asked for, carried out, looked at; and nothing is put in force by it."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from drystone.engine.filtering import replay
from drystone.registers.network import tasks
from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Publication, Rule, RuleLevel, TryOut, TryOutState, Turn
from drystone.registers.network.services import tryouts
from drystone.registers.network.services.permission import NotAllowed
from drystone.registers.network.services.publishing import edition_in_force, publish
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import AuditEntry
from tests.registers.monitoring.conftest import log  # noqa: F401 - events, collected

PAGE = "/filtering/try-out/"


def block(place, site, **more):
    asked = NewRule(level=RuleLevel.SCHOOL, action=Rule.Action.BLOCK, target=f"site:{site}", reason="a trial", **more)
    return add_rule(school=place.school, by=place.head, asked=asked)


@pytest.fixture
def drafted(place, log):  # noqa: F811
    """News is blocked in force; the draft blocks weather as well. Both were asked for, by name and without."""
    block(place, "news.example")
    publish_first(place.school, place.head)
    block(place, "weather.example")
    for _ in range(3):
        log(host="weather.example", path="/today", sign_on="pfell")
    log(host="weather.example", client="10.1.3.9", zone="office", group="staff")
    log(host="news.example", action="block", rule="rule-1", level="school")
    log(host="old.example", action="block", level="access", rule="agreement")
    log(host="weather.example", ago=timedelta(days=20))
    return place


def shown(client, tried, **asked):
    return client.get(reverse("network:try_out", args=[tried.pk]), asked).content.decode()


def test_the_draft_is_tried_on_last_weeks_traffic_and_nothing_is_put_in_force(drafted):
    """P35"""
    edition = edition_in_force(drafted.school)
    tried = tryouts.try_out(school=drafted.school, by=drafted.technician, days=7)
    assert (tried.state, tried.failure) == (TryOutState.DONE, "")
    assert [(row.turn, row.host, row.group_name, row.events, row.people) for row in tried.rows.all()] == [
        (Turn.CLOSES, "weather.example", "Key Stage 2", 3, 1),
        (Turn.CLOSES, "weather.example", "Staff", 1, 0),
    ]
    assert (tried.figures["events"], tried.figures["access"]) == (6, 1)
    assert (tried.before, tried.after != tried.before) == (edition, True)
    assert any("weather.example" in change for change in tried.tried)
    assert edition_in_force(drafted.school) == edition
    assert Publication.objects.count() == 1
    assert AuditEntry.objects.get(verb="try_out_filter_rules").actor == drafted.technician.key
    longer = tryouts.try_out(school=drafted.school, by=drafted.technician, days=30)
    assert longer.figures["events"] == 7


def test_it_is_asked_for_on_a_page_and_carried_out_by_the_worker(drafted, as_person, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.tryouts, "carry_out", asked.append)
    client = as_person(drafted.technician)
    text = client.get(PAGE).content.decode()
    assert "weather.example" in text
    response = client.post(PAGE, {"reach": "other", "days": "3"})
    tried = TryOut.objects.get()
    assert response.url == reverse("network:try_out", args=[tried.pk])
    assert (tried.days, tried.state, tried.until - tried.since) == (3, TryOutState.WAITING, timedelta(days=3))
    waiting = client.get(response.url)
    assert "Waiting for its turn" in waiting.content.decode()
    assert waiting["Refresh"] == "2"
    again = client.post(PAGE, {"reach": "7"})
    assert again.status_code == 422
    assert "under way already" in again.content.decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Choose how far back to look."),
        ({"reach": "other"}, "Write how many days."),
        ({"reach": "other", "days": "0"}, "Choose from 1 to 92 days."),
        ({"reach": "other", "days": "1000"}, "Choose from 1 to 92 days."),
        ({"reach": "other", "days": "many"}, "Write a number of days, like 14."),
    ],
)
def test_a_wrong_number_of_days_is_refused(drafted, as_person, asked, said):
    response = as_person(drafted.head).post(PAGE, asked)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not TryOut.objects.exists()


def test_what_came_of_it_is_shown_by_group_and_site_narrowed_and_handed_out(drafted, as_person):
    tried = tryouts.try_out(school=drafted.school, by=drafted.technician, days=7)
    client = as_person(drafted.technician)
    text = shown(client, tried)
    assert "3 requests</strong> at 1 site, by 1 known person" in text
    assert "Kept apart, because no rule decided them: 1 request stopped" in text
    assert "Pip Fell" not in text
    assert "weather.example" in shown(client, tried, group="staff")
    assert "Nothing fits." in shown(client, tried, turn="opens")
    assert "Nothing fits." in shown(client, tried, q="elsewhere")
    sheet = client.get(reverse("network:try_out_csv", args=[tried.pk]), {"group": "staff"})
    rows = list(csv.DictReader(io.StringIO(b"".join(sheet.streaming_content).decode().lstrip("\ufeff"))))
    assert [(row["Site"], row["Group"], row["Requests"]) for row in rows] == [("weather.example", "Staff", "1")]


def test_a_try_out_says_when_another_edition_is_in_force_by_now(drafted, as_person):
    tried = tryouts.try_out(school=drafted.school, by=drafted.technician, days=7)
    assert "Another edition has been published since" not in shown(as_person(drafted.head), tried)
    publish(school=drafted.school, by=drafted.head)
    assert "Another edition has been published since" in shown(as_person(drafted.head), tried)


def test_without_an_edition_in_force_it_fails_with_what_to_do(place, as_person):
    tried = tryouts.try_out(school=place.school, by=place.head, days=7)
    assert tried.state == TryOutState.FAILED
    assert "Nothing has been published yet" in shown(as_person(place.head), tried)
    assert "Publish first" in as_person(place.head).get(PAGE).content.decode()


def test_a_worker_that_died_is_not_waited_for(drafted):
    stuck = tryouts.ask_to_try_out(school=drafted.school, by=None, days=7)
    TryOut.objects.filter(pk=stuck.pk).update(beat_at=timezone.now() - timedelta(minutes=10))
    assert tryouts.try_out(school=drafted.school, by=None, days=7).state == TryOutState.DONE
    stuck.refresh_from_db()
    assert (stuck.state, "worker stopped" in stuck.failure) == (TryOutState.FAILED, True)


def test_only_the_last_ten_are_kept(drafted):
    for _ in range(12):
        now = timezone.now()
        TryOut.objects.create(
            school=drafted.school, by_name="x", days=1, since=now - timedelta(days=1), until=now, state="done"
        )
    tryouts.try_out(school=drafted.school, by=None, days=1)
    assert TryOut.objects.count() == 10


def test_the_database_lets_one_be_under_way_in_a_school(drafted, other):
    tryouts.ask_to_try_out(school=drafted.school, by=None, days=7)
    tryouts.ask_to_try_out(school=other.school, by=None, days=7)
    now = timezone.now()
    with pytest.raises(IntegrityError):
        TryOut.objects.create(school=other.school, by_name="x", days=1, since=now - timedelta(days=1), until=now)


def test_what_a_browser_can_send_can_be_kept(drafted, log):  # noqa: F811
    """On PostgreSQL a NUL in a text is an error."""
    log(host="weather.example", path="/a\0b", ago=timedelta(0))
    tried = tryouts.try_out(school=drafted.school, by=None, days=7)
    assert (tried.failure, tried.rows.first().example) == ("", "/a\ufffdb")


def test_the_words_for_turns_are_those_of_the_replay():
    assert set(Turn.values) == set(map(str, replay.Turn))


def test_who_may_not_does_not_and_no_school_sees_anothers(drafted, other, as_person):
    with pytest.raises(NotAllowed):
        tryouts.ask_to_try_out(school=drafted.school, by=drafted.teacher, days=7)
    tried = tryouts.try_out(school=drafted.school, by=None, days=7)
    for who in (drafted.teacher, drafted.governor, drafted.pupil):
        assert as_person(who).get(PAGE).status_code == 403
    assert as_person(other.head).get(reverse("network:try_out", args=[tried.pk])).status_code == 404
