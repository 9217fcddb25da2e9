"""Somebody with several roles may what each of them may, about whom each of them may, and nothing by mixing them."""

import pytest

from drystone.engine.home import Home
from drystone.registers.school.access import matrix
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, SchoolClass
from drystone.registers.unblock.models import Kind, SiteRequest
from drystone.site.keys import secret
from tests.people import LONG_AGO, make_person, make_school, sign_in
from tests.site.samples import SAMPLES, SHARED
from tests.site.walk import guarded, pages, text_of

MARK = "Zyxwv"
GOVERNING = (Role.PARENT, Role.GOVERNOR, Role.SUPPORT_STAFF)
TEACHING = (Role.TEACHER, Role.PARENT)


@pytest.fixture
def school(db, settings, tmp_path):
    """Oak, Elm and Ash with a pupil each, and each pupil with a mother; whoever is of Ash is marked."""
    settings.HOME = Home(tmp_path / "home")
    for key in (settings.HOME.person_key, settings.HOME.check_key, settings.HOME.seal_key):
        secret(key)
    school = make_school()
    ash = _class(school, "Ash", MARK)  # first, so that samples take them
    school.oak, school.elm = _class(school, "Oak", "Beck"), _class(school, "Elm", "Dale")
    school.records = {page.name: SAMPLES[page.name](school) for page in pages() if page.name in SAMPLES}
    Person.objects.filter(pk__in=[person.pk for person in ash]).update(given_names=MARK, family_name=MARK)
    return school


def _class(school, name, family):
    """Its pupil and the pupil's mother."""
    group = school.groups.first()
    made = SchoolClass.objects.create(school=school, name=name, year_group=3, group=group)
    pupil = make_person(school, Role.PUPIL, given=family, family=family, school_class=made, sign_on=name.lower())
    mother = make_person(school, Role.PARENT, given="Mother", family=family, email=f"{family}@home.example".lower())
    Guardianship.objects.create(pupil=pupil, guardian=mother, parental_responsibility=True)
    SiteRequest.objects.create(
        school=school, kind=Kind.OPEN, host=f"{family.lower()}.example", by_child=True, sensitive=False,
        mark=family, asker=pupil,
    )  # fmt: skip
    return pupil, mother


def _father_of(pupil, *roles):
    father = make_person(pupil.school, *roles, given="Father", family=pupil.family_name)
    Guardianship.objects.create(pupil=pupil, guardian=father, parental_responsibility=True, order=2)
    return father


def _takes(person, pupil):
    ClassStaff.objects.create(person=person, school_class=pupil.school_class, starts=LONG_AGO)


@pytest.fixture
def governor(school):
    """A father of a pupil of Oak, who is a governor, and helps in Elm at lunch."""
    father = _father_of(school.oak[0], *GOVERNING)
    _takes(father, school.elm[0])
    return father


@pytest.fixture
def teacher(school):
    """A father of a pupil of Elm, who teaches Oak."""
    father = _father_of(school.elm[0], *TEACHING)
    _takes(father, school.oak[0])
    return father


def person_page(client, person):
    return client.get(f"/school/people/{person.pk}/")


@pytest.mark.parametrize("roles", [GOVERNING, TEACHING])
def test_two_roles_open_what_each_opens_and_no_page_more(roles, school):
    client = sign_in(make_person(school, *roles))
    wrong = []
    for page in guarded():
        opens = (
            client.get(page.address()).status_code not in (403, 405) or client.post(page.address()).status_code != 403
        )
        if opens != bool(matrix()[page.permission] & set(roles)):
            wrong.append(page.name)
    assert wrong == []


@pytest.mark.parametrize("who", ["governor", "teacher"])
def test_nobody_out_of_reach_is_named_on_any_page(who, school, request):
    head = sign_in(make_person(school, Role.HEAD))
    assert MARK in text_of(head.get("/school/people/")), "else the search below finds nothing anyway"
    client, shown, looked = sign_in(request.getfixturevalue(who)), [], 0
    for page in guarded():
        given = school.records.get(page.name, SHARED.get(page.name, {}))
        if page.arguments and not given:
            continue
        answer = client.get(page.address(**given))
        looked += answer.status_code == 200
        shown += [page.name] if MARK in text_of(answer) else []
    assert shown == []
    assert looked > 10


def test_a_governor_with_a_child_here_sees_that_child_and_the_pupils_they_mind(school, governor):
    client = sign_in(governor)
    assert person_page(client, school.oak[0]).status_code == 200
    assert person_page(client, school.elm[0]).status_code == 200
    for stranger in (*Person.objects.filter(given_names=MARK), school.elm[1]):
        assert person_page(client, stranger).status_code == 404


def test_a_teacher_with_a_child_in_another_class_meets_that_child_as_a_parent(school, teacher):
    client = sign_in(teacher)
    taught, own = (text_of(person_page(client, pupil)) for pupil in (school.oak[0], school.elm[0]))
    assert school.oak[1].name in taught
    assert school.elm[0].name in own
    assert school.elm[1].email not in own, "of the other parent's address the role of teacher tells nothing here"
    assert person_page(client, school.oak[1]).status_code == 200
    assert person_page(client, school.elm[1]).status_code == 404


def test_when_a_class_is_another_s_only_the_other_role_is_left(school, teacher):
    teacher.classes_taught.update(ends=LONG_AGO)
    client = sign_in(teacher)
    assert person_page(client, school.oak[0]).status_code == 404
    assert person_page(client, school.elm[0]).status_code == 200


def test_a_court_s_order_stands_before_every_role(school, teacher):
    Guardianship.objects.filter(guardian=teacher).update(barred=True)
    _takes(teacher, school.elm[0])
    client = sign_in(teacher)
    assert person_page(client, school.elm[0]).status_code == 404
