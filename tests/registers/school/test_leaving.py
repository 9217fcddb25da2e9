"""Coming and leaving: a last day, what ends with it, who goes with a child, and the way back."""

from datetime import date, timedelta

import pytest

from drystone.registers.school import hooks
from drystone.registers.school.models import AuditEntry, ClassStaff, Guardianship, Role, SchoolClass
from drystone.registers.school.reach import Viewer, people_for
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.leaving import add_pupil, clear_places_of_leavers, come_back, leave
from drystone.registers.school.services.permission import NotAllowed
from tests.people import LONG_AGO, make_person, make_school

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def damsons(school):
    return SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())


@pytest.fixture
def head(school):
    return make_person(school, Role.HEAD, given="Helen", family="Marsh")


@pytest.fixture
def office(school):
    return make_person(school, Role.OFFICE, given="Otto")


@pytest.fixture
def child(school, damsons):
    return make_person(school, Role.PUPIL, given="Rowan", family="Fell", school_class=damsons)


@pytest.fixture
def told(school):
    """What the registers above are told, in order."""
    heard = []

    def joined(people, on, **_):
        heard.append(("joined", [person.given_names for person in people], on))

    def left(people, on, **_):
        heard.append(("left", [person.given_names for person in people], on))

    hooks.people_joined.connect(joined)
    hooks.people_left.connect(left)
    yield heard
    hooks.people_joined.disconnect(joined)
    hooks.people_left.disconnect(left)


def parent_of(child, given="Gwen", *roles):
    parent = make_person(child.school, Role.PARENT, *roles, given=given)
    Guardianship.objects.create(pupil=child, guardian=parent)
    return parent


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_a_new_pupil_holds_the_role_from_the_first_day_and_it_is_told(school, office, damsons, told):
    made = add_pupil(
        school=school, by=office, joined_on=TODAY, given_names="Pip", family_name="Fell", school_class=damsons
    )
    assert [holding.role for holding in made.holdings.filter(starts=TODAY)] == [Role.PUPIL]
    assert told == [("joined", ["Pip"], TODAY)]


def test_with_the_last_day_roles_end_and_the_place_is_free(child, office, told):
    """P42: retention runs from the last day."""
    leave(person=child, by=office, on=TODAY - DAY, today=TODAY)
    gone = fresh(child)
    assert (gone.left_on, gone.school_class, gone.holdings.get().ends) == (TODAY - DAY, None, TODAY - DAY)
    assert told == [("left", ["Rowan"], TODAY - DAY)]


def test_a_last_day_ahead_keeps_the_place_until_the_night_after(school, child, office, damsons):
    leave(person=child, by=office, on=TODAY, today=TODAY)
    assert clear_places_of_leavers(school=school, today=TODAY) == 0
    assert fresh(child).school_class == damsons
    assert clear_places_of_leavers(school=school, today=TODAY + DAY) == 1
    assert fresh(child).school_class is None


def test_parents_without_another_child_leave_with_theirs(school, child, office, damsons, told):
    sibling = make_person(school, Role.PUPIL, given="Pip", school_class=damsons)
    alone, shared = parent_of(child, "Alone"), parent_of(child, "Shared")
    Guardianship.objects.create(pupil=sibling, guardian=shared)
    governor = parent_of(child, "Governor", Role.GOVERNOR)
    leave(person=child, by=office, on=TODAY, today=TODAY)
    assert told == [("left", ["Rowan", "Alone"], TODAY)]
    assert [fresh(each).left_on for each in (alone, shared, governor)] == [TODAY, None, None]
    assert shared.holdings.get().ends is None
    assert {h.role: h.ends for h in governor.holdings.all()} == {Role.PARENT: TODAY, Role.GOVERNOR: None}


def test_who_leaves_takes_their_classes_with_them(school, head, child, damsons):
    teacher = make_person(school, Role.TEACHER, given="Tess")
    line = ClassStaff.objects.create(school_class=damsons, person=teacher, starts=LONG_AGO)
    leave(person=teacher, by=head, on=TODAY, today=TODAY)
    assert fresh(line).ends == TODAY
    tomorrow = Viewer(teacher, frozenset({Role.TEACHER}), TODAY + DAY)
    assert not people_for(tomorrow, "school.view_person").exists()


def test_the_office_lets_no_teacher_go_and_the_last_head_nobody(school, head, office):
    teacher = make_person(school, Role.TEACHER, given="Tess")
    with pytest.raises(Refused, match="is teacher: head teacher enters"):
        leave(person=teacher, by=office, on=TODAY, today=TODAY)
    with pytest.raises(Refused, match="no head teacher"):
        leave(person=head, by=head, on=TODAY, today=TODAY)
    with pytest.raises(NotAllowed):
        leave(person=office, by=teacher, on=TODAY, today=TODAY)
    assert not AuditEntry.objects.filter(verb="leave").exists()


def test_a_parent_does_not_leave_before_the_child(child, office):
    parent = parent_of(child)
    with pytest.raises(Refused, match="Rowan Fell is still here"):
        leave(person=parent, by=office, on=TODAY, today=TODAY)


def test_twice_is_refused_and_so_is_a_day_before_the_first(school, child, office):
    child.joined_on = TODAY
    child.save()
    with pytest.raises(Refused, match="after that day"):
        leave(person=child, by=office, on=TODAY - DAY, today=TODAY)
    leave(person=child, by=office, on=TODAY, today=TODAY)
    with pytest.raises(Refused, match="left already"):
        leave(person=child, by=office, on=TODAY, today=TODAY)


def test_a_child_comes_back_with_the_parents(child, office, damsons, told):
    parent = parent_of(child)
    leave(person=child, by=office, on=TODAY - 30 * DAY, today=TODAY)
    come_back(person=fresh(child), by=office, on=TODAY, school_class=damsons)
    assert (fresh(child).left_on, fresh(child).school_class, fresh(child).joined_on) == (None, damsons, TODAY)
    assert fresh(parent).left_on is None
    assert [h.held_on(TODAY) for h in child.holdings.all()] == [False, True]
    assert told[-1] == ("joined", ["Rowan", "Gwen"], TODAY)


def test_a_last_day_set_by_mistake_is_taken_back_without_a_gap(child, office, damsons):
    leave(person=child, by=office, on=TODAY + 7 * DAY, today=TODAY)
    come_back(person=fresh(child), by=office, on=TODAY, school_class=damsons)
    assert all(any(h.held_on(TODAY + days * DAY) for h in child.holdings.all()) for days in range(30))
    with pytest.raises(Refused, match="has not left"):
        come_back(person=fresh(child), by=office, on=TODAY)
