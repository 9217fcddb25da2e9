"""Schedules: made, changed, and not removed while a rule needs them."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from drystone.engine.filtering.schedule import active
from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.models.schedules import days_in_words
from drystone.registers.network.services.draft import calendar_of, schedule_of
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


def lessons(**changes):
    further = {"days_1": ["0", "4"], "starts_1": "10:45", "ends_1": "12:00", "days_2": ["5"]}
    return form(name="Lessons", starts="9:00", ends="10:30") | further | changes


def test_a_schedule_has_several_periods_and_dates_and_the_engine_keeps_them(place, as_person):
    """P35"""
    client = as_person(place.technician)
    dates = "24.12.2026\n\n14 December 2026 to 18 12 2026\n2027-01-06"
    client.post(URL + "add/", lessons(dates=dates, within="always"))
    row = Schedule.objects.get()
    assert row.in_words == (
        "Monday and Tuesday, 09:00 to 10:30 and Monday and Friday, 10:45 to 12:00 and Saturday, all day, "
        "on 14 December 2026 to 18 December 2026; 24 December 2026; 6 January 2027"
    )
    made = schedule_of(row)
    london = ZoneInfo("Europe/London")

    def holds(*when):
        return active(made, calendar_of(place.school), datetime(*when, tzinfo=london))

    assert holds(2026, 12, 14, 9, 30)  # the Monday of that week
    assert holds(2026, 12, 18, 11, 0)  # its Friday
    assert not holds(2026, 12, 18, 9, 30)
    assert not holds(2026, 12, 21, 9, 30)  # a Monday that is no such date
    text = client.get(URL + "lessons/").content.decode()
    assert "14 12 2026 to 18 12 2026" in text
    client.post(URL + "lessons/", form(name="Lessons"))
    assert (Schedule.objects.get().further.count(), Schedule.objects.get().dates) == (0, [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days_1": []}, "Choose at least one day"),
        ({"ends_1": ""}, "Give both times"),
        ({"dates": "32.1.2027"}, "must be a real date"),
        ({"dates": "1 1 2027\nChristmas"}, "Line 2: “Christmas” is no date"),
        ({"dates": "18 12 2026 to 14 12 2026"}, "ends before it begins"),
        ({"dates": "\n".join(f"1 {m} {y}" for y in range(2027, 2034) for m in range(1, 13))}, "60 dates at most"),
    ],
)
def test_what_is_wrong_with_a_period_or_a_date_is_said(place, as_person, changes, message):
    response = as_person(place.technician).post(URL + "add/", lessons(**changes))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Schedule.objects.exists()


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
