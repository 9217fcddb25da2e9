"""Every promise gets an answer, and silence is never taken for yes."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from drystone.oversight.policy.library import parse_library
from drystone.oversight.policy.models import DailyFinding, PolicyReview
from drystone.oversight.policy.services import assess_school, record_review
from drystone.registers.school.controls import REGISTRY, Control, Finding, State
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import AuditEntry, Role
from tests.oversight.policy.test_library import TEMPLATE
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture
def school():
    return make_school()


def standing(school, promise="P08", on=TODAY):
    assess_school(school=school, on=on)
    return DailyFinding.objects.get(school=school, promise=promise, day=on)


def review(school, held, following):
    by = make_person(school, Role.HEAD)
    return PolicyReview.objects.create(
        school=school, reviewed_on=held, next_on=following, outcome="read by all", recorded_by=by
    )


def test_a_school_with_nothing_on_record_keeps_no_promise(school):
    assess_school(school=school, on=TODAY)
    states = set(DailyFinding.objects.filter(school=school).values_list("state", flat=True))
    assert DailyFinding.objects.count() == 69
    assert "met" not in states
    assert "not assessed" not in states


def test_assessing_twice_on_a_day_keeps_one_finding_a_promise(school):
    assess_school(school=school, on=TODAY)
    review(school, date(2026, 9, 1), date(2027, 6, 1))
    assert standing(school).state == "met"
    assert DailyFinding.objects.filter(school=school, day=TODAY).count() == 69


def test_new_evidence_renews_the_findings_of_today(school, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        announce_evidence(school=school)
        assert not DailyFinding.objects.exists()
    assert DailyFinding.objects.filter(school=school, day=timezone.localdate()).count() == 69


def test_days_past_are_not_touched(school):
    assess_school(school=school, on=date(2026, 11, 22))
    review(school, date(2026, 9, 1), date(2027, 6, 1))
    assess_school(school=school, on=TODAY)
    states = DailyFinding.objects.filter(promise="P08").order_by("day").values_list("state", flat=True)
    assert list(states) == ["not recorded", "met"]


class Broken(Control):
    key = "test.broken"

    def assess(self, school, on, **params):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")
        return Finding(State.MET, "never reached")


def test_a_control_that_fails_is_not_assessed_and_the_others_go_on(school, monkeypatch):
    monkeypatch.setitem(REGISTRY, Broken.key, Broken())
    library = parse_library(TEMPLATE + "    control: test.broken\n" + SECOND, source="x")
    first, second = assess_school(school=school, on=TODAY, library=library)
    assert (first.state, second.state) == ("not assessed", "not recorded")
    assert "nowhere" in first.error
    assert "nowhere" not in first.sentence


SECOND = "  - {id: X2, kind: coverage, owner: head, text: a, kept_when: b}\n"


def test_a_parameter_that_the_control_does_not_know_is_not_passed_over_in_silence(school):
    text = TEMPLATE + "    control: policy.reviewed_yearly\n    parameters: {mnths: 6}\n"
    (row,) = assess_school(school=school, on=TODAY, library=parse_library(text, source="x"))
    assert row.state == "not assessed"
    assert "mnths" in row.error


def test_a_control_that_does_not_exist_is_not_assessed(school):
    library = parse_library(TEMPLATE + "    control: no.such\n", source="x")
    (row,) = assess_school(school=school, on=TODAY, library=library)
    assert row.state == "not assessed"
    assert "no.such" in row.error


@pytest.mark.parametrize(
    ("held", "following", "on", "state"),
    [
        (date(2026, 9, 1), date(2027, 8, 31), TODAY, "met"),
        (date(2026, 9, 1), date(2027, 9, 1), TODAY, "met"),
        (date(2026, 9, 1), date(2027, 9, 2), TODAY, "breached"),  # a day more than a year
        (date(2019, 9, 11), date(2022, 9, 30), date(2020, 1, 6), "breached"),  # the contradiction of old
        (date(2025, 12, 1), date(2026, 12, 1), TODAY, "due"),
        (date(2025, 11, 1), date(2026, 11, 1), TODAY, "breached"),
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 1, 20), "due"),  # a leap day has no anniversary
    ],
)
def test_p08_is_judged_by_the_last_review_and_the_next(school, held, following, on, state):
    review(school, held, following)
    assert standing(school, on=on).state == state


def test_p08_says_what_to_do_about_a_contradiction(school):
    review(school, date(2026, 9, 1), date(2029, 9, 1))
    assert "bring it forward to 1 September 2027" in standing(school).sentence


def test_recording_a_review_leaves_an_audit_entry(school):
    by = make_person(school, Role.CHAIR)
    made = record_review(
        school=school, by=by, reviewed_on=date(2025, 9, 1), next_on=date(2026, 9, 1), outcome="minuted"
    )
    entry = AuditEntry.objects.get(verb="record_review")
    assert entry.actor == by.key
    assert entry.subject == f"policy.PolicyReview:{made.pk}"


@pytest.mark.parametrize(
    ("held", "following", "field"),
    [(date(2199, 1, 1), date(2200, 1, 1), "reviewed_on"), (date(2025, 9, 2), date(2025, 9, 2), "next_on")],
)
def test_a_review_that_cannot_be_is_refused(school, held, following, field):
    by = make_person(school, Role.CHAIR)
    with pytest.raises(ValidationError) as caught:
        record_review(school=school, by=by, reviewed_on=held, next_on=following, outcome="x")
    assert field in caught.value.message_dict
    assert not PolicyReview.objects.exists()
