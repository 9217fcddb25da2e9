"""The pages of an import: a file is sent, its columns are named, what it would do is seen, yes, no, undo."""

import csv
import io
import os
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from lxml.html import fromstring
from openpyxl import Workbook

from drystone.engine.home import Home
from drystone.registers.roll.models import Mapping, Run, RunState
from drystone.registers.roll.services import imports
from drystone.registers.roll.tasks import forget_what_is_old
from drystone.registers.roll.today import roll_tasks
from drystone.registers.school.models import Guardianship, Person, Role
from drystone.registers.school.services.people import add_class
from tests.people import make_person, make_school, sign_in
from tests.registers.roll.files import contact, pupil, write

NEW = "/school/people/imports/new/"
LIST = "/school/people/imports/"
FILE = [
    pupil(1, "Łukasz", "Kowalski", Class="Ash", **contact(1, "Zofia Kowalska", "zofia@home.example")),
    pupil(2, "Maja", "Kowalska", Class="Ash", **contact(1, "Zofia Kowalska", "zofia@home.example")),
    pupil(3, "Gwenllian", "ap Rhys", Class="Beech"),
    pupil(4, "Bo", "", Class="Beech"),
]


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    return settings.HOME


@pytest.fixture
def school(db, home):
    school = make_school()
    add_class(school=school, by=None, name="Ash", year_group=4, group=school.groups.get(slug="ks2"))
    return school


@pytest.fixture
def office(school):
    return make_person(school, Role.OFFICE, given="Olga", family="Office")


@pytest.fixture
def client(office):
    return sign_in(office)


@pytest.fixture
def table(tmp_path):
    def made(rows, name="pupils.csv"):
        return write(tmp_path / name, rows).read_bytes()

    return made


def send(client, *contents, name="pupils.csv"):
    files = [SimpleUploadedFile(given if isinstance(given, str) else name, content) for given, content in contents]
    return client.post(NEW, {"upload": files})


def send_one(client, content, name="pupils.csv"):
    return send(client, (name, content), name=name)


def filled_in(page, field):
    """What the form that has this field would send as it stands."""
    forms = fromstring(page.content.decode()).forms
    return dict(next(form for form in forms if field in form.fields).form_values())


def name_columns(client, run, **changes):
    """As somebody who finds the guess right."""
    page = client.get(reverse("roll:columns", args=[run.pk]))
    given = filled_in(page, "column-0") | {"name": "Pupils from Made-up"}
    return client.post(reverse("roll:columns", args=[run.pk]), given | changes)


def waiting(client, content):
    """A file that was sent and whose columns were named."""
    send_one(client, content)
    run = Run.objects.latest("pk")
    if run.state == RunState.MAPPING:
        name_columns(client, run)
        run.refresh_from_db()
    assert run.state == RunState.WAITING, run.problem
    return run


def say_yes(client, run, **more):
    return client.post(reverse("roll:apply", args=[run.pk]), {"digest": run.digest} | more)


def text_of(answer):
    return answer.content.decode()


def test_the_whole_way_from_a_file_to_people_and_back(client, school, table, home):
    run = waiting(client, table(FILE))
    page = text_of(client.get(reverse("roll:run", args=[run.pk])))
    assert "Nothing has changed yet" in page
    assert not school.people.filter(holdings__role=Role.PUPIL).exists()
    say_yes(client, run)
    run.refresh_from_db()
    assert (run.state, school.people.filter(holdings__role=Role.PUPIL).count()) == (RunState.APPLIED, 3)
    assert list(home.uploads.iterdir()) == []
    client.post(reverse("roll:undo", args=[run.pk]))
    run.refresh_from_db()
    assert (run.state, school.people.count()) == (RunState.UNDONE, 1)


def test_the_columns_are_asked_once_and_the_next_file_like_it_is_read_the_same_way(client, table):
    first = waiting(client, table(FILE))
    say_yes(client, first)
    assert Mapping.objects.get().name == "Pupils from Made-up"
    answer = send_one(client, table(FILE))
    again = Run.objects.latest("pk")
    assert answer.headers["Location"] == reverse("roll:run", args=[again.pk])
    assert again.mapping == Mapping.objects.get()
    assert "Nothing would change" in text_of(client.get(reverse("roll:run", args=[again.pk])))


def test_what_cannot_work_is_said_beside_the_column(client, table):
    send_one(client, table(FILE))
    run = Run.objects.get()
    twice = name_columns(client, run, **{"column-1": "given_names"})
    assert twice.status_code == 422
    assert "“Forename” and “Surname” cannot both be: Given names" in text_of(twice)
    staff = name_columns(client, run, about="staff")
    assert "a file of staff has nothing like that" in text_of(staff)
    nameless = name_columns(client, run, **{"column-1": ""})
    assert "Say which columns hold the names" in text_of(nameless)
    assert "Enter a name for these columns" in text_of(name_columns(client, run, name=""))
    assert not Mapping.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pupils.csv", b"", "is empty. Export it again"),
        ("pupils.csv", b"  \n\n", "“pupils.csv” is empty"),
        ("pupils.csv", b"%PDF-1.7 whatever", "“pupils.csv” is a PDF"),
        ("roll.xml", b"<!doctype html><html><p>Please sign in</p>", "“roll.xml” is a web page"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n", "“photo.csv” is a picture"),
        ("users.zip", b"PK\x03\x04broken", "“users.zip” is a damaged zip file"),
    ],
)
def test_what_is_no_roll_is_refused_at_once_and_not_kept(client, home, name, content, said):
    answer = send_one(client, content, name)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Run.objects.exists()
    assert not home.uploads.exists() or list(home.uploads.iterdir()) == []


def test_no_file_at_all_is_no_mistake_of_ours(client):
    answer = client.post(NEW, {})
    assert answer.status_code == 422
    assert "Choose the file that your school’s database exported" in text_of(answer)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client):
    huge = client.post(NEW, {"upload": SimpleUploadedFile("x.csv", b"x")}, CONTENT_LENGTH=str(600 * 1024**2))
    assert (huge.status_code, "500 MB at most" in text_of(huge)) == (413, True)
    elsewhere = client.post(LIST, {}, CONTENT_LENGTH=str(50 * 1024**2))
    assert (elsewhere.status_code, "12 MB at most" in text_of(elsewhere)) == (413, True)


def test_the_upload_is_for_nobody_else_s_eyes(client, table, home):
    send_one(client, table(FILE))
    [kept] = home.uploads.iterdir()
    assert (home.uploads.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_name_that_a_browser_sends_leads_nowhere(client, table):
    send_one(client, table(FILE), "..\\..\\evil/../.pupils.csv")
    assert Run.objects.get().file_name == "pupils.csv"


def test_a_oneroster_that_was_unpacked_is_sent_as_all_its_files(client, school):
    users = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,grades\r\n"
    users += "u1,,,true,o1,student,ada,Ada,Example,04\r\n"
    files = {
        "manifest.csv": "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.1\r\nfile.users,bulk\r\n"
        "file.orgs,bulk\r\n",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier\r\no1,,,Fellside School,school,\r\n",
        "users.csv": users,
    }
    send(client, *[(name, text.encode()) for name, text in files.items()])
    run = Run.objects.get()
    assert (run.state, run.file_name, run.problem) == (RunState.WAITING, "OneRoster, 3 files", "")
    mixed = send(client, ("users.csv", b"x"), ("photo.png", b"x"))
    assert "Choose one file, or all CSV files of OneRoster" in text_of(mixed)


def test_of_a_workbook_the_sheet_with_the_people_is_chosen(client, school):
    book = Workbook()
    book.active.title = "Notes"
    book.active.append(["Printed by", "Olga"])
    people = book.create_sheet("People")
    people.append(["Surname", "Forename", "DOB", "Class"])
    people.append(["Example", "Ada", date(2017, 9, 3), "Ash"])
    out = io.BytesIO()
    book.save(out)
    send_one(client, out.getvalue(), "roll.xlsx")
    run = Run.objects.get()
    page = client.get(reverse("roll:columns", args=[run.pk]))
    assert "Forename" in text_of(page)
    assert 'href="?sheet=Notes"' in text_of(page)
    name_columns(client, run)
    run.refresh_from_db()
    assert (run.state, run.problem, run.counts["new"]) == (RunState.WAITING, "", 1)


def test_refused_rows_stand_with_their_line_and_the_reason_and_as_csv(client, table):
    run = waiting(client, table(FILE))
    page = text_of(client.get(reverse("roll:run", args=[run.pk]), {"tab": "refused"}))
    assert "Line 5" in page
    assert "The family name is missing" in page
    answer = client.get(reverse("roll:lines_csv", args=[run.pk]), {"tab": "refused"})
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert lines[1][2:4] == ["line 5", "The family name is missing. Add it in the school’s database and export again."]


def test_what_changes_is_told_field_by_field(client, school, table):
    say_yes(client, waiting(client, table(FILE)))
    moved = [{**FILE[0], "Class": "Beech", "Forename": "Lukas"}, *FILE[1:]]
    run = waiting(client, table(moved))
    page = text_of(client.get(reverse("roll:run", args=[run.pk]), {"tab": "changed"}))
    assert "<del>Łukasz</del>" in page
    assert "<ins>Lukas</ins>" in page
    assert "<ins>Beech</ins>" in text_of(client.get(reverse("roll:run", args=[run.pk]), {"tab": "move"}))


def test_a_doubt_is_decided_on_the_page_and_without_an_answer_the_line_is_left_out(client, school, table):
    say_yes(client, waiting(client, table(FILE)))
    other = {**FILE[2], "Forename": "Gwenlian", "UPN": ""}
    run = waiting(client, table([*FILE[:2], other]))
    page = client.get(reverse("roll:run", args=[run.pk]))
    assert "1 line waits for your answer" in text_of(page)
    line = run.lines.get(tab="doubt")
    known = Person.objects.get(given_names="Gwenllian")
    client.post(reverse("roll:decide", args=[run.pk]), {line.key: str(known.pk)})
    run.refresh_from_db()
    assert run.choices[line.key] == str(known.pk)
    assert "waits for your answer" not in text_of(client.get(reverse("roll:run", args=[run.pk])))
    made_up = client.post(reverse("roll:decide", args=[run.pk]), {line.key: "999999"})
    assert "not among those that there are" in text_of(made_up)
    say_yes(client, run)
    known.refresh_from_db()
    assert known.given_names == "Gwenlian"


def test_a_class_that_does_not_exist_is_made_as_chosen_or_not_at_all(client, school, table):
    run = waiting(client, table(FILE))
    page = client.get(reverse("roll:run", args=[run.pk]), {"tab": "class"})
    assert "Year 4, filtered as Key Stage 2" in text_of(page)
    line = run.lines.get(tab="class")
    assert filled_in(page, line.key)[line.key] == line.options[0][0]
    client.post(reverse("roll:decide", args=[run.pk]), {line.key: "none"})
    run.refresh_from_db()
    say_yes(client, run)
    assert not school.classes.filter(name="Beech").exists()


def test_a_mass_leave_needs_a_second_yes(client, school, table):
    say_yes(client, waiting(client, table(FILE)))
    run = waiting(client, table(FILE[:1]))
    assert "2 of 3 pupils would leave" in text_of(client.get(reverse("roll:run", args=[run.pk])))
    once = say_yes(client, run)
    assert (once.status_code, "There is a problem" in text_of(once)) == (422, True)
    assert not school.people.filter(left_on__isnull=False).exists()
    say_yes(client, run, leavers="yes")
    assert school.people.filter(left_on__isnull=False, holdings__role=Role.PUPIL).count() == 2


def test_a_yes_to_what_is_not_shown_any_more_is_not_taken(client, school, table):
    run = waiting(client, table(FILE))
    answer = client.post(reverse("roll:apply", args=[run.pk]), {"digest": "of another day"})
    assert (answer.status_code, "changed meanwhile" in text_of(answer)) == (422, True)
    make_person(school, Role.PUPIL, given="Łukasz", family="Kowalski", upn=FILE[0]["UPN"])
    say_yes(client, run)
    run.refresh_from_db()
    assert run.state == RunState.WAITING
    assert "The roll has changed since this was shown" in text_of(client.get(reverse("roll:run", args=[run.pk])))


def test_what_is_not_wanted_is_dropped_and_the_file_goes(client, table, home, django_capture_on_commit_callbacks):
    run = waiting(client, table(FILE))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("roll:drop", args=[run.pk]))
    run.refresh_from_db()
    assert (run.state, list(home.uploads.iterdir())) == (RunState.DROPPED, [])
    assert "Dropped" in text_of(client.get(reverse("roll:run", args=[run.pk])))


def test_what_was_changed_since_stands_in_the_way_of_an_undo_and_is_named(client, school, table):
    run = waiting(client, table(FILE))
    say_yes(client, run)
    ada = Person.objects.get(given_names="Maja")
    ada.preferred_name = "Maya"
    ada.save()
    answer = client.post(reverse("roll:undo", args=[run.pk]))
    assert (answer.status_code, "Maya Kowalska was changed since" in text_of(answer)) == (409, True)


def test_a_file_that_nobody_came_back_to_goes_after_a_week(client, table, home):
    run = waiting(client, table(FILE))
    [kept] = home.uploads.iterdir()
    forget_what_is_old.call_local()
    assert kept.exists()
    old = (timezone.now() - timedelta(days=8)).timestamp()
    os.utime(kept, (old, old))
    forget_what_is_old.call_local()
    run.refresh_from_db()
    assert (kept.exists(), run.state) == (False, RunState.DROPPED)


def test_p64_who_is_barred_from_a_child_reads_nothing_of_it_in_an_import(client, school, office, table):
    say_yes(client, waiting(client, table(FILE)))
    child = Person.objects.get(given_names="Maja")
    Guardianship.objects.create(pupil=child, guardian=office, barred=True)
    run = waiting(client, table([FILE[0], {**FILE[1], "Class": "Beech"}, FILE[2]]))
    assert run.lines.filter(person=child).exists()
    page = text_of(client.get(reverse("roll:run", args=[run.pk])))
    answer = client.get(reverse("roll:lines_csv", args=[run.pk]))
    assert "Maja" not in page + b"".join(answer.streaming_content).decode()


def test_what_waits_stands_on_the_first_page_of_who_may_decide(client, school, office, table):
    run = waiting(client, table(FILE))
    [task] = roll_tasks(school, office, frozenset({Role.OFFICE}), timezone.localdate())
    assert task.url == reverse("roll:run", args=[run.pk])
    assert roll_tasks(school, office, frozenset({Role.TEACHER}), timezone.localdate()) == []


def test_the_same_number_of_queries_for_ten_lines_and_for_many(client, school, table, django_assert_max_num_queries):
    run = waiting(client, table([pupil(n, "Ada", f"Example {n}", Class="Ash") for n in range(120)]))
    for _ in range(2):
        with django_assert_max_num_queries(22):
            client.get(reverse("roll:run", args=[run.pk]), {"tab": "new"})


def test_the_pages_of_the_new_year_go_from_a_choice_to_a_plan(client, school, office):
    place = school.classes.get()
    make_person(school, Role.PUPIL, given="Ada", family="Example", school_class=place, year_group=4)
    page = client.get(reverse("roll:new_year"))
    assert "Ash, Year 4" in text_of(page)
    on = timezone.localdate() + timedelta(days=20)
    last = on - timedelta(days=5)
    days = {"on_day": on.day, "on_month": on.month, "on_year": on.year}
    days |= {"last_day_day": last.day, "last_day_month": last.month, "last_day_year": last.year}
    key = f"to-{place.pk}-4"
    unsaid = client.post(reverse("roll:new_year"), {**days, key: ""})
    assert (unsaid.status_code, "Choose where Ash, Year 4 goes" in text_of(unsaid)) == (422, True)
    client.post(reverse("roll:new_year"), {**days, key: "leave"})
    run = Run.objects.get(kind="year")
    assert "Ada Example" in text_of(client.get(reverse("roll:run", args=[run.pk])))
    say_yes(client, run)
    run.refresh_from_db()
    assert run.state == RunState.PLANNED
    assert "by itself in the night before" in text_of(client.get(reverse("roll:run", args=[run.pk])))
    client.post(reverse("roll:drop", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == RunState.DROPPED


def test_a_file_that_failed_says_why_and_what_to_do(client, table):
    run = waiting(client, table(FILE))
    imports.upload_of(run).unlink()
    say_yes(client, run)
    page = text_of(client.get(reverse("roll:run", args=[run.pk])))
    assert "Nothing was changed" in page
    assert "The file is not there any more. Send it again" in page


def test_a_file_that_cannot_be_read_after_all_is_not_kept(client, home):
    send_one(client, b"<CTfile><Header/></CTfile>", "roll.xml")
    assert Run.objects.get().state == RunState.FAILED
    assert list(home.uploads.iterdir()) == []
