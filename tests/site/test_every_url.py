"""Every address of the web: who may open it, and that nobody else can. Addresses are found, not listed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.school.access import OWN_PAGES, matrix
from drystone.registers.school.models import Role
from tests.people import make_person, make_school, sign_in
from tests.site.samples import SAMPLES, SHARED
from tests.site.walk import OWN, goes_to_sign_in, guarded, pages


@pytest.fixture
def school(db):
    return make_school()


def test_the_walker_sees_the_whole_house():
    assert len(pages()) > 150


def test_every_address_names_a_permission_or_says_why_it_is_public():
    silent = [page.name for page in pages() if page.access is None]
    assert silent == []
    assert [page.name for page in pages() if page.is_public and len(page.access) < len("public: signing in")] == []


def test_every_permission_asked_for_is_in_the_matrix():
    assert {page.permission for page in guarded()} <= set(matrix())


def test_a_stranger_is_sent_to_sign_in(school):
    client = Client(HTTP_HOST="localhost")
    let_in = [page.name for page in guarded() if not goes_to_sign_in(client.get(page.address()))]
    let_in += [page.name for page in guarded() if client.post(page.address()).status_code not in (302, 405)]
    assert let_in == []


def test_a_stranger_cannot_open_the_pages_of_an_account(school):
    own = [page for page in pages() if page.access == OWN]
    assert {page.name for page in own} >= OWN_PAGES
    client = Client(HTTP_HOST="localhost")
    assert [page.name for page in own if not goes_to_sign_in(client.get(page.address()))] == []


def refused(client, page):
    """Neither to read nor to write."""
    return client.get(page.address()).status_code in (403, 405) and client.post(page.address()).status_code == 403


def wrong(client, page, may):
    """Open though the matrix says no, or shut though it says yes. What takes no GET is asked by POST, and only by whom
    it is shut to."""
    answer = client.get(page.address())
    if answer.status_code == 405 and not may:
        answer = client.post(page.address())
    return (answer.status_code == 403 or goes_to_sign_in(answer)) == may


@pytest.mark.parametrize("role", Role)
def test_each_role_may_exactly_what_the_matrix_says(role, school):
    client = sign_in(make_person(school, role))
    faults = [page.name for page in guarded() if wrong(client, page, role in matrix()[page.permission])]
    assert faults == []


@pytest.mark.parametrize("why", ["the role has ended", "the role begins tomorrow", "they have left the school"])
def test_somebody_without_a_role_today_may_nothing(why, school):
    person, today = make_person(school, *Role), timezone.localdate()
    match why:
        case "the role has ended":
            person.holdings.update(ends=today - timedelta(days=1))
        case "the role begins tomorrow":
            person.holdings.update(starts=today + timedelta(days=1))
        case _:
            person.left_on = today - timedelta(days=1)
            person.save()
    client = sign_in(person)
    assert [page.name for page in guarded() if not refused(client, page)] == []


def test_every_address_with_an_id_has_a_sample():
    missing = [page.name for page in guarded() if page.arguments and page.name not in {*SAMPLES, *SHARED}]
    assert missing == [], "add them to tests/site/samples.py"
