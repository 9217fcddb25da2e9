"""Tokens of other systems: who makes them, that they are shown once, and what a wrong form is told."""

import pytest

from drystone.registers.school.models import AuditEntry, Integration, Role, Scope
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.integrations import add_integration, integration_of, revoke_integration
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school, sign_in


@pytest.fixture
def school(db):
    return make_school()


def test_a_token_is_made_shown_once_and_withdrawn_on_screen(school):
    client = sign_in(make_person(school, Role.HEAD))
    given = {"name": "Library", "scopes": ["roll.read", "roll.numbers"], "calls_from": "10.0.0.5"}
    page = client.post("/school/systems/add/", given).content.decode()
    token = page.partition('ds-code">')[2].partition("<")[0]
    made = Integration.objects.get()
    assert integration_of(token) == made
    assert made.scopes == ["roll.numbers", "roll.read"]
    shown = client.get("/school/systems/").content.decode()
    assert "Library" in shown
    assert token not in shown
    assert not any(token in f"{entry.after}{entry.summary}" for entry in AuditEntry.objects.all())
    assert client.post(f"/school/systems/{made.pk}/withdraw/").status_code == 302
    assert integration_of(token) is None
    assert "Withdrawn" in client.get("/school/systems/").content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"scopes": ["roll.read"]}, "Enter a name"),
        ({"name": "Library"}, "Choose what it may do"),
        ({"name": "Library", "scopes": ["roll.contacts"]}, "come with the roll"),
        ({"name": "Library", "scopes": ["roll.read"], "calls_from": "10.0.0.5/8"}, "starts inside its range"),
        ({"name": "Library", "scopes": ["everything"]}, "everything"),
    ],
)
def test_what_is_wrong_with_a_form_is_told_and_nothing_is_made(school, given, told):
    client = sign_in(make_person(school, Role.HEAD))
    assert told in client.post("/school/systems/add/", given).content.decode()
    assert not Integration.objects.exists()


def test_two_systems_of_one_name_are_refused_and_a_name_is_free_again_after_its_end(school):
    first, _ = add_integration(school=school, by=None, name="Library", scopes=[Scope.ROLL])
    with pytest.raises(Refused):
        add_integration(school=school, by=None, name=" library ", scopes=[Scope.ROLL])
    revoke_integration(integration=first, by=None)
    with pytest.raises(Refused):
        revoke_integration(integration=first, by=None)
    assert add_integration(school=school, by=None, name="Library", scopes=[Scope.ROLL])[0].pk != first.pk


def test_only_head_and_technician_give_tokens(school):
    with pytest.raises(NotAllowed):
        add_integration(school=school, by=make_person(school, Role.OFFICE), name="Mine", scopes=[Scope.ROLL])


def test_nobody_gives_a_system_what_they_may_not_see_themselves(school):
    """P43: a technician's token does not become a way to birthdays and parents' telephones."""
    technician = make_person(school, Role.TECHNICIAN)
    for scope in (Scope.NUMBERS, Scope.CONTACTS):
        with pytest.raises(Refused, match="ask the head"):
            add_integration(school=school, by=technician, name="Mine", scopes=[Scope.ROLL, scope])
    assert add_integration(school=school, by=technician, name="Mine", scopes=[Scope.ROLL, Scope.SESSIONS])
