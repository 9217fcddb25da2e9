"""Stepping into a role: of the demonstration school, from this machine; never of a real one."""

import pytest
from django.test import Client

from drystone.registers.school.models import Role, User
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost")


def step_into(client, person):
    return client.post("/demo/step-into/", {"holding": person.holdings.get().pk})


def test_a_made_up_head_is_stepped_into(client):
    head = make_person(make_school(is_demo=True), Role.HEAD, email="head@demo.example")
    assert "Be the head teacher" in client.get("/demo/").content.decode()
    assert step_into(client, head)["Location"] == "/"
    assert client.get("/school/people/").status_code == 200


def test_a_real_head_never_is(client):
    make_school(slug="demo", is_demo=True)
    head = make_person(make_school(), Role.HEAD, email="head@fellside.example")
    assert step_into(client, head).status_code == 404


def test_an_account_that_opens_a_real_school_too_never_is(client):
    user = User.objects.create_user("head@demo.example")
    make_person(make_school(), Role.HEAD, user=user)
    head = make_person(make_school(slug="demo", is_demo=True), Role.HEAD, user=user)
    assert step_into(client, head).status_code == 403


def test_without_a_demonstration_school_there_is_no_such_page(client):
    make_school()
    assert client.get("/demo/").status_code == 404


def test_from_another_machine_only_in_a_house_started_as_a_demonstration(monkeypatch):
    head = make_person(make_school(is_demo=True), Role.HEAD, email="head@demo.example")
    far = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    assert far.get("/demo/").status_code == 404
    assert step_into(far, head).status_code == 404
    monkeypatch.setenv("DRYSTONE_DEMO", "1")
    assert far.get("/demo/").status_code == 200


def test_a_link_does_not_sign_anybody_in(client):
    make_person(make_school(is_demo=True), Role.HEAD)
    assert client.get("/demo/step-into/").status_code == 405


def test_the_sign_in_page_leads_there_where_it_is_open(client):
    make_person(make_school(is_demo=True), Role.HEAD)
    far = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7")
    assert 'href="/demo/"' in client.get("/account/sign-in/").content.decode()
    assert 'href="/demo/"' not in far.get("/account/sign-in/").content.decode()


def test_who_has_no_password_is_told_how_to_get_one(client):
    step_into(client, make_person(make_school(is_demo=True), Role.HEAD, email="head@demo.example"))
    page = client.get("/account/password/", follow=True)
    assert page.redirect_chain == [("/account/", 302)]
    assert "You have no password yet" in page.content.decode()
