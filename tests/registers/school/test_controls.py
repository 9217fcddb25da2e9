"""P19's control: two named contacts, and a review that is not recorded yet."""

import pytest
from django.utils import timezone

from drystone.oversight.policy.library import policy_library
from drystone.registers.school.controls import REGISTRY, State
from drystone.registers.school.models import Role
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return make_school()


def assess(school):
    return REGISTRY[policy_library().promise("P19").control].assess(school, timezone.localdate())


def contact(school, role, **fields):
    return make_person(school, role, email="somebody@council.example", **fields)


def test_p19_without_a_contact_at_the_council_it_is_broken(school):
    contact(school, Role.TECHNICIAN)
    contact(make_school("dale", "Dale School"), Role.COUNCIL_CONTACT)
    finding = assess(school)
    assert (finding.state, finding.have, finding.want) == (State.BREACHED, 1, 4)
    assert finding.sentence == "No contact at the council or trust is named."


def test_p19_a_contact_who_cannot_be_reached_is_none(school):
    contact(school, Role.COUNCIL_CONTACT)
    make_person(school, Role.TECHNICIAN)
    assert "neither an e-mail address nor a telephone" in assess(school).sentence


def test_p19_a_network_manager_stands_for_the_technician(school):
    contact(school, Role.COUNCIL_CONTACT)
    contact(school, Role.NETWORK_MANAGER)
    assert assess(school).have == 2


def test_p19_with_both_named_it_is_still_not_kept_since_no_review_is_recorded(school):
    contact(school, Role.COUNCIL_CONTACT, given="Cai")
    contact(school, Role.TECHNICIAN, given="Tess")
    finding = assess(school)
    assert (finding.state, finding.have, finding.want) == (State.NOT_RECORDED, 2, 4)
    assert "Tess Example" in finding.sentence
    assert "not recorded" in finding.sentence
