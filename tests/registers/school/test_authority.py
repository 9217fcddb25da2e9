"""The council or trust: numbers of its schools and a new school; and somebody of several schools."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drystone.oversight.policy.models import DailyFinding
from drystone.registers.school.models import AuditEntry, Authority, Person, Role, School
from drystone.registers.school.services.authority import add_school
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school, sign_in

URL = "/school/authority/"
HEAD = {"given_names": "Hazel", "family_name": "Newsome", "email": "hazel@dale.example"}
DALE = {"name": "Dale School", "short_name": "Dale", "dfe_number": "9091234", **HEAD}


@pytest.fixture
def council(db):
    """Two schools of a county, one of another; somebody of the county's council."""
    county = Authority.objects.create(name="Moorshire", slug="moorshire")
    near = make_school(authority=county)
    make_school(slug="beck", name="Beck School", authority=county)
    away = Authority.objects.create(name="Coastshire", slug="coastshire")
    make_school(slug="cliff", name="Cliff School", authority=away)
    return make_person(near, Role.COUNCIL, given="Cass")


def finds(slug, promise, state, days_ago=0):
    day = timezone.localdate() - timedelta(days=days_ago)
    return DailyFinding.objects.create(
        school=School.objects.get(slug=slug), day=day, promise=promise, state=state, library="a test",
        sentence="Una Scar of 3H was seen",
    )  # fmt: skip


def page_of(council, query=""):
    return sign_in(council).get(URL + query).content.decode()


def test_the_council_sees_how_many_promises_of_its_schools_are_in_which_state_and_nothing_else(council):
    finds("beck", "P01", "breached", days_ago=1)
    for promise in ("P02", "P04", "P05"):
        finds("beck", promise, "met", days_ago=1)
    finds("beck", "P01", "met", days_ago=3)
    page = page_of(council)
    told = re.findall(
        r'data-label="([^"]+)" class="[^"]+">([^<]+)<', page.partition("Beck School")[2].partition("</tr>")[0]
    )
    assert dict(told) == {
        "Not kept": "1", "Could not be assessed": "0", "Due": "0", "Not yet recorded": "65", "Kept": "3",
        "Does not apply": "0",
    }  # fmt: skip
    assert "Una Scar" not in page
    assert "Cliff School" not in page


def test_the_worst_board_comes_first_and_a_school_nobody_assessed_says_so(council):
    finds("fellside", "P01", "breached")
    page = page_of(council)
    assert page.rindex("Fellside School") < page.index("Beck School")
    assert "Not assessed for a fortnight" in page
    assert "Beck School" not in page_of(council, "?text=fell")


def test_the_figures_can_be_downloaded(council):
    finds("beck", "P01", "due")
    rows = b"".join(sign_in(council).get(f"{URL}schools.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0] == "School,DfE number,Breached,Not assessed,Due,Not recorded,Met,Not applicable"
    assert rows[1:] == ["Beck School,,0,0,1,68,0,0", "Fellside School,,,,,,,"]


def test_the_page_costs_the_same_for_many_schools(council):
    finds("fellside", "P01", "met")
    client = sign_in(council)
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for number in range(20):
        make_school(slug=f"s{number}", name=f"School {number}", authority=council.school.authority)
        finds(f"s{number}", "P01", "met")
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert len(many) <= len(few)


def test_somebody_of_no_council_is_told_what_to_do(db):
    page = page_of(make_person(make_school(), Role.COUNCIL))
    assert "belongs to no council or trust" in page


def test_the_council_adds_a_school_and_its_head_opens_it_with_a_letter(council, client):
    page = sign_in(council).post(f"{URL}add/", DALE).content.decode()
    code = page.partition('ds-letter__code">')[2].partition("<")[0]
    dale = School.objects.get(slug="dale")
    assert (dale.authority, dale.dfe_number, dale.years.count(), dale.groups.count()) == (
        council.school.authority, "9091234", 1, 4
    )  # fmt: skip
    sent = {
        "email": HEAD["email"],
        "code": code,
        "password": "three random words",
        "password_again": "three random words",
    }
    assert client.post("/account/first-time/", sent)["Location"] == "/"
    assert AuditEntry.objects.filter(chain="fellside", verb="add_school", actor=council.key).exists()
    assert AuditEntry.objects.filter(chain="dale", verb="found_school", actor=council.key).exists()


def test_who_adds_a_school_sees_no_page_of_it(council):
    head = add_school(by=council, **DALE).head
    client = sign_in(council)
    assert client.get(f"/school/people/{head.pk}/").status_code == 403
    assert not Person.objects.filter(user=council.user).exclude(pk=council.pk)


def test_a_form_that_cannot_be_says_what_is_wrong_and_adds_nothing(council):
    client = sign_in(council)
    assert "Enter seven digits" in client.post(f"{URL}add/", DALE | {"dfe_number": "12"}).content.decode()
    School.objects.filter(slug="beck").update(dfe_number="9091234")
    assert "Another school has this DfE number" in client.post(f"{URL}add/", DALE).content.decode()
    assert not School.objects.filter(slug="dale").exists()


def test_nobody_but_the_council_adds_a_school(council):
    head = make_person(council.school, Role.HEAD, Role.TECHNICIAN)
    with pytest.raises(NotAllowed):
        add_school(by=head, **DALE)
    assert sign_in(head).post(f"{URL}add/", DALE).status_code == 403


def head_of_beck():
    head = make_person(School.objects.get(slug="beck"), Role.HEAD, email=HEAD["email"])
    client = sign_in(head)
    head.user.email = HEAD["email"]
    head.user.save()
    return head, client


def test_a_head_of_two_schools_of_the_county_has_one_account_and_chooses_where_to_work(council):
    head, client = head_of_beck()
    assert not (added := add_school(by=council, **DALE)).code
    assert added.head.user == head.user
    assert "Beck School" in client.get("/").content.decode()
    assert "Dale School" in client.get("/account/where/").content.decode()
    assert client.post("/account/where/", {"person": added.head.pk})["Location"] == "/"
    page = client.get("/").content.decode()
    assert "Dale School" in page
    assert client.get(f"/school/people/{added.head.pk}/").status_code == 200
    assert client.get(f"/school/people/{head.pk}/").status_code == 404, "one school at a time"


def test_an_address_of_another_county_is_given_no_place(council):
    stranger = make_person(School.objects.get(slug="cliff"), Role.HEAD, email=HEAD["email"])
    sign_in(stranger)
    stranger.user.email = HEAD["email"]
    stranger.user.save()
    with pytest.raises(Refused, match="signs in with this address already"):
        add_school(by=council, **DALE)
    assert not School.objects.filter(slug="dale").exists()


@pytest.mark.parametrize("number", ["", "0", "x", "９", "99999999999999999999"])
def test_nobody_works_where_they_are_not_known(council, number):
    _, client = head_of_beck()
    assert client.post("/account/where/", {"person": number}).status_code == 404
    assert client.post("/account/where/", {"person": council.pk}).status_code == 404
    assert "Beck School" in client.get("/").content.decode()


def test_whose_role_ended_in_one_school_begins_the_day_in_the_other(council):
    head, client = head_of_beck()
    add_school(by=council, **DALE)
    head.holdings.update(ends=timezone.localdate() - timedelta(days=1))
    assert "Dale School" in client.get("/").content.decode()


def test_a_lost_letter_is_written_again_on_the_command_line(council):
    head = add_school(by=council, **DALE).head
    said = StringIO()
    call_command("council", "letter", "dale", head.email, stdout=said)
    assert "with the code" in said.getvalue()
