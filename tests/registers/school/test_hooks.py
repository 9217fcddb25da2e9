"""What school tells the floors above: once a transaction, and only what was kept."""

import pytest
from django.db import transaction

from drystone.registers.school.hooks import announce_evidence, evidence_changed
from tests.people import make_school


@pytest.fixture
def heard():
    schools = []

    def hear(school, **_):
        schools.append(school.slug)

    evidence_changed.connect(hear)
    yield schools
    evidence_changed.disconnect(hear)


def test_many_changes_of_one_transaction_are_told_once_for_each_school(db, heard, django_capture_on_commit_callbacks):
    school, other = make_school(), make_school("dale", "Dale School")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            with transaction.atomic():
                announce_evidence(school=school)
        announce_evidence(school=other)
        assert heard == []
    assert heard == ["fellside", "dale"]


def test_a_change_that_was_undone_does_not_silence_the_next(db, heard, django_capture_on_commit_callbacks):
    school = make_school()
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            announce_evidence(school=school)
            transaction.set_rollback(True)
        announce_evidence(school=school)
    assert heard == ["fellside"]


def test_a_change_inside_one_that_may_be_undone_is_told_by_itself(db, heard, django_capture_on_commit_callbacks):
    """The first stands in a part that is kept; the second must not lean on a part that is not."""
    school = make_school()
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            with transaction.atomic():
                announce_evidence(school=school)
            transaction.set_rollback(True)
        assert heard == []
    assert heard == []
