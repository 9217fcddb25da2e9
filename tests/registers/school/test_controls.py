"""P02's control: met by a record and by what the pages say, never by silence."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.school.controls import REGISTRY, State
from drystone.registers.school.models import Role
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return make_school()


def assess(school, on=None, **params):
    return REGISTRY["school.named_coordinator"].assess(school, on or timezone.localdate(), **params)


def test_without_a_coordinator_the_promise_is_broken(school):
    make_person(school, Role.HEAD)
    finding = assess(school)
    assert finding.state == State.BREACHED
    assert (finding.have, finding.want) == (0, 1)


def test_a_coordinator_of_another_school_does_not_count(school):
    make_person(make_school(slug="dale"), Role.COORDINATOR)
    assert assess(school).state == State.BREACHED


def test_a_named_holder_whom_the_pages_name_keeps_it(school):
    make_person(school, Role.COORDINATOR, given="Siân", family="O’Neill & Hart")
    finding = assess(school)
    assert finding.state == State.MET
    assert "Siân O’Neill & Hart" in finding.sentence
    assert len(finding.evidence) == 4


def test_a_page_that_no_longer_names_the_holder_breaks_it(school, monkeypatch):
    make_person(school, Role.COORDINATOR)
    monkeypatch.setattr("drystone.site.views.help.coordinator", lambda school, on: None)
    finding = assess(school)
    assert finding.state == State.BREACHED
    assert "pupils’ page" in finding.sentence


def test_a_new_holder_makes_it_due_to_ask_everybody_again(school):
    today = timezone.localdate()
    make_person(school, Role.COORDINATOR).holdings.update(ends=today - timedelta(days=6))
    make_person(school, Role.COORDINATOR, given="Tom", since=today - timedelta(days=5))
    finding = assess(school, ask_again_within=20)
    assert finding.state == State.DUE
    assert finding.due == today + timedelta(days=15)


def test_somebody_whose_time_is_over_does_not_count(school):
    today = timezone.localdate()
    make_person(school, Role.COORDINATOR).holdings.update(ends=today - timedelta(days=1))
    assert assess(school).state == State.BREACHED
    assert assess(school, on=today - timedelta(days=1)).state == State.MET
