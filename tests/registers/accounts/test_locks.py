"""P45: five wrong passwords or codes lock an account for a time; the head and the technician see it and may unlock."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from drystone.registers.accounts.models import SignInFailures
from drystone.registers.accounts.services import locks
from drystone.registers.accounts.tasks import forget_what_is_over
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.permission import NotAllowed
from tests.people import enrol, make_school, sign_in
from tests.registers.accounts.parts import PASSWORD, account, sign_in_with, text
from tests.totp import code_now

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def lock_out(client, person):
    for _ in range(locks.TRIES):
        sign_in_with(client, person, "not this")


def is_in(client):
    return client.get("/account/").status_code == 200


def test_four_wrong_passwords_and_then_the_right_one_open_it(client, teacher):
    for _ in range(locks.TRIES - 1):
        sign_in_with(client, teacher, "not this")
    sign_in_with(client, teacher)
    assert is_in(client)
    assert not SignInFailures.objects.exists()


def test_after_five_wrong_ones_the_right_password_opens_nothing_for_a_quarter_of_an_hour(client, teacher):
    lock_out(client, teacher)
    assert "Too many wrong passwords" in text(sign_in_with(client, teacher))
    assert not is_in(client)
    SignInFailures.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    sign_in_with(client, teacher)
    assert is_in(client)


def test_an_address_that_is_nobodys_is_told_the_same(client, teacher):
    """Otherwise a guesser could learn who has an account."""
    for _ in range(locks.TRIES):
        unknown = client.post("/account/sign-in/", {"login": "nobody@fellside.example", "password": "not this"})
    lock_out(client, teacher)
    known = sign_in_with(client, teacher)
    unknown = client.post("/account/sign-in/", {"login": "nobody@fellside.example", "password": "not this"})
    assert "Too many wrong passwords" in text(known)
    assert "Too many wrong passwords" in text(unknown)


def test_what_was_typed_as_an_address_is_not_kept(client, school):
    client.post("/account/sign-in/", {"login": "my-secret@word.example", "password": "x"})
    kept = str(list(SignInFailures.objects.values()))
    assert "secret" not in kept


def test_wrong_passwords_of_different_days_do_not_add_up(teacher):
    at = timezone.now()
    for days in range(locks.TRIES + 1):
        assert not locks.count_failure(teacher.email, at=at + timedelta(days=days))


def test_wrong_codes_of_the_second_step_lock_it_too(client, teacher):
    enrol(teacher.user, SECRET)
    sign_in_with(client, teacher)
    for _ in range(locks.TRIES):
        client.post("/account/two-step/code/", {"code": "000000"})
    assert locks.is_locked(teacher.email, at=timezone.now())
    assert "Too many" in text(client.post("/account/two-step/code/", {"code": code_now(SECRET)}))
    assert not is_in(client)


def test_a_lock_stands_in_the_audit_trail_and_before_the_head(client, head, teacher):
    lock_out(client, teacher)
    entry = AuditEntry.objects.get(verb="lock_account")
    assert "Tom Birkett is locked for 15 minutes" in entry.summary
    assert "Tom Birkett is locked out" in text(sign_in(head).get("/"))
    assert "Tom Birkett" in text(sign_in(head).get("/accounts/?show=locked"))


@pytest.mark.parametrize("role", [Role.HEAD, Role.TECHNICIAN])
def test_who_looks_after_accounts_unlocks(client, school, teacher, role):
    lock_out(client, teacher)
    helper = account(school, role, given="Ada", email="ada@fellside.example")
    answer = sign_in(helper).post(f"/accounts/people/{teacher.pk}/unlock/", follow=True)
    assert "Tom Birkett can sign in again" in text(answer)
    sign_in_with(client, teacher)
    assert is_in(client)
    assert AuditEntry.objects.get(verb="unlock_account").actor == helper.key


def test_nobody_unlocks_in_another_school(client, teacher, rf):
    lock_out(client, teacher)
    stranger = account(make_school("dale", "Dale"), Role.HEAD, given="Eve", email="eve@dale.example")
    assert sign_in(stranger).post(f"/accounts/people/{teacher.pk}/unlock/").status_code == 404
    with pytest.raises(NotAllowed):
        locks.unlock(person=teacher, by=stranger, request=rf.post("/"))


def test_after_an_unlocking_codes_may_be_tried_again(client, head, teacher):
    enrol(teacher.user, SECRET)
    sign_in_with(client, teacher)
    for _ in range(locks.TRIES):
        client.post("/account/two-step/code/", {"code": "000000"})
    sign_in(head).post(f"/accounts/people/{teacher.pk}/unlock/")
    sign_in_with(client, teacher)
    client.post("/account/two-step/code/", {"code": code_now(SECRET)})
    assert is_in(client)


def test_a_class_that_mistypes_does_not_shut_its_school_out(client, school, teacher):
    for number in range(20):
        client.post("/account/sign-in/", {"login": f"child{number}@fellside.example", "password": "guess"})
    sign_in_with(client, teacher)
    assert is_in(client)


def test_old_tries_are_forgotten(teacher):
    locks.count_failure(teacher.email, at=timezone.now() - timedelta(days=2))
    locks.count_failure("other@fellside.example", at=timezone.now())
    assert locks.forget_old(at=timezone.now()) == 1
    assert SignInFailures.objects.count() == 1


def test_the_lock_holds_when_somebody_who_is_signed_in_guesses_at_the_confirmation(client, teacher):
    sign_in_with(client, teacher)
    for _ in range(locks.TRIES):
        client.post("/account/confirm/?next=/account/two-step/app/", {"password": "not this"})
    answer = client.post("/account/confirm/?next=/account/two-step/app/", {"password": PASSWORD})
    assert answer.status_code == 200
    assert client.get("/account/two-step/app/").status_code == 302


def test_at_night_sessions_that_ran_out_are_forgotten(teacher, client):
    sign_in_with(client, teacher)
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    sign_in_with(Client(HTTP_HOST="localhost"), teacher)
    forget_what_is_over.call_local()
    assert Session.objects.count() == 1
