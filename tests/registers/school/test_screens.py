"""The school register's pages by HTTP: what is saved, what is refused, and what a colleague saved meanwhile."""

import csv
import io
import re

import pytest
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, Closure, Person, Role, Zone
from drystone.registers.school.queries import coordinator
from drystone.registers.school.services import calendar, places
from drystone.registers.school.terms import usual_year
from tests.people import make_person, make_school, sign_in, signed_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def head(school):
    return sign_in(make_person(school, Role.HEAD, given="Helen", family="Marsh"))


@pytest.fixture
def zone(school):
    group = school.groups.get(slug="ks2")
    return places.add_zone(school=school, by=None, name="ICT suite", group=group, addresses="10.1.0.0/16")


def text(response):
    return response.content.decode()


def edition(client, url):
    return re.search(r'name="edition" value="(\w*)"', text(client.get(url)))[1]


def zone_form(school, **changes):
    return {"name": "Computer room", "addresses": "10.1.0.0/16", "group": school.groups.first().pk} | changes


def test_details_are_saved_and_stand_in_the_trail(head, school):
    mark = edition(head, "/school/details/")
    sent = {"edition": mark, "name": "Fellside C of E School", "own_sites": "fellside.example", "idle_minutes": "10"}
    assert head.post("/school/details/", sent)["Location"] == "/school/"
    page = text(head.get("/school/", follow=True))
    assert "Fellside C of E School" in page
    assert AuditEntry.objects.get(verb="change_school").before["name"] == "Fellside School"


def test_what_a_colleague_saved_meanwhile_is_not_overwritten(head, school, zone):
    url = f"/school/zones/{zone.pk}/"
    mine = edition(head, url)
    colleague = signed_in_as(school, Role.TECHNICIAN)
    assert colleague.post(url, zone_form(school, edition=mine, name="Suite"))["Location"] == "/school/"
    page = text(head.post(url, zone_form(school, edition=mine)))
    assert "Somebody else changed this" in page
    zone.refresh_from_db()
    assert zone.name == "Suite"


def test_an_overlap_is_refused_on_the_page_naming_both_zones(head, school, zone):
    page = text(head.post("/school/zones/add/", zone_form(school, addresses="10.1.2.0/24")))
    assert "10.1.2.0/24 of “Computer room” overlaps 10.1.0.0/16 of “ICT suite”" in page
    assert Zone.objects.count() == 1


def test_a_zone_is_removed_only_after_a_question(head, zone):
    url = f"/school/zones/{zone.pk}/remove/"
    assert "Remove the zone “ICT suite”?" in text(head.get(url))
    assert Zone.objects.exists()
    head.post(url)
    assert not Zone.objects.exists()


def test_a_teacher_sees_none_of_it(school, zone):
    teacher = signed_in_as(school, Role.TEACHER)
    assert teacher.get("/school/").status_code == 403
    assert teacher.post(f"/school/zones/{zone.pk}/remove/").status_code == 403
    assert Zone.objects.exists()


def test_next_years_terms_come_filled_in(head, school):
    year = calendar.add_year(school=school, by=None, plan=usual_year(timezone.localdate()))
    page = text(head.get("/school/calendar/add/"))
    after = f"{year.ends.year} to {year.ends.year + 1}"
    assert f"Add the year {after}" in page
    boxes = dict(re.findall(r'name="(term\d_\w+)" type="text" value="(\d*)"', page))
    assert len(boxes) == 36
    assert head.post("/school/calendar/add/", boxes | {"edition": ""})["Location"] == "/school/calendar/"
    assert after in text(head.get("/school/calendar/"))


def test_a_single_day_closed_needs_one_date_only(head, school):
    year = calendar.add_year(school=school, by=None, plan=usual_year(timezone.localdate()))
    day = year.terms.first().starts
    sent = {"reason": "Staff training", "starts_day": day.day, "starts_month": day.month, "starts_year": day.year}
    assert head.post(f"/school/calendar/{year.pk}/closed/", sent)["Location"] == "/school/calendar/"
    closure = Closure.objects.get(reason="Staff training")
    assert (closure.starts, closure.ends) == (day, day)
    head.post(f"/school/calendar/closed/{closure.pk}/remove/")
    assert not Closure.objects.filter(pk=closure.pk).exists()


def test_groups_and_classes_are_added_on_their_pages(head, school):
    assert head.post("/school/groups/add/", {"name": "Nurture", "age_band": "ks1"})["Location"] == "/school/"
    group = school.groups.get(name="Nurture")
    assert head.post("/school/classes/add/", {"name": "1W", "year_group": "1", "group": group.pk})["Location"]
    assert "1W" in text(head.get("/school/"))


def test_people_are_found_by_name_and_by_role(head, school):
    make_person(school, Role.TEACHER, given="Tom", family="Birkett")
    make_person(make_school(slug="dale"), Role.TEACHER, given="Tom", family="Elsewhere")
    page = text(head.get("/school/people/?text=tom"))
    assert "Birkett" in page
    assert "Elsewhere" not in page
    assert "Birkett" not in text(head.get("/school/people/?role=governor"))
    assert "Nobody fits" in text(head.get("/school/people/?text=nobody"))


def test_a_list_for_a_spreadsheet_holds_no_formula(head, school):
    make_person(school, Role.TEACHER, given="=HYPERLINK(1)", family="Birkett")
    answer = head.get("/school/people/?format=csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0][:2] == ["Family name", "Given names"]
    assert rows[1][:4] == ["Birkett", "'=HYPERLINK(1)", "", "Teacher"]


def test_a_person_gets_a_role_and_an_account_with_a_letter(head, school):
    sent = {"given_names": "Tom", "family_name": "Birkett", "email": "tom@fellside.example"}
    where = head.post("/school/people/add/", sent)["Location"]
    today = timezone.localdate()
    given = {"role": "teacher", "starts_day": today.day, "starts_month": today.month, "starts_year": today.year}
    assert head.post(f"{where}roles/", given)["Location"] == where
    letter = text(head.post(f"{where}account/"))
    assert re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", letter)
    assert "tom@fellside.example" in letter
    assert Person.objects.get(family_name="Birkett").user is not None


def test_the_office_adds_people_but_gives_no_roles_and_no_codes(school):
    """Else whoever may add people could open the head's account."""
    office = signed_in_as(school, Role.OFFICE)
    head = make_person(school, Role.HEAD)
    assert office.get("/school/people/add/").status_code == 200
    assert office.post(f"/school/people/{head.pk}/account/").status_code == 403
    assert office.post(f"/school/people/{head.pk}/roles/", {"role": "head"}).status_code == 403


def test_the_coordinator_is_changed_on_a_page(head, school):
    tom = make_person(school, Role.TEACHER, given="Tom")
    today = timezone.localdate()
    sent = {"person": tom.pk, "starts_day": today.day, "starts_month": today.month, "starts_year": today.year}
    assert head.post("/school/co-ordinator/", sent)["Location"] == "/school/"
    assert coordinator(school, today).person == tom


def test_a_pupil_is_not_offered_as_coordinator(head, school):
    pupil = make_person(school, Role.PUPIL, given="Zak")
    assert f'value="{pupil.pk}"' not in text(head.get("/school/co-ordinator/"))


def test_the_last_head_is_told_why_the_role_cannot_end(head, school):
    holding = school.people.get(family_name="Marsh").holdings.get()
    today = timezone.localdate()
    sent = {"ends_day": today.day, "ends_month": today.month, "ends_year": today.year}
    assert "would have no head teacher" in text(head.post(f"/school/people/roles/{holding.pk}/end/", sent))


def test_the_trail_is_filtered_by_who_what_when_and_about(head, school, zone):
    places.add_group(school=school, by=school.people.first(), name="Nurture", age_band="ks1")
    page = text(head.get("/school/audit/"))
    assert "2 entries" in page
    key = school.people.first().key
    assert "1 entry" in text(head.get(f"/school/audit/?actor={key}"))
    assert "1 entry" in text(head.get("/school/audit/?verb=add_zone"))
    assert "1 entry" in text(head.get("/school/audit/?text=nurture"))
    today = timezone.localdate().isoformat()
    assert "2 entries" in text(head.get(f"/school/audit/?since={today}&until={today}"))
    assert "0 entries" in text(head.get("/school/audit/?until=2001-01-01"))
    assert "is not a day" in text(head.get("/school/audit/?since=yesterday"))


def test_the_trail_goes_to_a_spreadsheet_whole(head, school, zone):
    content = b"".join(head.get("/school/audit/?format=csv").streaming_content).decode("utf-8-sig")
    (heading, row) = csv.reader(io.StringIO(content))
    assert row[heading.index("What")] == "add_zone"
    assert len(row[heading.index("Hash")]) == 64


def test_verifying_on_screen_says_that_the_trail_holds(head, zone):
    assert "The audit trail holds" in text(head.post("/school/audit/verify/"))


def test_an_entry_shows_before_and_after(head, school, zone):
    assert "10.1.0.0/16" in text(head.get(f"/school/audit/{AuditEntry.objects.get().seq}/"))


def test_another_schools_entries_are_not_in_the_list(head, school):
    places.add_group(school=make_school(slug="dale"), by=None, name="Elsewhere", age_band="ks1")
    assert "Elsewhere" not in text(head.get("/school/audit/"))
