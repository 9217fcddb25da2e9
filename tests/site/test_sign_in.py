"""Signing in, two steps, first codes: our own pages throughout, safe redirects, few tries."""

import pytest
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from drystone.registers.school.models import Role
from drystone.registers.school.services.accounts import give_first_time_code, make_account
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db
PASSWORD = "three random words"
OURS = 'class="ds-header"'


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def teacher():
    person = make_person(make_school(), Role.TEACHER, given="Tess", email="tess@fellside.example")
    make_account(person=person, by=None, password=PASSWORD)
    return person


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost")


def sign_in(client, path="/account/sign-in/", password=PASSWORD, **more):
    return client.post(path, {"login": "Tess@fellside.example", "password": password, **more})


def text(response):
    return response.content.decode()


def code_of(secret):
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def test_a_password_opens_the_home_page(client, teacher):
    assert sign_in(client)["Location"] == "/"
    assert "What needs you today" in text(client.get("/"))


def test_a_wrong_password_says_nothing_of_which_half_was_wrong(client, teacher):
    wrong = text(sign_in(client, password="something else"))
    unknown = text(client.post("/account/sign-in/", {"login": "no@fellside.example", "password": "something else"}))
    said = "not correct"
    assert OURS in wrong
    assert said in wrong
    assert said in unknown


def test_sign_in_goes_on_to_the_page_that_was_asked_for(client, teacher):
    asked = client.get("/school/people/")
    assert asked["Location"] == "/account/sign-in/?next=/school/people/"
    assert 'name="next"' in text(client.get(asked["Location"]))
    assert sign_in(client, next="/school/people/")["Location"] == "/school/people/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_to_another_site(client, teacher, elsewhere):
    assert sign_in(client, next=elsewhere)["Location"] == "/"
    client.post("/account/sign-out/")
    assert sign_in(client, path=f"/account/sign-in/?next={elsewhere}")["Location"] == "/"


def test_passwords_cannot_be_tried_for_ever(client, teacher):
    for _ in range(5):
        sign_in(client, password="something else")
    assert "Too many" in text(sign_in(client))
    assert client.get("/").status_code == 302


def test_a_closed_account_says_so(client, teacher):
    teacher.user.is_active = False
    teacher.user.save()
    page = client.post("/account/sign-in/", {"login": teacher.email, "password": PASSWORD}, follow=True)
    assert page.status_code == 200
    assert OURS in text(page)
    assert "_auth_user_id" not in client.session


def test_two_step_sign_in_from_turning_on_to_recovery_code_to_turning_off(client, teacher):
    sign_in(client)
    asked = client.get("/account/two-step/app/")["Location"]
    assert asked.startswith("/account/confirm/"), "how somebody signs in is changed only by who knows the password"
    assert "There is a problem" in text(client.post(asked, {"password": "not this"}))
    assert client.post(asked, {"password": PASSWORD})["Location"] == "/account/two-step/app/"
    answer = client.get("/account/two-step/app/")
    assert answer.status_code == 200, answer["Location"]
    page = text(answer)
    assert 'src="data:image/svg+xml;base64,' in page
    secret = client.session["mfa.totp.secret"]
    assert "There is a problem" in text(client.post("/account/two-step/app/", {"code": "000000"}))
    secret = client.session["mfa.totp.secret"]
    assert client.post("/account/two-step/app/", {"code": code_of(secret)})["Location"] == "/account/two-step/recovery/"
    codes = text(client.get("/account/two-step/recovery/")).split('<pre class="ds-code">')[1].split()
    assert "Off" not in text(client.get("/account/two-step/")).split("Authenticator app")[1][:200]
    client.post("/account/sign-out/")
    cache.clear()

    assert sign_in(client)["Location"] == "/account/two-step/code/"
    assert client.get("/").status_code == 302, "the password alone is not enough"
    assert "There is a problem" in text(client.post("/account/two-step/code/", {"code": "nonsense"}))
    assert client.post("/account/two-step/code/", {"code": codes[0]})["Location"] == "/"
    assert client.get("/").status_code == 200

    client.post("/account/confirm/", {"password": PASSWORD})
    assert OURS in text(client.get("/account/two-step/app/remove/"))
    client.post("/account/two-step/app/remove/")
    client.post("/account/sign-out/")
    assert sign_in(client)["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/password/",
        "/account/confirm/",
        "/account/two-step/",
        "/account/two-step/app/",
        "/account/two-step/recovery/new/",
        "/account/sign-out/",
    ],
)
def test_every_page_of_the_account_is_our_own(client, teacher, path):
    sign_in(client)
    client.post("/account/confirm/", {"password": PASSWORD})
    page = client.get(path, follow=True)
    assert page.status_code == 200
    assert OURS in text(page)


def test_a_changed_password_is_the_one_that_counts(client, teacher):
    sign_in(client)
    sent = {"oldpassword": PASSWORD, "password1": "three other words", "password2": "three other words"}
    client.post("/account/password/", sent)
    client.post("/account/sign-out/")
    assert sign_in(client, password="three other words")["Location"] == "/"


def test_signing_out_takes_a_post(client, teacher):
    """A picture on another page must not sign anybody out."""
    sign_in(client)
    client.get("/account/sign-out/")
    assert client.get("/").status_code == 200
    client.post("/account/sign-out/")
    assert client.get("/").status_code == 302


WRONG = {"code": "AAAA-AAAA-AAAA", "password": PASSWORD, "password_again": PASSWORD}


def first_time(client, code, password=PASSWORD):
    sent = {"email": "tom@fellside.example", "code": code, "password": password, "password_again": password}
    return client.post("/account/first-time/", sent)


@pytest.fixture
def tom(teacher):
    person = make_person(teacher.school, Role.TEACHER, given="Tom", email="tom@fellside.example")
    make_account(person=person, by=teacher)
    return person


def test_a_first_code_with_a_weak_password_is_not_spent(client, teacher, tom):
    code = give_first_time_code(person=tom, by=teacher)
    assert "There is a problem" in text(first_time(client, code, password="password12"))
    assert first_time(client, code)["Location"] == "/"


def test_first_codes_cannot_be_guessed_by_trying(client, teacher, tom):
    code = give_first_time_code(person=tom, by=teacher)
    answers = [first_time(client, "AAAA-AAAA-AAAA").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert first_time(client, code).status_code == 429


def test_a_staff_meeting_opens_its_accounts_at_one_address(client, teacher, tom):
    code = give_first_time_code(person=tom, by=teacher)
    for number in range(30):
        client.post("/account/first-time/", {**WRONG, "email": f"colleague{number}@fellside.example"})
    assert first_time(client, code)["Location"] == "/"


def test_a_form_without_its_token_is_refused_on_our_own_page(teacher):
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    answer = strict.post("/account/first-time/", {})
    assert answer.status_code == 403
    assert "This form was open too long" in text(answer)


def test_pages_carry_a_strict_policy(client, teacher):
    policy = client.get("/account/sign-in/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = text(client.get("/account/sign-in/"))
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
