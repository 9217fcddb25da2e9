"""Every address of the web: who may open it, and that nobody else can. Addresses are found, not listed."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from drystone.registers.school.access import OWN_PAGES, access_of, matrix
from drystone.registers.school.models import Role
from tests.people import make_person, make_school, sign_in
from tests.site.samples import SAMPLES, SHARED

NOTHING = {"at": 0, "segment": "none", "offset": 0}  # where an event would stand
NOTHING |= {"pk": 0, "number": 0, "seq": 0, "slug": "nothing-of-that-name", "step": "no-such-step", "promise_id": "P00"}
NOTHING |= {"name": "none", "edition": "none"}  # of lists


@dataclass(frozen=True)
class Page:
    name: str
    access: str | None
    arguments: tuple[str, ...]

    @property
    def is_public(self):
        return (self.access or "").startswith("public: ")

    @property
    def permission(self):
        return None if self.is_public or self.access == "own account" else self.access

    def address(self, **given):
        return reverse(self.name, kwargs=given or {name: NOTHING[name] for name in self.arguments})


def pages():
    return list(_below(get_resolver().url_patterns, ""))


def _below(patterns, space):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            assert isinstance(pattern, URLPattern)
            assert pattern.name, f"{pattern} has no name"
            access = access_of(pattern.callback, f"{space}{pattern.name}")
            yield Page(f"{space}{pattern.name}", access, tuple(pattern.pattern.converters))


GUARDED = [page for page in pages() if page.permission]
each = pytest.mark.parametrize("page", GUARDED, ids=lambda page: page.name)


def goes_to_sign_in(answer):
    return answer.status_code == 302 and answer["Location"].startswith("/account/sign-in/")


@pytest.fixture
def school(db):
    return make_school()


def test_the_walker_sees_the_whole_house():
    assert len(pages()) > 50


def test_every_address_names_a_permission_or_says_why_it_is_public():
    silent = [page.name for page in pages() if page.access is None]
    assert silent == []
    assert [page.name for page in pages() if page.is_public and len(page.access) < len("public: signing in")] == []


def test_every_permission_asked_for_is_in_the_matrix():
    assert {page.permission for page in GUARDED} <= set(matrix())


@each
def test_a_stranger_is_sent_to_sign_in(page, school):
    assert goes_to_sign_in(Client(HTTP_HOST="localhost").get(page.address()))
    assert Client(HTTP_HOST="localhost").post(page.address()).status_code in (302, 405)


def test_a_stranger_cannot_open_the_pages_of_an_account(school):
    for name in OWN_PAGES:
        assert goes_to_sign_in(Client(HTTP_HOST="localhost").get(reverse(name))), name


@each
def test_each_role_may_exactly_what_the_matrix_says(page, school):
    for role in Role:
        client = sign_in(make_person(school, role))
        if role in matrix()[page.permission]:
            answer = client.get(page.address())
            assert answer.status_code != 403, f"{role} is shut out"
            assert not goes_to_sign_in(answer)
        else:
            assert client.get(page.address()).status_code in (403, 405), f"{role} gets in"
            assert client.post(page.address()).status_code == 403, f"{role} gets in by POST"


@each
def test_somebody_whose_role_has_ended_may_nothing(page, school):
    person = make_person(school, *matrix()[page.permission])
    person.holdings.update(ends=timezone.localdate() - timedelta(days=1))
    assert sign_in(person).get(page.address()).status_code in (403, 405)


def test_every_address_with_an_id_has_a_sample():
    missing = [page.name for page in GUARDED if page.arguments and page.name not in {*SAMPLES, *SHARED}]
    assert missing == [], "add them to tests/site/samples.py"


@pytest.mark.parametrize("page", [p for p in GUARDED if p.name in SAMPLES], ids=lambda page: page.name)
def test_for_an_outsider_another_schools_record_does_not_exist(page, school):
    given = SAMPLES[page.name](school)
    other = make_school(slug="dale", name="Dale School")
    outsider = sign_in(make_person(other, *matrix()[page.permission]))
    insider = sign_in(make_person(school, *matrix()[page.permission]))
    address = page.address(**given)
    assert insider.get(address).status_code in (200, 302, 405), "the sample is no good"
    answers = {outsider.get(address).status_code, outsider.post(address).status_code}
    assert answers <= {404, 405}
    assert 404 in answers
