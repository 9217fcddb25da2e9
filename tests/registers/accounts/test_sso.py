"""P45: sign-in at a provider outside, against a real OpenID provider: nobody becomes known to the school by it."""

import json

import jwt
import pytest
import requests
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from drystone.registers.accounts.services.closing import close_account
from drystone.registers.accounts.services.recovery import take_second_step_away
from drystone.registers.accounts.services.sso import forget_sign_in
from drystone.registers.school.models import AuditEntry, Person, Role, User
from drystone.registers.school.services.accounts import make_account
from tests.people import LONG_AGO, enrol, make_person, make_school
from tests.registers.accounts.provider import consent, know, leave, sign_in_as, write_sources

pytestmark = pytest.mark.django_db
SIGNED = ["by the provider", "for other words", "by another key", "by nobody", "by what everybody can read"]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="module")
def port():
    with run_server_in_thread(user_claims=()) as server:
        yield server.server_port


@pytest.fixture
def sources(port, tmp_path, settings):
    cache.clear()
    settings.SIGN_IN_FILE = tmp_path / "sign-in.yaml"
    write_sources(settings.SIGN_IN_FILE, port)
    return settings.SIGN_IN_FILE


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def teacher(school):
    person = make_person(school, Role.TEACHER, given="Tess", email="tess@fellside.example")
    make_account(person=person, by=None)
    return person


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost")


def signed_in(client):
    return client.session.get("_auth_user_id")


def text(answer):
    return answer.content.decode()


def test_somebody_whom_the_school_gave_an_account_signs_in_and_is_bound_to_it(sources, port, teacher, client):
    know(port, "tess-1", email="Tess@Fellside.example", email_verified=True)
    assert "Sign in with Council account" in text(client.get("/account/sign-in/"))
    answer = sign_in_as(client, "tess-1", next="/help/staff/")
    assert answer.redirect_chain[-1][0] == "/help/staff/"
    assert signed_in(client) == str(teacher.user_id)
    assert SocialAccount.objects.get().user == teacher.user
    assert AuditEntry.objects.filter(verb="bind_sign_in").count() == 1
    assert sign_in_as(Client(HTTP_HOST="localhost"), "tess-1").status_code == 200
    assert AuditEntry.objects.filter(verb="bind_sign_in").count() == 1


def test_a_stranger_becomes_nobody(sources, port, teacher, client):
    know(port, "eve", email="eve@fellside.example", email_verified=True)
    answer = sign_in_as(client, "eve")
    assert "has made no account for eve@fellside.example" in text(answer)
    assert not signed_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"email": "tess@fellside.example", "email_verified": False}, "has not checked the address"),
        ({"email": "tess@fellside.example"}, "has not checked the address"),
        ({"email": "tess@fellside.example", "email_verified": "true"}, "has not checked the address"),
        ({"email": "tess@elsewhere.example", "email_verified": True}, "is not a domain of the school"),
        ({"email": "tess@fellside.example@elsewhere.example", "email_verified": True}, "no e-mail address"),
        ({}, "no e-mail address"),
    ],
)
def test_an_address_that_nobody_vouches_for_opens_nothing(sources, port, teacher, client, claims, why):
    know(port, "doubtful", **claims)
    assert why in text(sign_in_as(client, "doubtful"))
    assert not signed_in(client)
    assert not SocialAccount.objects.exists()


def test_a_successor_at_the_same_address_does_not_get_the_account(sources, port, teacher, client):
    know(port, "tess-2", email="tess@fellside.example", email_verified=True)
    know(port, "tim-2", email="tess@fellside.example", email_verified=True)
    sign_in_as(client, "tess-2")
    other = Client(HTTP_HOST="localhost")
    assert "bound to another Council account account" in text(sign_in_as(other, "tim-2")) or not signed_in(other)
    assert not signed_in(other)
    assert AuditEntry.objects.filter(verb="refuse_sign_in").exists()
    head = make_person(teacher.school, Role.HEAD, given="Hana")
    assert forget_sign_in(person=teacher, by=head) == 1
    sign_in_as(other, "tim-2")
    assert signed_in(other) == str(teacher.user_id)


def test_who_is_bound_comes_in_by_the_providers_number_whatever_their_address_is_now(sources, port, teacher, client):
    know(port, "tess-3", email="tess@fellside.example", email_verified=True)
    sign_in_as(client, "tess-3")
    know(port, "tess-3", email="married@elsewhere.example", email_verified=False)
    again = Client(HTTP_HOST="localhost")
    sign_in_as(again, "tess-3")
    assert signed_in(again) == str(teacher.user_id)


def test_another_issuer_of_the_same_name_brings_no_bound_account(sources, port, teacher, client):
    know(port, "7", email="tess@fellside.example", email_verified=True)
    sign_in_as(client, "7")
    with run_server_in_thread() as other:
        write_sources(sources, other.server_port)
        know(other.server_port, "7", email="mallory@fellside.example", email_verified=True)
        mallory = Client(HTTP_HOST="localhost")
        sign_in_as(mallory, "7")
        assert not signed_in(mallory)


def test_a_closed_account_stays_closed(sources, port, teacher, client, django_capture_on_commit_callbacks):
    know(port, "tess-4", email="tess@fellside.example", email_verified=True)
    sign_in_as(client, "tess-4")
    with django_capture_on_commit_callbacks(execute=True):
        close_account(person=teacher, by=None, why="a test", on=LONG_AGO)
    assert not Session.objects.exists()
    sign_in_as(client, "tess-4")
    assert not signed_in(client)
    Person.objects.update(left_on=LONG_AGO)
    User.objects.update(is_active=True)
    assert "closed" in text(sign_in_as(client, "tess-4"))


def test_one_schools_provider_opens_no_account_that_also_opens_another_school(sources, port, teacher, client):
    other = make_school("dale", "Dale School")
    make_person(other, Role.TEACHER, user=teacher.user)
    know(port, "tess-5", email="tess@fellside.example", email_verified=True)
    assert "does not belong to Council account" in text(sign_in_as(client, "tess-5"))
    assert not signed_in(client)
    write_sources(sources, port, schools="all")
    sign_in_as(client, "tess-5")
    assert signed_in(client)


def test_the_second_step_is_asked_here_unless_the_file_says_that_theirs_counts(sources, port, teacher, client):
    enrol(teacher.user, SECRET)
    know(port, "tess-6", email="tess@fellside.example", email_verified=True)
    answer = sign_in_as(client, "tess-6")
    assert answer.redirect_chain[-1][0].startswith("/account/two-step/code/")
    assert not signed_in(client)
    code = hotp_value(SECRET, next(iter(yield_hotp_counters_from_time())))
    client.post("/account/two-step/code/", {"code": f"{code:06}"})
    assert signed_in(client) == str(teacher.user_id)
    write_sources(sources, port, two_step="told")
    second = Client(HTTP_HOST="localhost")
    sign_in_as(second, "tess-6")
    assert not signed_in(second)
    know(port, "tess-6", email="tess@fellside.example", email_verified=True, amr=["pwd", "mfa"])
    sign_in_as(second, "tess-6")
    assert signed_in(second)
    write_sources(sources, port, two_step="theirs")
    know(port, "tess-6", email="tess@fellside.example", email_verified=True)
    third = Client(HTTP_HOST="localhost")
    sign_in_as(third, "tess-6")
    assert signed_in(third)


def test_who_took_a_second_step_away_and_runs_the_provider_does_not_come_in_by_it(sources, port, school, client):
    """P48: a technician who sets the head's password at the provider would need nothing else."""
    head = make_person(school, Role.HEAD, given="Hana", email="hana@fellside.example")
    technician = make_person(school, Role.TECHNICIAN)
    enrol(make_account(person=head, by=None))
    know(port, "hana-2", email="hana@fellside.example", email_verified=True)
    take_second_step_away(person=head, by=technician, reason="a test")
    assert "second step was taken away" in text(sign_in_as(client, "hana-2"))
    assert not signed_in(client)
    enrol(head.user, SECRET)
    assert sign_in_as(client, "hana-2").redirect_chain[-1][0].startswith("/account/two-step/code/")


def test_who_needs_a_second_step_and_has_none_gets_one_first_unless_theirs_counts(sources, port, school, client):
    head = make_person(school, Role.HEAD, given="Hana", email="hana@fellside.example")
    make_account(person=head, by=None)
    know(port, "hana", email="hana@fellside.example", email_verified=True)
    sign_in_as(client, "hana")
    assert client.get("/school/people/").headers["Location"] == "/account/two-step/"
    write_sources(sources, port, two_step="theirs")
    again = Client(HTTP_HOST="localhost")
    sign_in_as(again, "hana")
    assert again.get("/school/people/").status_code == 200


def test_an_answer_that_was_not_asked_for_here_signs_nobody_in(sources, port, teacher, client):
    know(port, "tess-7", email="tess@fellside.example", email_verified=True)
    back = consent(leave(client), "tess-7")
    victim = Client(HTTP_HOST="localhost")
    victim.get(back, follow=True)
    assert not signed_in(victim)
    client.get(back, follow=True)
    assert signed_in(client)
    third = Client(HTTP_HOST="localhost")
    third.cookies = client.cookies
    third.post("/account/sign-out/")
    third.get(back, follow=True)
    assert not signed_in(third)


def test_nothing_in_the_address_changes_what_is_asked(sources, port, teacher, client):
    there = leave(client, process="connect", scope="admin", auth_params="prompt=none", next="https://evil.example/")
    assert "admin" not in there
    assert "prompt=none" not in there
    assert "nonce=" in there
    assert "code_challenge=" in there
    know(port, "tess-8", email="tess@fellside.example", email_verified=True)
    answer = client.get(consent(there, "tess-8"))
    assert answer.headers["Location"] == "/"


def test_a_token_made_for_another_browser_signs_nobody_in(sources, port, teacher, client):
    know(port, "tess-9", email="tess@fellside.example", email_verified=True)
    back = consent(leave(client).replace("nonce=", "nonce=x"), "tess-9")
    client.get(back, follow=True)
    assert not signed_in(client)


@pytest.mark.parametrize(
    "forged",
    [
        {"aud": "another"},
        {"aud": ["drystone", "another"]},
        {"iss": "http://localhost:1"},
        {"exp": 1},
        {"sub": ""},
        {"email": "hana@fellside.example"},
    ],
)
@pytest.mark.parametrize(
    "signed", ["by the provider", "for other words", "by another key", "by nobody", "by what everybody can read"]
)
def test_a_forged_token_signs_nobody_in(sources, port, teacher, client, monkeypatch, forged, signed):
    """Somebody on the way between us and the provider, and a provider that has been broken into."""
    make_account(person=make_person(teacher.school, Role.HEAD, email="hana@fellside.example"), by=None)
    know(port, "tess-0", email="tess@fellside.example", email_verified=True)
    stand_between(monkeypatch, lambda token: sign(words_of(token) | forged, signed, token), ours=signed == SIGNED[0])
    client.get(consent(leave(client), "tess-0"), follow=True)
    if signed == "by the provider" and "email" in forged:
        assert signed_in(client)  # its word counts; so the other refusals are not the key's
        return
    assert not signed_in(client)
    assert not SocialAccount.objects.exists()


def stand_between(monkeypatch, change, *, ours, about=None):
    """Changes each ID token on its way to us; `ours`: the provider's keys too; `about`: and what UserInfo says."""
    asked = requests.Session.request

    def on_the_way(self, method, url, **options):
        answer = asked(self, method, url, **options)
        if url.endswith("/jwks") and ours:
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            answer._content = json.dumps({"keys": [public]}).encode()
        if url.endswith("/userinfo") and about:
            answer._content = json.dumps(answer.json() | about).encode()
        if url.endswith("/token"):
            content = answer.json()
            answer._content = json.dumps(content | {"id_token": change(content["id_token"])}).encode()
        return answer

    monkeypatch.setattr(requests.Session, "request", on_the_way)


def words_of(token):
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize(
    ("about", "comes_in"), [(None, True), ({"sub": "hana"}, False), ({"email_verified": 0}, False)]
)
def test_an_address_that_only_userinfo_tells_counts_when_it_is_about_the_same_person(
    sources, port, teacher, client, monkeypatch, about, comes_in
):
    """OpenID Connect Core 1.0, 5.3.2: the `sub` of both is the same, or UserInfo is not used."""

    def without_address(token):
        words = {name: value for name, value in words_of(token).items() if not name.startswith("email")}
        return jwt.encode(words, KEY, algorithm="RS256")

    know(port, "tess-u", email="tess@fellside.example", email_verified=True)
    stand_between(monkeypatch, without_address, ours=True, about=about)
    client.get(consent(leave(client), "tess-u"), follow=True)
    assert bool(signed_in(client)) is comes_in


def sign(plain, signed, real):
    match signed:
        case "for other words":  # what it signed is not what it says: the signature stands under other words
            head, _, seal = real.split(".")
            return ".".join([head, jwt.utils.base64url_encode(json.dumps(plain).encode()).decode(), seal])
        case "by another key" | "by the provider":
            return jwt.encode(plain, KEY, algorithm="RS256")
        case "by nobody":
            return jwt.encode(plain, None, algorithm="none")
        case _:
            return jwt.encode(plain, "drystone" * 8, algorithm="HS256")


def test_who_says_no_or_a_provider_that_is_away_leads_back_to_the_sign_in_page(sources, teacher, client):
    leave(client)
    state = next(iter(client.session["socialaccount_states"]))
    answer = client.get(f"/accounts/with/council/back/?error=access_denied&state={state}", follow=True)
    assert "did not sign in at Council account" in text(answer)
    write_sources(sources, 1)
    answer = client.post("/accounts/with/council/", follow=True)
    assert "did not work" in text(answer)
    assert client.get("/accounts/with/nobody/back/").status_code == 404
    assert client.get("/accounts/with/council/").status_code == 302


def test_the_technicians_check_asks_each_provider_who_it_is(sources, port, school, capsys):
    call_command("sign_in")
    assert f"http://localhost:{port} answers" in capsys.readouterr().out
    write_sources(sources, port, schools="[nowhere]")
    with pytest.raises(CommandError, match="no school nowhere"):
        call_command("sign_in")
    write_sources(sources, 1)
    with pytest.raises(CommandError, match="does not answer"):
        call_command("sign_in")
