"""What needs whom today, by role; and a register that fails does not hide the rest."""

from datetime import date

import pytest

from drystone.registers.school import hooks
from drystone.registers.school.hooks import Task, Urgency, tasks_for
from drystone.registers.school.models import Role
from drystone.registers.school.services.calendar import add_year
from drystone.registers.school.terms import usual_year_from
from tests.people import make_person, make_school, signed_in_as

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


def asked(school, *roles, on=DAY):
    return {task.text: task.urgency for task in tasks_for(school, make_person(school, *roles), frozenset(roles), on)}


def test_a_head_is_asked_to_name_a_coordinator_a_teacher_is_not():
    school = make_school()
    assert asked(school, Role.HEAD)["Name the e-safety co-ordinator"] == Urgency.NOW
    assert "Name the e-safety co-ordinator" not in asked(school, Role.TEACHER)


def test_next_years_terms_are_asked_for_before_this_year_ends():
    school = make_school()
    assert "Add this year’s terms to the calendar" in asked(school, Role.TECHNICIAN)
    add_year(school=school, by=None, plan=usual_year_from(2026))
    assert not any("terms" in text for text in asked(school, Role.TECHNICIAN))
    assert "Add next year’s terms to the calendar" in asked(school, Role.TECHNICIAN, on=date(2027, 8, 1))


def test_a_register_that_fails_is_named_and_the_rest_still_asked(monkeypatch):
    def fails(school, person, roles, on):
        raise RuntimeError("broken")

    def works(school, person, roles, on):
        return [Task("Do this", "/", Urgency.SOON)]

    monkeypatch.setattr(hooks, "_asked", [fails, works])
    school = make_school()
    texts = list(asked(school, Role.HEAD))
    assert texts[-1] == "Do this"
    assert "could not be asked" in texts[0]


def test_home_says_so_when_nothing_needs_anybody():
    school = make_school()
    answer = signed_in_as(school, Role.GOVERNOR).get("/")
    assert answer.status_code == 200


def test_home_lists_the_most_urgent_first():
    school = make_school()
    page = signed_in_as(school, Role.HEAD).get("/").content.decode()
    assert page.index("Name the e-safety co-ordinator") < page.index("Say who is designated safeguarding lead")
