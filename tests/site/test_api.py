"""The API: what a token of an integration opens of a person, page by page, and what stands in its description."""

import json
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, ClassStaff, Guardianship, Role, SchoolClass, Scope
from drystone.registers.school.services.integrations import add_integration, revoke_integration
from drystone.registers.signon.models import Session
from tests.people import make_person, make_school

ROLL = "/api/v1/roll"
TODAY = timezone.localdate


@pytest.fixture
def school(db):
    return make_school()


@pytest.fixture
def family(school):
    """A pupil with two parents, of whom one is told nothing by order of a court; and the teacher of the class."""
    owls = SchoolClass.objects.create(school=school, name="Owls", year_group=3, group=school.groups.first())
    child = make_person(
        school, Role.PUPIL, given="Łucja", family="O’Dale", school_class=owls, upn="", never_publish=True,
        date_of_birth=date(2018, 5, 4), email="lucja@school.example",
    )  # fmt: skip
    for given, barred in (("Mo", False), ("Bo", True)):
        parent = make_person(school, Role.PARENT, given=given, family="Dale", email=f"{given.lower()}@home.example")
        Guardianship.objects.create(pupil=child, guardian=parent, barred=barred, relationship="carer")
    teacher = make_person(school, Role.TEACHER, Role.COORDINATOR, given="Tarn", family="Wren", sign_on="twren")
    ClassStaff.objects.create(school_class=owls, person=teacher, starts=date(2026, 9, 1))
    return child


def token(school, *scopes, **given):
    return add_integration(school=school, by=None, name=f"Test {scopes}", scopes=scopes, **given)[1]


def get(address, bearer, **query):
    return Client(HTTP_HOST="localhost").get(address, query, headers={"Authorization": f"Bearer {bearer}"})


def test_the_roll_has_names_and_classes_and_no_more_than_its_scopes_let_out(school, family):
    (told,) = get(f"{ROLL}/pupils", token(school, Scope.ROLL)).json()["people"]
    assert (told["given_names"], told["family_name"], told["class_name"]) == ("Łucja", "O’Dale", "Owls")
    assert told["never_publish"] is True
    assert {"upn", "date_of_birth", "guardians", "email"} & set(told) == set()
    (numbered,) = get(f"{ROLL}/pupils", token(school, Scope.ROLL, Scope.NUMBERS)).json()["people"]
    assert numbered["date_of_birth"] == "2018-05-04"
    assert "guardians" not in numbered


def test_a_guardian_barred_by_a_court_is_told_to_nobody(school, family):
    one = get(f"{ROLL}/pupils/{family.key}", token(school, Scope.ROLL, Scope.CONTACTS)).json()
    assert [guardian["email"] for guardian in one["guardians"]] == ["mo@home.example"]


def test_who_has_left_is_asked_for_apart(school, family):
    bearer = token(school, Scope.ROLL)
    family.left_on = TODAY() - timedelta(days=1)
    family.save()
    assert get(f"{ROLL}/pupils", bearer).json() == {"people": [], "next": None}
    assert [each["key"] for each in get(f"{ROLL}/pupils", bearer, left="true").json()["people"]] == [family.key]


def test_pages_follow_each_other_and_miss_nobody(school, django_assert_max_num_queries):
    made = {make_person(school, Role.PUPIL, given=f"N{number}").key for number in range(7)}
    bearer, seen, after = token(school, Scope.ROLL, Scope.CONTACTS), [], ""
    get(f"{ROLL}/classes", bearer)  # the first call of the day is put on record
    while after is not None:
        with django_assert_max_num_queries(5):
            page = get(f"{ROLL}/pupils", bearer, limit=3, after=after).json()
        seen += [each["key"] for each in page["people"]]
        after = page["next"]
    assert len(seen) == 7
    assert set(seen) == made


def test_staff_stand_with_todays_roles_and_classes(school, family):
    make_person(school, Role.GOVERNOR, given="Not", family="Staff")
    (told,) = get(f"{ROLL}/staff", token(school, Scope.ROLL)).json()["people"]
    assert told["roles"] == ["coordinator", "teacher"]
    assert told["sign_on"] == "twren"
    (owls,) = get(f"{ROLL}/classes", token(school, Scope.ROLL, Scope.NUMBERS)).json()
    assert told["class_ids"] == [owls["id"]]
    assert owls["name"] == "Owls"


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"after": "\0"}, {"after": "é" * 40}])
def test_a_question_that_is_none_is_told_what_is_wrong(school, wrong):
    answer = get(f"{ROLL}/pupils", token(school, Scope.ROLL), **wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_token_works_from_its_ranges_until_its_last_day_or_its_end(school):
    far = token(school, Scope.ROLL, calls_from="10.0.0.5")
    assert get(f"{ROLL}/pupils", far).status_code == 403
    short = token(school, Scope.ROLL, Scope.NUMBERS, expires_on=TODAY())
    assert get(f"{ROLL}/pupils", short).status_code == 200
    school.integrations.filter(expires_on=TODAY()).update(expires_on=TODAY() - timedelta(days=1))
    assert get(f"{ROLL}/pupils", short).status_code == 401
    gone = token(school, Scope.ROLL, Scope.CONTACTS)
    revoke_integration(integration=school.integrations.order_by("id").last(), by=None)
    assert get(f"{ROLL}/pupils", gone).status_code == 401


def test_sign_ons_are_told_by_the_same_kind_of_token_and_end_with_it(school):
    make_person(school, Role.TEACHER, sign_on="twren")
    bearer = token(school, Scope.ROLL, Scope.SESSIONS)
    event = {"type": "start", "address": "10.1.0.7", "user": "twren"}
    answer = Client(HTTP_HOST="localhost").post(
        "/api/v1/sessions", json.dumps(event), content_type="application/json",
        headers={"Authorization": f"Bearer {bearer}"},
    )  # fmt: skip
    assert answer.json() == {"results": [{"status": "taken"}]}
    assert Session.objects.get().ends_at > timezone.now()
    revoke_integration(integration=school.integrations.get(), by=None)
    assert Session.objects.get().ends_at <= timezone.now()


def test_that_the_roll_was_read_is_on_record_once_a_day(school):
    bearer = token(school, Scope.ROLL)
    for _ in range(3):
        get(f"{ROLL}/pupils", bearer)
    (entry,) = AuditEntry.objects.filter(verb="use_integration")
    assert "Read who is at the school" in entry.summary
    assert bearer not in entry.summary


def test_the_description_names_every_route_and_needs_no_token(school):
    told = Client(HTTP_HOST="localhost").get("/api/v1/openapi.json").json()
    assert set(told["paths"]) == {
        f"/api/v1/{path}" for path in ("roll/classes", "roll/pupils", "roll/pupils/{key}", "roll/staff", "sessions")
    }
    assert told["paths"]["/api/v1/sessions"]["post"]["requestBody"]["required"]
