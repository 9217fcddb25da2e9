"""Whose requests somebody sees: each role by itself, and never more because another role of theirs goes further."""

import pytest

from drystone.registers.school.models import ClassStaff, Guardianship, Role, RoleHolding, SchoolClass
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.unblock.models import Kind, SiteRequest, State, Whom
from drystone.registers.unblock.queries import requests_like, visible
from drystone.registers.unblock.services.asking import Asker, report_site
from drystone.registers.unblock.services.deciding import For, refuse
from drystone.registers.unblock.words import who
from tests.people import LONG_AGO
from tests.registers.network.parts import person
from tests.registers.unblock.parts import asks, give


@pytest.fixture
def two_classes(school):
    """Oak asks for one site, Elm for another, nobody knows who for a third, the technician for a fourth."""
    elm = SchoolClass.objects.create(school=school.school, name="Elm", year_group=5, group=school.group("ks2"))
    school.elm_pupil = person(school.school, "Una", "Scar", Role.PUPIL, sign_on="uscar", school_class=elm)
    school.elm_teacher = person(school.school, "Ewan", "Howe", Role.TEACHER)
    ClassStaff.objects.create(school_class=elm, person=school.elm_teacher, starts=LONG_AGO)
    asks(school, school.pupil, host="oak.drystone.test")
    asks(school, school.elm_pupil, host="elm.drystone.test")
    asks(school, name="Ada", host="nobody.drystone.test")
    asks(school, school.technician, host="office.drystone.test", child=False)
    return school


def seen(place, somebody):
    """Site → who asked, as this person reads it."""
    return {each.host.partition(".")[0]: who(each) for each in visible(place.school, somebody)}


def test_teachers_see_what_pupils_of_their_classes_ask_and_those_whom_nobody_knows(two_classes):
    assert seen(two_classes, two_classes.teacher) == {"oak": "Pip Fell, Oak", "nobody": "“Ada”, as typed"}
    assert seen(two_classes, two_classes.elm_teacher) == {"elm": "Una Scar, Elm", "nobody": "“Ada”, as typed"}


def test_a_class_taught_last_year_opens_nothing(two_classes):
    two_classes.teacher.classes_taught.update(ends=LONG_AGO)
    assert set(seen(two_classes, two_classes.teacher)) == {"nobody"}


def test_a_technician_who_teaches_learns_the_names_of_that_class_alone(two_classes):
    RoleHolding.objects.create(person=two_classes.teacher, role=Role.TECHNICIAN, starts=LONG_AGO)
    assert seen(two_classes, two_classes.teacher) == {
        "oak": "Pip Fell, Oak",
        "elm": "A pupil",
        "nobody": "“Ada”, as typed",
        "office": "An adult",
    }
    found = visible(two_classes.school, two_classes.teacher)
    assert [each.host for each in requests_like(found, {"q": "pip"})] == ["oak.drystone.test"]
    assert not requests_like(found, {"q": "una"}), "a name that may not be read is not found by trying either"
    assert not requests_like(found, {"school_class": two_classes.elm_pupil.school_class})


def test_a_teacher_who_is_a_parent_in_another_class_sees_no_more_by_that(two_classes):
    RoleHolding.objects.create(person=two_classes.teacher, role=Role.PARENT, starts=LONG_AGO)
    Guardianship.objects.create(pupil=two_classes.elm_pupil, guardian=two_classes.teacher)
    assert set(seen(two_classes, two_classes.teacher)) == {"oak", "nobody"}


def test_whom_a_court_keeps_from_a_child_sees_nothing_of_it_whatever_the_role(two_classes):
    Guardianship.objects.create(pupil=two_classes.elm_pupil, guardian=two_classes.head, barred=True)
    assert set(seen(two_classes, two_classes.head)) == {"oak", "nobody", "office"}


def test_a_teacher_answers_no_request_of_another_class(two_classes):
    elm = SiteRequest.objects.get(host__startswith="elm")
    with pytest.raises(NotAllowed):
        refuse(request=elm, by=two_classes.teacher, reason="No")
    assert SiteRequest.objects.get(pk=elm.pk).state == State.WAITING


def test_the_same_answer_to_others_stays_within_the_classes_of_who_answers(two_classes):
    mine = asks(two_classes, two_classes.pupil)
    theirs = asks(two_classes, two_classes.elm_pupil)
    refuse(request=mine, by=two_classes.teacher, reason="No", others=True)
    assert SiteRequest.objects.get(pk=theirs.pk).state == State.WAITING


def test_a_teacher_opens_a_site_for_no_class_but_their_own(two_classes, as_person):
    asked = SiteRequest.objects.get(host__startswith="nobody")
    elm = two_classes.elm_pupil.school_class
    html = as_person(two_classes.teacher).get(f"/requests/{asked.pk}/").content.decode()
    assert ">Oak</option>" in html
    assert ">Elm</option>" not in html
    with pytest.raises(NotAllowed):
        give(two_classes, asked, For(Whom.CLASS, school_class=elm), by=two_classes.teacher)
    assert give(two_classes, asked, For(Whom.CLASS, school_class=elm), by=two_classes.elm_teacher)


def test_a_report_of_a_grown_up_is_for_those_who_decide_for_the_school(two_classes):
    report_site(
        school=two_classes.school, kind=Kind.BLOCK, site="bad.example", asker=Asker(two_classes.governor), why="x"
    )
    assert "bad" not in seen(two_classes, two_classes.teacher)
    assert seen(two_classes, two_classes.head)["bad"] == "Greta Moss"


def test_a_request_says_why_its_reader_sees_it(two_classes, as_person):
    asked = SiteRequest.objects.get(host__startswith="oak")
    html = as_person(two_classes.teacher).get(f"/requests/{asked.pk}/").content.decode()
    assert "You see this because you are teacher of Oak." in html
    html = as_person(two_classes.technician).get(f"/requests/{asked.pk}/").content.decode()
    assert "You see this because you are technician." in html
