"""People and roles: dated, one co-ordinator, never without a head."""

from datetime import date, timedelta

import pytest

from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.queries import coordinator
from drystone.registers.school.services import people
from drystone.registers.school.services.changes import Refused
from tests.people import LONG_AGO, make_person, make_school

pytestmark = pytest.mark.django_db
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def head(school):
    return make_person(school, Role.HEAD, given="Helen", family="Marsh")


def test_a_new_coordinator_ends_the_one_before_the_day_before(school, head):
    """P02: a dated holder, one at a time."""
    tom = make_person(school, Role.COORDINATOR, given="Tom")
    people.change_coordinator(school=school, person=head, by=head, starts=SEPTEMBER)
    assert coordinator(school, SEPTEMBER - timedelta(days=1)).person == tom
    assert coordinator(school, SEPTEMBER).person == head
    assert tom.holdings.get().ends == date(2026, 8, 31)
    verbs = list(AuditEntry.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs == ["end_role", "give_role", "send_notice"]  # everybody is asked to take note


def test_a_second_coordinator_beside_the_first_is_refused(school, head):
    make_person(school, Role.COORDINATOR, given="Tom")
    with pytest.raises(Refused, match="There is one"):
        people.give_role(person=head, role=Role.COORDINATOR, by=head, starts=SEPTEMBER)


def test_the_same_coordinator_again_is_refused(school, head):
    tom = make_person(school, Role.COORDINATOR, given="Tom")
    with pytest.raises(Refused, match="already"):
        people.change_coordinator(school=school, person=tom, by=head, starts=SEPTEMBER)


def test_a_coordinator_is_of_the_school(school, head):
    with pytest.raises(Refused, match="not of this school"):
        people.change_coordinator(
            school=school, person=make_person(make_school(slug="dale")), by=head, starts=SEPTEMBER
        )


def test_a_change_on_the_day_of_the_last_one_is_refused_whole(school, head):
    tom = make_person(school, Role.COORDINATOR, given="Tom", since=SEPTEMBER)
    with pytest.raises(Refused, match="choose a later one"):
        people.change_coordinator(school=school, person=head, by=head, starts=SEPTEMBER)
    assert coordinator(school, SEPTEMBER).person == tom


def test_the_last_head_cannot_leave_before_the_next_is_there(school, head):
    with pytest.raises(Refused, match="no head teacher"):
        people.end_role(holding=head.holdings.get(), by=head, ends=SEPTEMBER)
    next_head = make_person(school)
    people.give_role(person=next_head, role=Role.HEAD, by=head, starts=SEPTEMBER + timedelta(days=1))
    people.end_role(holding=head.holdings.get(), by=head, ends=SEPTEMBER)
    assert [h.held_on(SEPTEMBER) for h in (head.holdings.get(), next_head.holdings.get())] == [True, False]
    assert next_head.holdings.get().held_on(SEPTEMBER + timedelta(days=1))


def test_a_role_held_already_is_refused(school, head):
    with pytest.raises(Refused, match="already"):
        people.give_role(person=head, role=Role.HEAD, by=head, starts=SEPTEMBER)


def test_a_role_ends_no_earlier_than_it_began(school, head):
    tom = make_person(school, Role.GOVERNOR, since=SEPTEMBER)
    with pytest.raises(Refused, match="after that day"):
        people.end_role(holding=tom.holdings.get(), by=head, ends=LONG_AGO)


def test_two_people_cannot_have_one_sign_on_name(school, head):
    make_person(school, sign_on="asmith")
    with pytest.raises(Refused, match="already") as refusal:
        people.add_person(school=school, by=head, given_names="Al", family_name="Smith", sign_on="ASmith")
    assert refusal.value.field == "sign_on"


def test_what_changed_about_a_person_stands_before_and_after(school, head):
    tom = make_person(school, given="Tom")
    people.change_person(person=tom, by=head, given_names="Thomas")
    entry = AuditEntry.objects.get(verb="change_person")
    assert (entry.before, entry.after) == ({"given_names": "Tom"}, {"given_names": "Thomas"})


def test_a_class_takes_a_group_of_its_own_school(school, head):
    with pytest.raises(Refused, match="another school"):
        people.add_class(school=school, by=head, name="3H", year_group=3, group=make_school(slug="dale").groups.first())
