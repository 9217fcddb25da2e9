"""A person's page and the pages around it, by HTTP: who sees which part of whom, and nothing by another door."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, RoleHolding, SchoolClass
from drystone.registers.signon.models import ProxyPassword
from tests.people import LONG_AGO, make_person, make_school, sign_in, signed_in_as

pytestmark = pytest.mark.django_db
UPN = "H801200001001"


@pytest.fixture
def school():
    return make_school(telephone="01632 960069")


@pytest.fixture
def damsons(school):
    return SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())


@pytest.fixture
def child(school, damsons):
    given = {"upn": UPN, "date_of_birth": "2018-10-02", "sign_on": "rfell", "never_publish": True}
    return make_person(school, Role.PUPIL, given="Rowan", family="Fell", school_class=damsons, **given)


@pytest.fixture
def mother(child):
    gwen = make_person(
        child.school, Role.PARENT, given="Gwen", family="Moss", telephone="01632 960001", email="gwen@home.example"
    )
    Guardianship.objects.create(pupil=child, guardian=gwen, relationship="Mother", parental_responsibility=True)
    return gwen


def teacher_of(school_class, role=Role.TEACHER):
    teacher = make_person(school_class.school, role, given="Tess", family="Birkett")
    ClassStaff.objects.create(school_class=school_class, person=teacher, starts=LONG_AGO)
    return teacher


def text(answer):
    return answer.content.decode()


def page(client, person):
    return text(client.get(f"/school/people/{person.pk}/"))


def main(client, person):
    return page(client, person).split("<main")[1].split("</main>")[0]


def headings(client, person):
    return re.findall(r'<h2 class="govuk-heading-m">(.*?)</h2>', page(client, person))


SENSITIVE = {"born": "2 October 2018", "number": UPN, "parent": "Gwen Moss", "telephone": "01632 960001"}
SHOWN = {
    Role.HEAD: {"born", "number", "parent", "telephone"},
    Role.OFFICE: {"born", "number", "parent", "telephone"},
    Role.SAFEGUARDING_LEAD: {"born", "parent", "telephone"},
    Role.COORDINATOR: set(),
    Role.TECHNICIAN: set(),
}


@pytest.mark.parametrize("role", SHOWN, ids=str)
def test_each_line_shows_only_to_roles_that_need_it(school, child, mother, role):
    whole = main(signed_in_as(school, role), child)
    assert {name for name, words in SENSITIVE.items() if words in whole} == SHOWN[role]


def test_other_registers_add_their_parts_for_whom_they_are(school, child):
    ProxyPassword.objects.create(person=child, verifier="x", made_by_name="Otto")
    assert {"Internet", "Traffic"} <= set(headings(signed_in_as(school, Role.HEAD), child))
    technician = headings(signed_in_as(school, Role.TECHNICIAN), child)
    assert "Internet" in technician
    assert "Traffic" not in technician


def test_a_teacher_sees_her_own_class_and_its_parents_and_nothing_more(school, damsons, child, mother):
    other = make_person(school, Role.PUPIL, given="Pip", family="Cope")
    client = sign_in(teacher_of(damsons))
    whole = main(client, child)
    assert "01632 960001" in whole
    assert "Never publish anything" in whole
    assert UPN not in whole
    assert client.get(f"/school/people/{other.pk}/").status_code == 404
    assert client.get(f"/school/people/{mother.pk}/").status_code == 200
    assert client.get("/school/people/").status_code == 403
    assert "Rowan Fell" in text(client.get(f"/school/classes/{damsons.pk}/"))


def test_a_helper_sees_the_pupils_and_no_parent(damsons, child, mother):
    client = sign_in(teacher_of(damsons, Role.SUPPORT_STAFF))
    assert "Gwen" not in main(client, child)
    assert client.get(f"/school/people/{mother.pk}/").status_code == 404


def test_a_parent_sees_the_own_child_only_and_neither_the_other_parent_nor_the_flag(school, child, mother):
    """Where the other parent lives may be what a court keeps secret."""
    father = make_person(school, Role.PARENT, given="Huw", family="Fell", telephone="01632 960002")
    Guardianship.objects.create(pupil=child, guardian=father, order=2)
    other = make_person(school, Role.PUPIL, given="Pip", family="Cope")
    client = sign_in(father)
    assert "Rowan Fell" in text(client.get("/school/children/"))
    whole = page(client, child)
    assert "2 October 2018" in whole
    for kept in ("Gwen", "960001", "gwen@home", UPN, "Never", "Roles"):
        assert kept not in whole.split("<main")[1], kept
    assert [client.get(f"/school/people/{who.pk}/").status_code for who in (other, mother)] == [404, 404]
    assert client.get("/school/people/find/?q=rowan").status_code == 403


def test_a_parent_who_teaches_another_class_gains_nothing_for_the_own_child_by_it(school, child, mother):
    """Nor for the class of the child by being its parent."""
    elders = SchoolClass.objects.create(school=school, name="Elders", year_group=4, group=school.groups.first())
    both = teacher_of(elders)
    Guardianship.objects.create(pupil=child, guardian=both, order=2)
    RoleHolding.objects.create(person=both, role=Role.PARENT, starts=LONG_AGO)
    client = sign_in(both)
    assert "Gwen" not in main(client, child)
    assert client.get(f"/school/classes/{child.school_class_id}/").status_code == 404
    assert client.get(f"/school/classes/{elders.pk}/").status_code == 200
    assert "Nobody whom you may see" in text(client.get("/school/people/find/?q=rowan"))


def test_a_barred_parent_stands_apart_without_an_address_and_sees_no_child(school, child, mother):
    Guardianship.objects.filter(guardian=mother).update(barred=True)
    whole = main(signed_in_as(school, Role.HEAD), child)
    assert "Gwen Moss (Mother) must be told nothing of Rowan Fell" in whole
    assert "960001" not in whole
    client = sign_in(mother)
    assert "No child is recorded as yours" in text(client.get("/school/children/"))
    assert client.get(f"/school/people/{child.pk}/").status_code == 404


def test_names_are_printed_and_never_run(school, damsons):
    nasty = "<script>alert(1)</script>"
    odd = make_person(school, Role.PUPIL, given=nasty, family="O’Brien", school_class=damsons, sign_on="<b>")
    head = signed_in_as(school, Role.HEAD)
    for url in (f"/school/people/{odd.pk}/", "/school/people/find/?q=obrien", f"/school/classes/{damsons.pk}/"):
        assert nasty not in text(head.get(url)), url
    assert "<script>alert" not in text(head.get("/school/people/find/", {"q": nasty}))


def test_the_list_is_narrowed_by_class_year_and_who_has_left(school, damsons, child):
    make_person(school, Role.PUPIL, given="Pip", family="Cope", year_group=6)
    make_person(school, Role.PUPIL, given="Ann", family="Gone", left_on="2026-07-20")
    head = signed_in_as(school, Role.HEAD)
    found = {}
    for query in (
        "",
        f"class={damsons.pk}",
        "year=6",
        "year=3",
        "state=left",
        "state=all&role=pupil",
        "class=x&year=y",
    ):
        whole = text(head.get(f"/school/people/?{query}"))
        found[query] = {name for name in ("Rowan Fell", "Pip Cope", "Ann Gone") if name in whole}
    assert found[""] == found["class=x&year=y"] == {"Rowan Fell", "Pip Cope"}
    assert found[f"class={damsons.pk}"] == found["year=3"] == {"Rowan Fell"}
    assert found["year=6"] == {"Pip Cope"}
    assert found["state=left"] == {"Ann Gone"}
    assert found["state=all&role=pupil"] == {"Rowan Fell", "Pip Cope", "Ann Gone"}


def test_a_parents_address_is_not_for_all_who_see_the_list(school, mother):
    make_person(school, Role.TEACHER, given="Tess", email="tess@school.example")
    for role, seen in ((Role.OFFICE, True), (Role.TECHNICIAN, False)):
        client = signed_in_as(school, role)
        whole = text(client.get("/school/people/"))
        file = b"".join(client.get("/school/people/?format=csv").streaming_content).decode()
        assert "tess@school.example" in whole
        assert ("gwen@home.example" in whole, "gwen@home.example" in file) == (seen, seen)
        assert ("Gwen Moss" in text(client.get("/school/people/?text=gwen@home"))) == seen


def test_a_pupil_is_added_with_parents_and_leaves_and_comes_back(school, damsons):
    office, today = signed_in_as(school, Role.OFFICE, given="Otto"), timezone.localdate()
    on = {"day": today.day, "month": today.month, "year": today.year}
    sent = {"given_names": "Pip", "family_name": "Fell", "school_class": damsons.pk, "upn": "x801200001001"}
    sent |= {f"joined_on_{box}": value for box, value in on.items()}
    assert "wrong check letter" in text(office.post("/school/people/add/pupil/", sent))
    where = office.post("/school/people/add/pupil/", sent | {"upn": f" {UPN.lower()} "})["Location"]
    pip = Person.objects.get(given_names="Pip")
    assert (pip.upn, pip.holdings.get().role) == (UPN, Role.PUPIL)
    assert "It is somebody new" in text(office.get(f"{where}parents/?text=gwen"))
    new = {"given_names": "Gwen", "family_name": "Moss", "order": "1", "parental_responsibility": "on"}
    assert office.post(f"{where}parents/add/", new)["Location"] == where
    line = Guardianship.objects.get()
    assert (line.guardian.name, line.parental_responsibility) == ("Gwen Moss", True)
    assert office.post(f"{where}leave/", {f"on_{box}": value for box, value in on.items()})["Location"] == where
    assert "So do Gwen Moss" in text(office.get(where))
    assert "comes back" in text(office.get(where))
    office.post(f"{where}back/", {f"on_{box}": value for box, value in on.items()} | {"school_class": damsons.pk})
    assert Person.objects.filter(left_on=None, given_names__in=["Pip", "Gwen"]).count() == 2


def test_a_known_adult_is_chosen_as_parent_of_a_second_child(school, child, mother):
    sibling = make_person(school, Role.PUPIL, given="Pip", family="Fell")
    office = signed_in_as(school, Role.OFFICE, given="Otto")
    found = text(office.get(f"/school/people/{sibling.pk}/parents/?text=gwen"))
    assert f"/school/people/{sibling.pk}/parents/add/{mother.pk}/" in found
    assert f"/add/{child.pk}/" not in text(office.get(f"/school/people/{sibling.pk}/parents/?text=rowan"))
    office.post(f"/school/people/{sibling.pk}/parents/add/{mother.pk}/", {"order": "1"})
    assert mother.wards.count() == 2


def test_a_class_gets_its_teacher_on_its_page(school, damsons, child):
    teacher = make_person(school, Role.TEACHER, given="Tess", family="Birkett")
    office, today = signed_in_as(school, Role.OFFICE, given="Otto"), timezone.localdate()
    sent = {"person": teacher.pk, "starts_day": today.day, "starts_month": today.month, "starts_year": today.year}
    office.post(f"/school/classes/{damsons.pk}/staff/", sent)
    assert "Rowan Fell" in text(sign_in(teacher).get(f"/school/classes/{damsons.pk}/"))
    assert "Tess Birkett" in text(office.get("/school/classes/"))


@pytest.mark.parametrize("url", ["/school/people/", "/school/classes/{class}/", "/school/people/find/?q=fell"])
def test_more_people_ask_no_more_of_the_database(school, damsons, child, mother, url):
    head, address = signed_in_as(school, Role.HEAD), url.replace("{class}", str(damsons.pk))

    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert head.get(address).status_code == 200
        return len(seen)

    queries()
    before = queries()
    for number in range(20):
        each = make_person(school, Role.PUPIL, given=f"Rowan{number}x", family="Fell", school_class=damsons)
        Guardianship.objects.create(pupil=each, guardian=mother)
    assert queries() <= before


def test_those_who_may_find_people_have_a_box_for_it_on_every_page(school, damsons):
    for person, there in ((teacher_of(damsons), True), (make_person(school, Role.GOVERNOR), False)):
        assert ("header-find" in text(sign_in(person).get("/"))) == there
