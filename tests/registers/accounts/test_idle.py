"""P47: a screen left alone locks; what is sent to it is kept until its user is back."""

import time

import pytest
from django.test import Client

from drystone.registers.accounts import idle
from drystone.registers.school.models import AuditEntry, Person, Role
from tests.people import enrol, make_person, sign_in
from tests.registers.accounts.parts import PASSWORD, sign_in_with, text
from tests.totp import code_now

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOCK = "/account/locked/"


@pytest.fixture
def desk(client, head):
    """The head's browser, signed in a moment ago."""
    enrol(head.user, SECRET)
    sign_in_with(client, head)
    client.post("/account/two-step/code/", {"code": code_now(SECRET)})
    assert client.get("/").status_code == 200
    return client


def leave_alone(client, minutes):
    """As if the last work on it had been so long ago."""
    session = client.session
    session[idle.SEEN] = time.time() - minutes * 60
    session.save()


def come_back(client, password=PASSWORD, goes_to="/"):
    return client.post(LOCK, {"password": password, "next": goes_to})


def test_after_a_short_while_nothing_is_asked(desk):
    leave_alone(desk, 14)
    assert desk.get("/school/audit/").status_code == 200


def test_after_a_quarter_of_an_hour_every_page_leads_to_the_lock_and_back_to_where_one_was(desk):
    leave_alone(desk, 16)
    asked = desk.get("/school/audit/?text=ada")
    assert asked["Location"] == f"{LOCK}?next=%2Fschool%2Faudit%2F%3Ftext%3Dada"
    page = text(desk.get(asked["Location"]))
    assert "Your screen is locked" in page
    assert "Menu" not in page
    assert come_back(desk, goes_to="/school/audit/?text=ada")["Location"] == "/school/audit/?text=ada"
    assert desk.get("/school/audit/").status_code == 200


def test_waiting_at_the_lock_opens_nothing(desk):
    leave_alone(desk, 16)
    desk.get("/")
    desk.get(LOCK)
    assert desk.get("/").status_code == 302
    assert "not" in text(come_back(desk, password="somebody else’s guess"))
    assert desk.get("/").status_code == 302


def test_a_school_says_after_how_long(desk, school):
    school.idle_minutes = 60
    school.save()
    leave_alone(desk, 59)
    assert desk.get("/").status_code == 200
    leave_alone(desk, 61)
    assert desk.get("/").status_code == 302


def test_help_stays_open_on_a_locked_screen_and_says_nothing_of_the_school(desk):
    leave_alone(desk, 16)
    assert desk.get("/help/").status_code == 200
    assert "/school/audit/" not in text(desk.get("/help/"))


def test_a_form_sent_to_a_locked_screen_is_kept_and_sent_when_its_user_says_so(desk, school):
    leave_alone(desk, 16)
    given = {"given_names": "Nía", "family_name": "O’Brien & Søn", "preferred_name": "", "email": "", "edition": ""}
    answer = desk.post("/school/people/add/", given)
    assert answer["Location"].startswith(f"{LOCK}?next=%2Faccount%2Flocked%2Fkept%2F")
    assert not Person.objects.filter(family_name__startswith="O’Brien").exists()
    assert "What you sent is kept" in text(desk.get(answer["Location"]))
    assert desk.get("/account/locked/kept/").status_code == 302, "not before it is they"
    page = text(desk.get(come_back(desk, goes_to="/account/locked/kept/")["Location"]))
    assert 'action="/school/people/add/"' in page
    assert 'value="O’Brien &amp; Søn"' in page
    desk.post("/school/people/add/", given)
    assert Person.objects.get(family_name="O’Brien & Søn").given_names == "Nía"
    assert idle.KEPT not in desk.session


def test_what_is_kept_cannot_be_read_in_the_database_and_can_be_thrown_away(desk):
    leave_alone(desk, 16)
    desk.post("/school/people/add/", {"given_names": "Secretname"})
    assert "Secretname" not in str(dict(desk.session))
    come_back(desk)
    desk.post("/account/locked/kept/")
    assert idle.KEPT not in desk.session


def test_a_password_that_is_sent_to_a_locked_screen_is_not_kept(desk):
    leave_alone(desk, 16)
    answer = desk.post("/account/password/", {"oldpassword": "a", "password1": "b", "password2": "b"})
    assert "lost=1" in answer["Location"]
    assert "could not be kept" in text(desk.get(answer["Location"]))
    assert idle.KEPT not in desk.session


def test_guesses_at_the_lock_lock_the_account(desk, head):
    leave_alone(desk, 16)
    for _ in range(5):
        come_back(desk, password="a guess")
    assert "Too many" in text(come_back(desk))
    assert AuditEntry.objects.filter(verb="lock_account").exists()


def test_a_code_of_the_second_step_opens_it_as_well(client, teacher):
    """Whoever has no password, but an app."""
    sign_in_with(client, teacher)
    enrol(teacher.user, SECRET)
    teacher.user.set_unusable_password()
    teacher.user.save()
    client.force_login(teacher.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    leave_alone(client, 16)
    page = text(client.get("/", follow=True))
    assert "Enter a code from your phone" in page
    client.post("/account/two-step/confirm/?next=/", {"code": code_now(SECRET)})
    assert client.get("/").status_code == 200


def test_who_has_nothing_to_show_signs_in_again(school):
    parent = sign_in(make_person(school, Role.PARENT), two_step=False)
    leave_alone(parent, 16)
    assert "Sign out, and sign in again as you did before" in text(parent.get("/", follow=True))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", LOCK])
def test_the_lock_never_leads_to_another_site_or_to_itself(desk, elsewhere):
    leave_alone(desk, 16)
    desk.get("/")
    assert come_back(desk, goes_to=elsewhere)["Location"] == "/"


def test_a_screen_is_locked_by_hand_too(desk):
    assert desk.post("/account/locked/now/")["Location"] == LOCK
    assert desk.get("/").status_code == 302


def test_the_page_asks_how_long_it_has_and_says_when_somebody_is_at_work(desk):
    leave_alone(desk, 10)
    assert 295 <= desk.get("/account/here/").json()["left"] <= 300
    assert desk.post("/account/here/").json()["left"] > 895
    leave_alone(desk, 16)
    assert desk.post("/account/here/").json()["left"] == 0
    assert desk.get("/").status_code == 302


def test_the_last_moment_is_not_told_as_none_or_an_empty_desk_would_never_lock(rf, school):
    """At 0 the page goes to the lock, and one that is not locked yet would lead back and begin anew."""
    request = rf.get("/")
    request.session, request.school = {idle.SEEN: 1000.0}, school
    assert idle.seconds_left(request, now=1000.0 + 15 * 60 - 0.4) == 1
    assert idle.seconds_left(request, now=1000.0 + 15 * 60) == 1
    assert idle.seconds_left(request, now=1000.0 + 15 * 60 + 0.1) == 0


def test_a_page_goes_by_itself_without_a_script_and_the_browser_keeps_nothing_of_it(desk):
    answer = desk.get("/school/audit/")
    assert '<noscript><meta http-equiv="refresh" content="905; url=/account/locked/?next=' in text(answer)
    assert "no-store" in answer["Cache-Control"]
    stranger = Client(HTTP_HOST="localhost").get("/help/")
    assert "http-equiv" not in text(stranger)


def test_a_page_that_follows_at_once_writes_no_session(desk):
    before = desk.session[idle.SEEN]
    desk.get("/school/audit/")
    assert desk.session[idle.SEEN] == before
