"""Finding people: as typed, nearly as typed, by class and by number, and nobody whom the seeker may not see."""

from datetime import date

import pytest
from django.db import connection

from drystone.registers.school import finding
from drystone.registers.school.finding import find
from drystone.registers.school.models import ClassStaff, Guardianship, Role, SchoolClass
from drystone.registers.school.reach import Viewer
from drystone.registers.school.trigrams import has_index
from tests.people import LONG_AGO, make_person, make_school

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
UPN = "H801200001001"


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def damsons(school):
    return SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())


@pytest.fixture
def head(school):
    return Viewer(make_person(school, Role.HEAD, given="Helen", family="Marsh"), frozenset({Role.HEAD}), TODAY)


def pupil(school, given, family, school_class=None, **fields):
    return make_person(school, Role.PUPIL, given=given, family=family, school_class=school_class, **fields)


def names(found):
    return [person.name for person in found.people]


def test_each_word_begins_a_word_of_the_name_in_any_order(school, head):
    pupil(school, "Rowan", "Wallstone")
    pupil(school, "Natasha", "Cope")
    assert names(find(head, "wall row")) == ["Rowan Wallstone"]
    assert find(head, "ash").count == 0


@pytest.mark.parametrize("typed", ["o'brien", "O’BRIEN", "obrien", "lukasz", "Łukasz", "o’bri luk"])
def test_accents_apostrophes_and_capitals_do_not_matter(school, head, typed):
    pupil(school, "Łukasz", "O’Brien")
    assert names(find(head, typed)) == ["Łukasz O’Brien"]


def test_a_preferred_name_finds_as_the_given_one_does(school, head):
    pupil(school, "Elizabeth", "Fell", preferred_name="Bess")
    assert names(find(head, "bess fell")) == names(find(head, "elizabeth")) == ["Bess Fell"]


@pytest.mark.parametrize("typed", ["rowna", "rowam", "rowwan", "wallstoen", "walstonne rowan", "rwoan walstone"])
def test_a_slip_of_the_fingers_finds_all_the_same(school, head, typed):
    pupil(school, "Rowan", "Wallstone")
    pupil(school, "Poppy", "Granitewick")
    found = find(head, typed)
    assert (names(found), [person.name for person in found.nearly]) == ([], ["Rowan Wallstone"])


def test_the_very_word_comes_before_longer_ones_and_leavers_come_last(school, head):
    pupil(school, "Ash", "Aaron", left_on=date(2026, 7, 20))
    pupil(school, "Ashley", "Abbot")
    pupil(school, "Ash", "Zeal")
    assert names(find(head, "ash")) == ["Ash Zeal", "Ashley Abbot", "Ash Aaron"]


def test_a_number_finds_its_pupil_only_when_it_is_whole(school, head):
    pupil(school, "Rowan", "Wallstone", upn=UPN)
    assert names(find(head, UPN.lower())) == ["Rowan Wallstone"]
    assert find(head, UPN[:8]).count == 0
    assert find(head, "H801200001002").count == 0


def test_a_letter_alone_is_a_name_of_one_letter(school, head):
    pupil(school, "O", "Ng")
    pupil(school, "Olive", "Fell")
    assert names(find(head, "o")) == ["O Ng"]


def test_a_class_is_found_and_narrows_a_name(school, head, damsons):
    pupil(school, "Rowan", "Wallstone", damsons)
    pupil(school, "Rowan", "Cope")
    assert find(head, "dams").classes == [damsons]
    assert names(find(head, "rowan damsons")) == names(find(head, "damsons row")) == ["Rowan Wallstone"]


def test_a_parent_is_found_with_the_children(school, head, damsons):
    child = pupil(school, "Rowan", "Wallstone", damsons)
    parent = make_person(school, Role.PARENT, given="Marigold", family="Fellwick")
    Guardianship.objects.create(pupil=child, guardian=parent)
    (found,) = find(head, "marigold").people
    assert [line.pupil for line in found.children_here] == [child]


def test_a_teacher_finds_the_pupils_and_parents_of_her_class_and_nobody_else(school, damsons):
    teacher = make_person(school, Role.TEACHER, given="Tess", family="Birkett")
    ClassStaff.objects.create(school_class=damsons, person=teacher, starts=LONG_AGO)
    mine, theirs = pupil(school, "Rowan", "Fell", damsons), pupil(school, "Rowan", "Cope")
    for child, family in ((mine, "Fell"), (theirs, "Cope")):
        parent = make_person(school, Role.PARENT, given="Heather", family=family)
        Guardianship.objects.create(pupil=child, guardian=parent)
    viewer = Viewer(teacher, frozenset({Role.TEACHER}), TODAY)
    assert names(find(viewer, "rowan")) == ["Rowan Fell"]
    assert names(find(viewer, "heather")) == ["Heather Fell"]
    assert find(viewer, "heater").nearly[0].name == "Heather Fell"


def test_a_helper_finds_the_pupils_of_the_class_but_not_their_parents(school, damsons):
    helper = make_person(school, Role.SUPPORT_STAFF, given="Sue")
    ClassStaff.objects.create(school_class=damsons, person=helper, starts=LONG_AGO)
    child = pupil(school, "Rowan", "Fell", damsons)
    Guardianship.objects.create(
        pupil=child, guardian=make_person(school, Role.PARENT, given="Heather", family="Fellwick")
    )
    viewer = Viewer(helper, frozenset({Role.SUPPORT_STAFF}), TODAY)
    assert names(find(viewer, "fell")) == ["Rowan Fell"]


def test_a_parent_finds_nobody_and_another_school_is_not_there(school, head):
    pupil(school, "Rowan", "Fell")
    pupil(make_school(slug="dale"), "Rowan", "Elsewhere")
    parent = Viewer(make_person(school, Role.PARENT), frozenset({Role.PARENT}), TODAY)
    assert find(parent, "rowan").count == 0
    assert names(find(head, "rowan")) == ["Rowan Fell"]


def test_whom_a_court_keeps_from_a_child_does_not_find_it_as_staff_either(school, damsons):
    """The order of a court outranks what a role lets somebody see."""
    office = make_person(school, Role.OFFICE, given="Otto")
    child = pupil(school, "Rowan", "Fell", damsons)
    viewer = Viewer(office, frozenset({Role.OFFICE}), TODAY)
    assert names(find(viewer, "rowan")) == ["Rowan Fell"]
    Guardianship.objects.create(pupil=child, guardian=office, barred=True)
    assert find(viewer, "rowan damsons").count == 0


def test_where_there_are_very_many_the_index_chooses_whom_to_compare(school, head, monkeypatch):
    """PostgreSQL's trigrams, and without them everybody: the same person either way."""
    monkeypatch.setattr(finding, "MANY", 1)
    pupil(school, "Marigold", "Wallstone")
    pupil(school, "Poppy", "Granitewick")
    assert has_index() == (connection.vendor == "postgresql")
    assert [person.name for person in find(head, "marigoldd walstone").nearly] == ["Marigold Wallstone"]
    assert [person.name for person in find(head, "mraigold wallstnoe").nearly] == ["Marigold Wallstone"]  # swapped


@pytest.mark.parametrize("typed", ["", "   ", "'", "%", "_", "\0", "😀", "a" * 5000, "-- ; drop"])
def test_what_is_no_name_finds_nobody(school, head, typed):
    pupil(school, "Rowan", "Fell")
    assert find(head, typed).count == 0
