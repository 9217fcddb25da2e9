"""Schedules: made, changed, and not removed while a rule needs them."""

import re

import pytest

from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.models.schedules import days_in_words
from drystone.registers.network.services.rules import NewRule, add_rule, withdraw_rule

URL = "/filtering/schedules/"


def form(**changes):
    return {"name": "Lunch", "days": ["0", "1"], "starts": "12:00", "ends": "13.00", "within": "term"} | changes


def test_a_schedule_is_added_and_changed(place, as_person):
    client = as_person(place.technician)
    client.post(URL + "add/", form())
    text = client.get(URL).content.decode()
    assert "Monday and Tuesday, 12:00 to 13:00, in term only" in text
    client.post(URL + "lunch/", form(name="Long lunch", ends="13:30"))
    assert Schedule.objects.get().in_words.startswith("Monday and Tuesday, 12:00 to 13:30")
    assert Schedule.objects.get().slug == "lunch"


def test_several_days_can_be_ticked(place, as_person):
    text = as_person(place.technician).get(URL + "add/").content.decode()
    days = re.findall(r"<input[^>]*name=\"days\"[^>]*>", text)
    assert len(days) == 7
    assert all('type="checkbox"' in day for day in days)
    assert sum("checked" in day.replace('type="checkbox"', "").replace("govuk-checkboxes", "") for day in days) == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Give the schedule a name"),
        ({"days": []}, "Choose at least one day"),
        ({"starts": "noon"}, "Write the time like"),
        ({"ends": ""}, "Give both times"),
        ({"ends": "12:00"}, "must differ"),
        ({"within": ""}, "Choose a part of the year"),
        ({"days": ["9"]}, "Select a valid choice"),
        ({"name": "LUNCH"}, "already"),
    ],
)
def test_what_is_wrong_is_said(place, as_person, changes, message):
    client = as_person(place.technician)
    client.post(URL + "add/", form())
    response = client.post(URL + "add/", form(**({"name": "Other"} | changes)))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Schedule.objects.count() == 1


def test_one_that_a_rule_uses_is_not_removed(place, as_person):
    client = as_person(place.technician)
    client.post(URL + "add/", form())
    lunch = Schedule.objects.get()
    asked = NewRule(
        RuleLevel.SCHOOL, Rule.Action.BLOCK, "site:a.example", "trial", timing=Rule.Timing.WHEN, schedule=lunch
    )
    rule = add_rule(school=place.school, by=place.head, asked=asked)
    text = client.post(URL + "lunch/remove/", follow=True).content.decode()
    assert "1 rule uses this schedule" in text
    withdraw_rule(rule=rule, by=place.head, reason="over")
    client.post(URL + "lunch/remove/")
    client.get(URL)  # the message of what was done goes with this page
    assert "There are no schedules yet" in client.get(URL).content.decode()
    lunch.refresh_from_db()
    assert lunch.removed_at


def test_another_schools_schedule_is_not_there(place, other, as_person):
    as_person(place.head).post(URL + "add/", form())
    client = as_person(other.head)
    assert client.get(URL + "lunch/").status_code == 404
    assert client.post(URL + "lunch/remove/").status_code == 404


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((0, 1, 2, 3, 4), "Monday to Friday"),
        ((0, 1, 2, 3, 4, 5, 6), "every day"),
        ((0, 2, 4), "Monday, Wednesday and Friday"),
        ((5, 6), "Saturday and Sunday"),
    ],
)
def test_days_in_words(days, words):
    assert days_in_words(days) == words
