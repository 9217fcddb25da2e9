"""A file becomes people in a real browser: sent, its columns named, seen, decided, applied by the worker, undone."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.test_pages import Walk, look_at_this
from tests.house.house import environment

ROOT = Path(__file__).resolve().parents[2]

SCHOOL = """
import sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import django; django.setup()
from drystone.registers.school.models import Role
from drystone.registers.school.services.people import add_class
from tests.people import make_person, make_school, sign_in
school = make_school()
place = add_class(school=school, by=None, name="Ash", year_group=4, group=school.groups.get(slug="ks2"))
for given, born in (("Ada", date(2017, 9, 3)), ("Bo", None)):
    make_person(
        school, Role.PUPIL, given=given, family="Stays", school_class=place, year_group=4, date_of_birth=born
    )
print(sign_in(make_person(school, Role.OFFICE, given="Olga", family="Office")).cookies["sessionid"].value)
"""
ROLL = """Surname,Forename,Birthday,Year,Class,Admission No,Contact 1 Name,Contact 1 Email
Stays,Ada,03/09/2017,4,Ash,A1,Una Stays,una@home.example
Stays,Bo,04/09/2017,4,Ash,A2,Una Stays,una@home.example
Łukasiewicz,Zofia,05/09/2017,4,Birch,A3,Jan Łukasiewicz,jan@home.example
,Nobody,06/09/2017,4,Ash,A4,,
"""


@pytest.fixture(scope="module")
def office(web, chromium):
    """The office of a school with two pupils, signed in; the worker is up as under `drystone up`."""
    env = environment() | {"DRYSTONE_HOME": str(web.home.root), "DJANGO_SETTINGS_MODULE": "drystone.site.settings"}
    made = subprocess.run(
        [sys.executable, "-c", SCHOOL, str(ROOT)], check=True, env=env, capture_output=True, text=True
    )
    worker = subprocess.Popen([sys.executable, "-m", "drystone.site.worker"], env=env, stderr=subprocess.DEVNULL)
    context = chromium.new_context(java_script_enabled=True)
    context.add_cookies([{"name": "sessionid", "value": made.stdout.split()[-1], "url": web.address}])
    yield context.new_page()
    context.close()
    worker.terminate()
    worker.wait(timeout=20)


def heading(page):
    return page.get_by_role("heading", level=1).inner_text()


def wait_until(page, text):
    """The page looks again by itself; nobody has to press anything."""
    page.get_by_role("heading", level=1, name=text, exact=True).wait_for(timeout=30_000)


def test_a_file_is_sent_named_seen_applied_and_undone(office, web, tmp_path, axe):
    page, walk, roll = office, Walk(), tmp_path / "pupils.csv"
    roll.write_text(ROLL, encoding="utf-8-sig")
    page.goto(f"{web.address}/school/people/")
    page.get_by_role("link", name="Imports").click()
    look_at_this(page, axe, walk)
    page.get_by_role("button", name="Import a file").click()
    look_at_this(page, axe, walk)
    page.get_by_label("File", exact=True).set_input_files(roll)
    page.get_by_role("button", name="Look at the file").click()
    assert heading(page) == "Which column is what?"
    look_at_this(page, axe, walk)
    page.get_by_label("Birthday", exact=True).select_option(label="Date of birth")
    page.get_by_label("Remember these columns as").fill("Pupils from Made-up")
    page.get_by_role("button", name="Go on: see what would change").click()
    wait_until(page, "What this file would change")
    assert_each_part_is_sound(page, axe, walk)
    page.get_by_role("link", name="To decide").click()
    page.get_by_label("It is Bo Stays, Ash").check()
    page.get_by_role("button", name="Save these answers").click()
    wait_until(page, "What this file would change")
    assert page.get_by_text("waits for your answer").count() == 0
    page.get_by_role("button", name="Apply it").click()
    wait_until(page, "pupils.csv")
    main = page.get_by_role("main").inner_text()
    assert "3 new, 2 changed, 1 refused" in main
    look_at_this(page, axe, walk)
    page.goto(f"{web.address}/school/people/?text=Zofia")
    assert page.get_by_role("link", name="Zofia Łukasiewicz").count() == 1
    page.goto(f"{web.address}/school/people/imports/")
    page.get_by_role("link", name="pupils.csv").click()
    page.get_by_role("button", name="Undo it").click()
    look_at_this(page, axe, walk)
    page.get_by_role("button", name="Undo it").click()
    assert "everybody is as they were before" in page.get_by_role("main").inner_text()
    page.goto(f"{web.address}/school/people/?text=Zofia")
    assert page.get_by_role("link", name="Zofia Łukasiewicz").count() == 0
    assert not walk.faults, "\n".join(walk.faults)


def assert_each_part_is_sound(page, axe, walk):
    """New, changed, refused …: a page each, under one heading."""
    parts = page.get_by_role("navigation", name="Parts").get_by_role("link")
    names = [parts.nth(number).inner_text() for number in range(parts.count())]
    assert [name.split("\n")[-1] for name in names] == ["To decide", "Classes to make", "New", "Changed", "Refused"]
    for number in range(len(names)):
        parts.nth(number).click()
        look_at_this(page, axe, walk)
    assert "Line 5" in page.get_by_role("main").inner_text()


def test_a_new_school_year_is_chosen_seen_and_planned(office, web, axe):
    page, walk = office, Walk()
    page.goto(f"{web.address}/school/people/new-year/")
    look_at_this(page, axe, walk)
    page.get_by_role("button", name="Go on: see what would change").click()
    assert "Choose where Ash, Year 4 goes" in page.get_by_role("alert").inner_text()
    look_at_this(page, axe, walk)
    page.get_by_label("Ash, Year 4").select_option(label="Stay in Ash")
    page.get_by_role("button", name="Go on: see what would change").click()
    assert heading(page) == "What the new school year would change"
    look_at_this(page, axe, walk)
    page.get_by_role("button", name="Plan it for").click()
    assert "It is planned" in page.get_by_role("main").inner_text()
    look_at_this(page, axe, walk)
    page.get_by_role("button", name="Cancel it").click()
    assert urlsplit(page.url).path == "/school/people/new-year/"
    assert not walk.faults, "\n".join(walk.faults)
