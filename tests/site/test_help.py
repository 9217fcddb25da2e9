"""P02, P13: the help pages open to anyone, name the co-ordinator, and say where else to turn."""

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.school.models import Role
from drystone.registers.school.services.people import change_coordinator
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db
PAGES = ["/help/", "/help/parents/", "/help/staff/"]


@pytest.fixture
def school():
    return make_school()


def read(path):
    answer = Client(HTTP_HOST="localhost").get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_names_the_coordinator_to_a_stranger(school, path):
    make_person(school, Role.COORDINATOR, given="Tom", family="Birkett")
    assert "Tom Birkett" in read(path)


@pytest.mark.parametrize("path", PAGES)
def test_a_new_coordinator_stands_there_at_once(school, path):
    make_person(school, Role.COORDINATOR, given="Tom", family="Birkett")
    head = make_person(school, Role.HEAD, given="Helen", family="Marsh")
    change_coordinator(school=school, person=head, by=head, starts=timezone.localdate())
    assert "Helen Marsh" in read(path)
    assert "Tom Birkett" not in read(path)


@pytest.mark.parametrize("path", PAGES)
def test_without_a_coordinator_the_page_still_says_where_to_turn(school, path):
    assert "999" in read(path)


def test_children_find_childline_and_ceop(school):
    page = read("/help/")
    assert "tel:08001111" in page
    assert "ceop" in page


def test_strangers_learn_no_other_names(school):
    make_person(school, Role.HEAD, given="Helen", family="Marsh")
    make_person(school, Role.SAFEGUARDING_LEAD, given="Sue", family="Lee")
    pages = "".join(read(path) for path in PAGES)
    assert "Helen" not in pages
    assert "Sue" not in pages


def test_with_several_schools_each_has_its_page(school):
    make_person(school, Role.COORDINATOR, given="Tom", family="Birkett")
    make_school(slug="dale", name="Dale School")
    page = read("/help/")
    assert "Dale School" in page
    assert "Tom Birkett" not in page
    assert "Tom Birkett" in read("/help/at/fellside/")
    assert Client(HTTP_HOST="localhost").get("/help/at/nowhere/").status_code == 404
