"""P01: a signature is put by the right person, who has just proved that it is them, under what they were shown."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.urls import reverse
from django.utils import timezone

from drystone.oversight.policy.services import assess_school
from drystone.registers.documents.api import beside
from drystone.registers.documents.built_in import built_in
from drystone.registers.documents.models import Signature
from drystone.registers.documents.services.signing import Confirmed, mark, sign
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school, sign_in, signed_in_as
from tests.registers.documents.parts import today, with_account

PASSWORD = "three random words"
SLUG = "answer-for-policy"
READY = built_in()[SLUG]


def at(name):
    return reverse(f"documents:{name}", args=[SLUG])


def shown_now(school):
    return mark(READY, beside(SLUG, school, today()).facts)


def put(person, role=Role.HEAD, *, shown=None, minutes_ago=1, school=None):
    school = school or person.school
    confirmed = Confirmed(timezone.now() - timedelta(minutes=minutes_ago), "password")
    return sign(school=school, ready=READY, by=person, role=role, shown=shown or shown_now(school), confirmed=confirmed)


@pytest.fixture
def head(school):
    person = with_account(make_person(school, Role.HEAD, given="Hana", family="Rigg"))
    person.user.set_password(PASSWORD)
    person.user.save()
    return person


@pytest.fixture
def client(head):
    return sign_in(head)


def prove(client):
    return client.post(f"{reverse('account_reauthenticate')}?next={at('sign')}", {"password": PASSWORD})


def test_p01_signing_in_is_not_proof_enough_to_sign(client):
    answer = client.get(at("sign"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_reauthenticate"))
    answer = client.post(at("sign"), {"role": "head", "read": "on", "shown": "x"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not Signature.objects.exists()


def test_p01_a_head_proves_who_it_is_reads_and_signs(school, head, client):
    assess_school(school=school, on=today())
    assert prove(client).url == at("sign")
    page = client.get(at("sign"))
    body = page.content.decode()
    assert "promises:" in body
    given = {"role": "head", "shown": shown_now(school)}
    assert "Tick the box" in client.post(at("sign"), given).content.decode()
    done = client.post(at("sign"), {**given, "read": "on"}, follow=True)
    assert "It is in the audit trail" in done.content.decode()
    signature = Signature.objects.get()
    assert (signature.person, signature.name, signature.role) == (head, "Hana Rigg", Role.HEAD)
    assert signature.confirmed_by == "password"
    assert timezone.now() - signature.confirmed_at < timedelta(minutes=5)
    assert signature.hash == signature.version.hash == signature.version.digest()
    assert sum(signature.beside["counts"].values()) == 69
    assert AuditEntry.objects.get(verb="sign").after["hash"] == signature.hash
    assert "Hana Rigg" in signed_in_as(school, Role.GOVERNOR).get(at("sign_off")).content.decode()


def test_proof_that_is_too_old_is_asked_for_again(client):
    prove(client)
    assert client.get(at("sign")).status_code == 200
    later = timezone.now() + timedelta(minutes=6)
    with patch("allauth.account.internal.flows.reauthentication.time.time", lambda: later.timestamp()):
        assert client.get(at("sign")).status_code == 302


def test_an_account_with_nothing_to_prove_itself_by_signs_nothing(school):
    client = sign_in(make_person(school, Role.CHAIR), two_step=False)
    answer = client.get(at("sign"))
    assert answer.url == reverse("mfa_index")
    assert not Signature.objects.exists()


def test_a_board_that_changed_meanwhile_is_shown_again_and_nothing_is_signed(school, client):
    prove(client)
    before = shown_now(school)
    make_person(school, Role.COORDINATOR)
    assess_school(school=school, on=today())
    answer = client.post(at("sign"), {"role": "head", "read": "on", "shown": before}, follow=True)
    assert "changed while you had it open" in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_renewal_of_the_board_that_changes_nothing_leaves_what_was_shown(school, head):
    assess_school(school=school, on=today())
    before = shown_now(school)
    assess_school(school=school, on=today())
    assert put(head, shown=before)


def test_the_service_itself_asks_for_fresh_proof_and_the_right_role(school, head):
    with pytest.raises(Refused, match="Confirm who you are"):
        put(head, minutes_ago=11)
    with pytest.raises(Refused, match="Confirm who you are"):
        put(head, minutes_ago=-1)
    with pytest.raises(Refused, match="does not sign"):
        put(head, Role.CHAIR)
    teacher = make_person(school, Role.TEACHER)
    with pytest.raises(NotAllowed):
        put(teacher, Role.TEACHER)
    with pytest.raises(NotAllowed):
        put(head, school=make_school("dale", "Dale School"))
    assert not Signature.objects.exists()


def test_both_sign_one_version(school, head):
    first = put(head)
    second = put(make_person(school, Role.CHAIR), Role.CHAIR)
    assert first.version == second.version
    assert first.version.number == 1


def test_a_governor_looks_and_does_not_sign(school, client):
    governor = signed_in_as(school, Role.GOVERNOR)
    assert "Sign it" not in governor.get(at("sign_off")).content.decode()
    assert governor.get(at("sign")).status_code == 403
    assert "Nobody has signed yet" in governor.get(at("sign_off")).content.decode()
