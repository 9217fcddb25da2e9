"""Accounts as their owners have them, for tests of ways in."""

from drystone.registers.school.services.accounts import make_account
from tests.people import make_person

PASSWORD = "three random words"


def account(school, *roles, **details):
    person = make_person(school, *roles, **details)
    make_account(person=person, by=None, password=PASSWORD)
    return person


def sign_in_with(client, person, password=PASSWORD):
    return client.post("/account/sign-in/", {"login": person.email, "password": password})


def text(response):
    return response.content.decode()
