"""P45: parents sign in by a link to the address on record, and nobody else does."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from drystone.registers.accounts.models import SignInLink
from drystone.registers.accounts.queries import unreachable_parents
from drystone.registers.accounts.services.closing import close_account
from drystone.registers.accounts.services.links import find_parents
from drystone.registers.school.models import AuditEntry, Guardianship, Person, Role, User
from drystone.registers.school.services.accounts import make_account
from tests.people import enrol, make_person, make_school, signed_in_as
from tests.registers.accounts.parts import text

TODAY = timezone.localdate()
ADDRESS = "Pat@home.example"


@pytest.fixture
def child(school):
    return make_person(school, Role.PUPIL, given="Cai")


@pytest.fixture
def parent(school, child):
    return make_parent(school, child, given="Pat", email=ADDRESS)


def make_parent(school, child, *roles, barred=False, **details):
    person = make_person(school, Role.PARENT, *roles, **details)
    Guardianship.objects.create(pupil=child, guardian=person, barred=barred)
    return person


def ask(client, address=ADDRESS):
    return client.post("/accounts/link/", {"email": address})


def link_in_mail():
    return re.search(r"http://localhost(/accounts/link/\S+)", mail.outbox[-1].body)[1]


def signed_in(client):
    return client.session.get("_auth_user_id")


def test_a_parent_comes_in_by_the_link_in_the_mail_once(client, parent):
    assert "Look at your e-mail" in text(ask(client))
    assert mail.outbox[0].to == [ADDRESS]
    path = link_in_mail()
    assert "pat@home.example" in text(client.get(path))
    client.head(path)
    assert not signed_in(client)
    assert client.post(path).status_code == 302
    assert signed_in(client) == str(User.objects.get(email="pat@home.example").pk)
    assert AuditEntry.objects.filter(verb="sign_in_by_link", actor=parent.key).count() == 1
    again = client_of_another()
    assert again.get(path).status_code == 410
    again.post(path)
    assert not signed_in(again)


def client_of_another():
    return Client(HTTP_HOST="localhost")


def test_the_answer_is_the_same_for_an_address_that_nobody_has(client, parent):
    known, unknown = text(ask(client)), text(ask(client, "who@home.example"))
    tokens = r'value="[A-Za-z0-9]{64}"'
    assert re.sub(tokens, "", known).replace("pat@", "who@") == re.sub(tokens, "", unknown)
    assert len(mail.outbox) == 1


def test_the_table_does_not_give_the_link_away(client, parent):
    ask(client)
    secret = link_in_mail().strip("/").rpartition("/")[2]
    assert not SignInLink.objects.filter(digest__contains=secret[:20]).exists()


def test_a_link_lasts_fifteen_minutes(client, parent):
    ask(client)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post(link_in_mail()).status_code == 410
    assert not signed_in(client)


def test_few_links_are_sent_to_one_address(client, parent):
    answers = [ask(client).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert len(mail.outbox) == 3


def test_using_one_link_spends_the_others(client, parent):
    ask(client)
    first = link_in_mail()
    ask(client)
    client.post(link_in_mail())
    other = client_of_another()
    assert other.post(first).status_code == 410


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PARENT, Role.PUPIL}))
def test_a_link_is_no_way_around_a_password_and_a_second_step(client, school, child, role):
    """P48: a parent who also works or governs here signs in as those do."""
    make_parent(school, child, role, given="Pat", email=ADDRESS)
    ask(client)
    assert "their own password" in mail.outbox[0].body
    assert "/accounts/link/" not in mail.outbox[0].body


def test_nor_is_it_around_a_role_at_another_school_or_one_that_begins_tomorrow(school, child, parent):
    head = make_person(make_school("dale", "Dale School"), Role.HEAD, email=ADDRESS)
    make_account(person=head, by=None)
    parent.user = head.user
    parent.save()
    assert not find_parents(ADDRESS, TODAY).people
    head.holdings.update(starts=TODAY + timedelta(days=1))
    assert not find_parents(ADDRESS, TODAY).people


def test_an_office_that_writes_its_own_address_into_a_heads_record_gets_no_link(client, school, child):
    head = make_parent(school, child, Role.HEAD, email="head@fellside.example")
    make_account(person=head, by=None)
    Person.objects.filter(pk=head.pk).update(email="mallory@home.example")
    ask(client, "mallory@home.example")
    assert "/accounts/link/" not in mail.outbox[0].body


def test_an_address_that_two_people_share_opens_nothing_and_the_office_sees_it(client, school, child, parent):
    other = make_parent(school, child, given="Sam", email="pat@HOME.example")
    ask(client)
    assert "several people" in mail.outbox[0].body
    assert {row.person for row in unreachable_parents(school, TODAY)} == {parent, other}
    page = text(signed_in_as(school, Role.OFFICE).get("/accounts/parents/"))
    assert "Sam Example" in page
    assert "2 people here have this address" in page


@pytest.mark.parametrize("what", ["barred", "child left", "parent left", "role ended", "another address", "closed"])
def test_what_changes_after_the_link_was_sent_counts(client, school, child, parent, what):
    make_account(person=parent, by=None)
    ask(client)
    match what:
        case "barred":
            Guardianship.objects.update(barred=True)
        case "child left":
            Person.objects.filter(pk=child.pk).update(left_on=TODAY - timedelta(days=1))
        case "parent left":
            Person.objects.filter(pk=parent.pk).update(left_on=TODAY - timedelta(days=1))
        case "role ended":
            parent.holdings.update(ends=TODAY - timedelta(days=1))
        case "another address":
            Person.objects.filter(pk=parent.pk).update(email="new@home.example")
        case "closed":
            close_account(person=parent, by=None, why="a test", on=TODAY)
    assert client.post(link_in_mail()).status_code == 410
    assert not signed_in(client)


def test_a_new_address_on_record_takes_the_account_with_it_and_the_old_one_opens_nothing(client, parent):
    make_account(person=parent, by=None)
    old = client_of_another()
    old.force_login(parent.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    parent.email = "new@home.example"
    parent.save()
    ask(client)
    assert not [sent for sent in mail.outbox if "/accounts/link/" in sent.body]
    ask(client, "new@home.example")
    client.post(link_in_mail())
    assert signed_in(client) == str(parent.user_id)
    assert User.objects.get().email == "new@home.example"
    assert AuditEntry.objects.get(verb="change_account_address").before == {"email": "pat@home.example"}
    assert old.get("/account/").status_code == 302, "who sat signed in by the old one is out"


def test_an_old_address_that_another_school_still_has_opens_neither(school, child, parent):
    """Who kept the old mailbox is not to come in where the new address is known."""
    dale = make_school("dale", "Dale School")
    make_account(person=parent, by=None)
    make_parent(dale, make_person(dale, Role.PUPIL), email=ADDRESS, user=parent.user)
    assert len(find_parents(ADDRESS, TODAY).people) == 2
    Person.objects.filter(pk=parent.pk).update(email="new@home.example")
    assert find_parents(ADDRESS, TODAY).people == ()
    assert find_parents("new@home.example", TODAY).people == ()


def test_one_link_opens_both_schools_of_a_parent_with_a_child_in_each(client, school, parent):
    dale = make_school("dale", "Dale School")
    make_parent(dale, make_person(dale, Role.PUPIL), email=ADDRESS)
    ask(client)
    client.post(link_in_mail())
    user = User.objects.get()
    assert user.people.count() == 2
    assert not user.has_usable_password()


def test_a_parent_with_a_second_step_is_asked_for_it(client, parent):
    enrol(make_account(person=parent, by=None))
    ask(client)
    assert client.post(link_in_mail()).headers["Location"].startswith("/account/two-step/code/")
    assert not signed_in(client)


def test_the_link_signs_out_whoever_sat_there(client, school, teacher, parent):
    client.force_login(teacher.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    ask(client)
    client.post(link_in_mail())
    assert signed_in(client) != str(teacher.user_id)
