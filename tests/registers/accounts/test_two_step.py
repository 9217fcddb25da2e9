"""P48: roles that open much need a second step; a lost phone is helped with, on record."""

import re
import time
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from drystone.registers.accounts.two_step import BY_PROVIDER, REQUIRED_OF
from drystone.registers.school.models import AuditEntry, FirstTimeCode, Role, User
from tests.people import LONG_AGO, enrol, make_person, make_school, sign_in
from tests.registers.accounts.parts import PASSWORD, account, sign_in_with, text
from tests.totp import code_at, code_now

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGES = ["/", "/school/people/", "/accounts/", "/traffic/", "/policy/", "/school/audit/"]


@pytest.mark.parametrize("role", sorted(REQUIRED_OF))
def test_whose_role_opens_much_reaches_nothing_before_the_second_step(school, role):
    client = sign_in(make_person(school, role), two_step=False)
    for path in PAGES:
        assert client.get(path)["Location"] == "/account/two-step/", path
        assert client.post(path)["Location"] == "/account/two-step/", path
    assert "Your role needs two-step sign-in" in text(client.get("/account/two-step/"))


@pytest.mark.parametrize("role", [Role.TEACHER, Role.GOVERNOR, Role.PARENT])
def test_others_may_do_without(school, role):
    assert sign_in(make_person(school, role), two_step=False).get("/").status_code == 200


def test_help_and_the_own_account_stay_open(school):
    client = sign_in(make_person(school, Role.HEAD), two_step=False)
    for path in ("/help/", "/help/staff/", "/account/", "/account/two-step/"):
        assert client.get(path).status_code == 200, path


def test_the_role_somebody_is_given_tomorrow_asks_for_it_tomorrow(school, teacher):
    client = sign_in(teacher, two_step=False)
    assert client.get("/").status_code == 200
    teacher.holdings.update(role=Role.COORDINATOR)
    assert client.get("/")["Location"] == "/account/two-step/"


def test_recovery_codes_alone_are_no_second_step(school, head):
    Authenticator.objects.create(user=head.user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"})
    assert sign_in(head, two_step=False).get("/")["Location"] == "/account/two-step/"


def test_a_provider_that_asked_for_it_counts_where_the_school_says_so(head):
    client = sign_in(head, two_step=False)
    session = client.session
    session[BY_PROVIDER] = True
    session.save()
    assert client.get("/").status_code == 200


def test_stepping_into_a_made_up_head_needs_none_and_the_page_says_so(client):
    head = make_person(make_school(is_demo=True), Role.HEAD, email="head@demo.example")
    client.post("/demo/step-into/", {"holding": head.holdings.get().pk})
    assert client.get("/school/audit/").status_code == 200
    assert "stepped into a role of the demonstration school" in text(client.get("/account/two-step/"))


def test_that_mark_opens_no_real_school(head):
    client = sign_in(head, two_step=False)
    session = client.session
    session["stepped_in"] = True
    session.save()
    assert client.get("/")["Location"] == "/account/two-step/"


def test_the_app_is_set_up_right_after_the_first_password_and_its_key_is_sealed(client, head):
    sign_in_with(client, head)
    client.post("/account/confirm/", {"password": PASSWORD})
    page = text(client.get("/account/two-step/app/"))
    secret = page.split('id="secret">')[1].split("<")[0]
    assert (
        client.post("/account/two-step/app/", {"code": code_now(secret)})["Location"] == "/account/two-step/recovery/"
    )
    assert client.get("/").status_code == 200
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert kept.startswith("sealed:")
    assert secret not in kept


def test_who_needs_it_cannot_turn_the_last_way_off(client, head):
    enrol(head.user, SECRET)
    sign_in_with(client, head)
    client.post("/account/two-step/code/", {"code": code_now(SECRET)})
    client.post("/account/confirm/", {"password": PASSWORD})
    assert "Your role needs two-step sign-in" in text(client.post("/account/two-step/app/remove/"))
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def recover(helper, person, reason="Lost the phone, seen in person", seen="on"):
    return sign_in(helper).post(f"/accounts/people/{person.pk}/recover/", {"reason": reason, "seen": seen})


@pytest.mark.parametrize("role", [Role.HEAD, Role.TECHNICIAN])
def test_a_colleague_takes_the_lost_step_away_and_everything_that_was_open_ends(school, teacher, role):
    theirs = sign_in(teacher)
    helper = account(school, role, given="Ada", email="ada@fellside.example")
    assert recover(helper, teacher)["Location"] == "/accounts/"
    assert theirs.get("/").status_code == 302, "the lost phone is signed out"
    entry = AuditEntry.objects.get(verb="take_second_step_away")
    assert (entry.actor, "Lost the phone" in entry.summary) == (helper.key, True)
    again = Client(HTTP_HOST="localhost")
    sign_in_with(again, teacher)
    assert again.get("/").status_code == 200, "the password is still theirs"


def test_a_head_who_was_helped_sets_up_another_step_before_anything_else(technician, head):
    enrol(head.user)
    recover(technician, head)
    again = Client(HTTP_HOST="localhost")
    sign_in_with(again, head)
    assert again.get("/")["Location"] == "/account/two-step/"


def test_nobody_helps_without_having_spoken_to_them(head, teacher):
    enrol(teacher.user)
    assert "Speak to them first" in text(recover(head, teacher, seen=""))
    assert Authenticator.objects.filter(user=teacher.user).exists()


def test_nobody_does_it_for_themselves_or_in_another_school(head, teacher):
    assert "Somebody else has to do this" in text(recover(head, head))
    stranger = account(make_school("dale", "Dale"), Role.HEAD, given="Eve", email="eve@dale.example")
    assert recover(stranger, teacher).status_code == 404


def test_one_school_alone_cannot_do_it_for_who_works_in_two(head, teacher):
    enrol(teacher.user)
    make_person(make_school("dale", "Dale"), Role.HEAD, user=teacher.user)
    assert "known in another school too" in text(recover(head, teacher))


def test_a_first_code_from_the_school_signs_nobody_past_a_second_step(client, head, teacher):
    """Who helps with a lost password does not get round the phone."""
    enrol(teacher.user, SECRET)
    code = text(sign_in(head).post(f"/school/people/{teacher.pk}/account/")).split('ds-letter__code">')[1][:14]
    sent = {
        "email": teacher.email,
        "code": code,
        "password": "three newer words",
        "password_again": "three newer words",
    }
    assert client.post("/account/first-time/", sent)["Location"] == "/account/sign-in/"
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("since", [LONG_AGO, timezone.localdate() + timedelta(days=30)])
def test_pupils_get_no_account(head, school, since):
    pupil = make_person(school, Role.PUPIL, given="Pip", email="pip@fellside.example", since=since)
    page = sign_in(head).post(f"/school/people/{pupil.pk}/account/", follow=True)
    assert "pupils have no password here" in text(page)
    assert not User.objects.filter(email="pip@fellside.example").exists()


def test_the_app_moves_to_a_new_phone_and_the_old_one_opens_nothing_any_more(
    client, head, django_capture_on_commit_callbacks
):
    enrol(head.user, SECRET)
    sign_in_with(client, head)
    client.post("/account/two-step/code/", {"code": code_now(SECRET)})
    assert client.get("/account/two-step/app/new-phone/")["Location"].startswith("/account/confirm/")
    client.post("/account/confirm/", {"password": PASSWORD})
    secret = text(client.get("/account/two-step/app/new-phone/")).split('id="secret">')[1].split("<")[0]
    client.post("/account/two-step/app/new-phone/", {"code": "000000"})
    assert Authenticator.objects.filter(user=head.user, type=Authenticator.Type.TOTP).count() == 1
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/two-step/app/new-phone/", {"code": code_now(secret)})
    client.post("/account/sign-out/")
    sign_in_with(client, head)
    client.post("/account/two-step/code/", {"code": code_at(SECRET, time.time() + 30)})
    assert client.get("/").status_code == 302
    client.post("/account/two-step/code/", {"code": code_at(secret, time.time() + 30)})
    assert client.get("/").status_code == 200
    assert AuditEntry.objects.filter(verb="add_second_step", actor=head.key).exists()


def give_code(helper, person):
    return text(sign_in(helper).post(f"/school/people/{person.pk}/account/", follow=True))


def test_no_colleague_alone_gives_the_code_and_takes_the_step_away(head, technician, teacher):
    """Both together would open the account: the head would read what only the safeguarding lead reads."""
    enrol(teacher.user)
    assert re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", give_code(head, teacher))
    assert "somebody else has to do this" in text(recover(head, teacher))
    recover(technician, teacher)
    assert not Authenticator.objects.filter(user=teacher.user).exists()


def test_who_took_the_step_away_gives_no_code_until_there_is_another(head, teacher):
    enrol(teacher.user)
    recover(head, teacher)
    assert "somebody else gives the code" in give_code(head, teacher)
    enrol(teacher.user)
    assert "somebody else gives the code" not in give_code(head, teacher)


def test_no_school_opens_the_account_of_the_council(school, head):
    cass = account(school, Role.COUNCIL, given="Cass", family="Moor", email="cass@moorshire.example")
    assert "no one school resets the account" in give_code(head, cass)
    assert not FirstTimeCode.objects.filter(user=cass.user).exists()
    out = StringIO()
    call_command("council", "letter", school.slug, "cass@moorshire.example", stdout=out)
    assert "Cass Moor sets a password" in out.getvalue()
