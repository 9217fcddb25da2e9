"""What the policy asks of whom on the first page."""

from datetime import date, timedelta

import pytest

from drystone.oversight.policy.models import DailyFinding
from drystone.registers.school.hooks import Urgency, tasks_for
from drystone.registers.school.models import Role
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


@pytest.fixture
def school():
    return make_school()


def found(school, promise, state, due=None):
    DailyFinding.objects.create(
        school=school, day=DAY, promise=promise, state=state, sentence="Why.", due=due, library="x"
    )


def asked(school, role):
    person = make_person(school, role)
    tasks = tasks_for(school, person, frozenset({role}), DAY)
    return {task.text[:3]: (task.urgency, task.detail) for task in tasks if task.url.startswith("/policy/")}


@pytest.mark.parametrize(("days", "urgency"), [(-3, Urgency.TODAY), (0, Urgency.TODAY), (7, Urgency.SOON), (8, None)])
def test_a_promise_that_falls_due_within_a_week_is_asked_of_its_owner(school, days, urgency):
    """P35 is the technician's: on the day of the set-up its lists are due, and her page says so."""
    found(school, "P35", "due", DAY + timedelta(days=days))
    assert asked(school, Role.TECHNICIAN) == ({"P35": (urgency, "Why.")} if urgency is not None else {})
    assert "P35" not in asked(school, Role.HEAD)


def test_a_broken_promise_comes_before_one_that_is_due(school):
    found(school, "P35", "due", DAY)
    found(school, "P49", "breached")
    assert list(asked(school, Role.TECHNICIAN)) == ["P49", "P35"]


def test_a_promise_that_is_kept_asks_nothing(school):
    found(school, "P35", "met", DAY)
    assert asked(school, Role.TECHNICIAN) == {}
