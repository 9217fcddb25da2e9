"""P64: parents and carers: their order, what a court forbids, and the role that follows."""

from datetime import date

import pytest

from drystone.registers.school.models import AuditEntry, Guardianship, Role, SchoolClass
from drystone.registers.school.reach import Viewer, people_for
from drystone.registers.school.services import families
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.school.services.teaching import add_class_staff, end_class_staff
from tests.people import make_person, make_school, sign_in

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def office(school):
    return make_person(school, Role.OFFICE, given="Otto")


@pytest.fixture
def child(school):
    return make_person(school, Role.PUPIL, given="Rowan", family="Fell")


def add(child, office, given, **details):
    person = {"given_names": given, "family_name": "Fell"}
    return families.add_new_guardian(pupil=child, by=office, on=TODAY, person=person, **details)


def called(child):
    return [(line.order, line.guardian.given_names) for line in child.guardianships.all()]


def test_they_are_called_in_the_order_that_the_office_gives(child, office):
    add(child, office, "Gwen", order=1)
    add(child, office, "Huw", order=2)
    first = add(child, office, "Nan", order=1)
    assert called(child) == [(1, "Nan"), (2, "Gwen"), (3, "Huw")]
    families.change_guardian(line=first, by=office, on=TODAY, order=3)
    assert called(child) == [(1, "Gwen"), (2, "Huw"), (3, "Nan")]
    families.remove_guardian(line=Guardianship.objects.get(order=1), by=office, on=TODAY)
    assert called(child) == [(1, "Huw"), (2, "Nan")]


def test_who_has_a_child_here_holds_the_role_of_a_parent_and_nobody_else_does(child, office):
    line = add(child, office, "Gwen", order=1)
    assert [h.role for h in line.guardian.holdings.all()] == [Role.PARENT]
    families.remove_guardian(line=line, by=office, on=TODAY)
    assert line.guardian.holdings.get().ends == TODAY


def test_what_a_court_forbids_counts_at_once_and_for_every_role(child, office):
    """A parent who is a governor and in the office as well sees nothing of the child by any of the three."""
    line = add(child, office, "Gwen", order=1)
    add(child, office, "Huw", order=2)
    roles = frozenset({Role.PARENT, Role.GOVERNOR, Role.OFFICE})
    viewer = Viewer(line.guardian, roles, TODAY)
    assert child in people_for(viewer, "school.view_person")
    families.change_guardian(line=line, by=office, on=TODAY, barred=True)
    for permission in ("school.view_person", "school.view_children", "school.view_people", "school.find_people"):
        assert child not in people_for(viewer, permission), permission
    assert called(child) == [(1, "Huw"), (2, "Gwen")]
    assert line.guardian.holdings.get(role=Role.PARENT).ends == TODAY


def test_one_who_must_be_told_nothing_gets_no_role_by_it(child, office):
    line = add(child, office, "Gwen", order=1, barred=True)
    assert not line.guardian.holdings.exists()


def test_a_parent_of_two_children_is_one_person(school, child, office):
    sibling = make_person(school, Role.PUPIL, given="Pip", family="Fell")
    line = add(child, office, "Gwen", order=1)
    families.add_guardian(pupil=sibling, guardian=line.guardian, by=office, on=TODAY, order=1)
    families.remove_guardian(line=line, by=office, on=TODAY)
    assert line.guardian.holdings.get().ends is None
    with pytest.raises(Refused, match="is there already"):
        families.add_guardian(pupil=sibling, guardian=line.guardian, by=office, on=TODAY, order=1)


def test_a_pupil_somebody_gone_or_of_another_school_is_nobodys_guardian(school, child, office):
    pupil = make_person(school, Role.PUPIL, given="Pip")
    gone = make_person(school, given="Gwen", left_on=date(2026, 7, 20))
    other = make_person(make_school(slug="dale"), given="Huw")
    for guardian, why in ((pupil, "choose an adult"), (gone, "has left"), (other, "not of this school")):
        with pytest.raises(Refused, match=why):
            families.add_guardian(pupil=child, guardian=guardian, by=office, on=TODAY, order=1)


def test_a_teacher_may_not_change_who_is_whose_parent(school, child):
    teacher = make_person(school, Role.TEACHER)
    with pytest.raises(NotAllowed):
        add(child, teacher, "Gwen", order=1)


def test_a_class_is_given_to_staff_and_ended_with_dates(school, office):
    damsons = SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())
    teacher = make_person(school, Role.TEACHER, given="Tess", family="Birkett")
    line = add_class_staff(school_class=damsons, person=teacher, by=office, starts=TODAY)
    with pytest.raises(Refused, match="has Damsons already"):
        add_class_staff(school_class=damsons, person=teacher, by=office, starts=TODAY)
    with pytest.raises(Refused, match="after that day"):
        end_class_staff(line=line, by=office, ends=date(2026, 11, 23))
    end_class_staff(line=line, by=office, ends=TODAY)
    verbs = AuditEntry.objects.order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["add_class_staff", "end_class_staff"]


def test_a_class_goes_to_nobody_who_is_only_a_parent(school, office):
    """Else the office could show a parent the whole class."""
    damsons = SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())
    parent = make_person(school, Role.PARENT)
    with pytest.raises(Refused, match="no role as staff"):
        add_class_staff(school_class=damsons, person=parent, by=office, starts=TODAY)


def test_nobody_says_of_themselves_whose_parent_they_are(school, child):
    """Else a deputy head who leads safeguarding would take their own line away, and read about their own child."""
    deputy = make_person(school, Role.DEPUTY_HEAD, Role.SAFEGUARDING_LEAD, given="Huw", family="Fell")
    with pytest.raises(Refused, match="a colleague"):
        families.add_guardian(pupil=child, guardian=deputy, by=deputy, on=TODAY, order=1)
    line = Guardianship.objects.create(pupil=child, guardian=deputy, order=1)
    with pytest.raises(Refused, match="a colleague"):
        families.change_guardian(line=line, by=deputy, on=TODAY, parental_responsibility=True)
    said = sign_in(deputy).post(f"/school/people/parents/{line.pk}/remove/", follow=True).content.decode()
    assert "a colleague has to enter that" in said
    assert Guardianship.objects.filter(pk=line.pk).exists()
