"""`drystone people import`, as a technician runs it: a county's file over a home of its own."""

import json

import pytest
from typer.testing import CliRunner

from bench.roll_data import Roll, csv_file, dfe_number, school_name
from drystone.cli.people import app
from drystone.engine.home import Home
from drystone.registers.roll.models import Run
from drystone.registers.school.models import AuditEntry, Person
from tests.people import make_school

ROLL = Roll(2, 12)


@pytest.fixture
def schools(db, settings, tmp_path, monkeypatch):
    """Two schools of the county, and a home whose database is the one that the tests have."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.database.touch()
    monkeypatch.setenv("DRYSTONE_HOME", str(home.root))
    return [make_school(f"school-{n}", school_name(n), dfe_number=dfe_number(n)) for n in range(2)]


@pytest.fixture
def county(tmp_path):
    path = tmp_path / "county.csv"
    path.write_text(csv_file(ROLL, None), encoding="utf-8")
    return path


def run(*words):
    return CliRunner().invoke(app, ["import", *map(str, words)])


def told(*words):
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(schools, county):
    found = told(county, "--dry-run")
    assert [(one["school"], one["run"], one["counts"]["of"]["new"]["pupil"]) for one in found] == [
        ("school-0", None, 12),
        ("school-1", None, 12),
    ]
    assert not Person.objects.exists()
    assert not Run.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_county_is_imported_whole_and_again_changes_nothing(schools, county):
    assert all(one["changes"] for one in told(county))
    assert Person.objects.filter(upn__gt="").count() == 24
    assert Run.objects.values("batch").distinct().count() == 1
    assert AuditEntry.objects.filter(verb="apply_roll", actor_name__startswith="the shell").count() == 2
    again = told(county)
    assert not any(one["changes"] or one["run"] for one in again)
    assert Run.objects.count() == 2


def test_a_mass_leave_at_one_school_stops_all_of_them_until_it_is_said(schools, county, tmp_path):
    told(county)
    fewer = Roll(2, 12, all_pupils=ROLL.all_pupils[3:], teachers=ROLL.teachers)
    path = tmp_path / "fewer.csv"
    path.write_text(csv_file(fewer, None).replace("Hazel", "Elm"), encoding="utf-8")
    stopped = run(path)
    assert stopped.exit_code == 1
    assert "3 of 12 pupils would leave" in stopped.stderr
    assert "--yes-leavers" in stopped.stderr
    assert not Person.objects.exclude(left_on=None).exists()
    assert Run.objects.count() == 2
    told(path, "--yes-leavers")
    assert Person.objects.filter(upn__gt="").exclude(left_on=None).count() == 3


def test_a_school_that_is_not_known_stops_the_whole_file(schools, county):
    schools[1].delete()
    stopped = run(county)
    assert stopped.exit_code == 1
    assert dfe_number(1) in stopped.stderr
    assert len(stopped.stderr.splitlines()) == 1
    assert not Person.objects.exists()


def test_one_school_of_the_county_may_be_named(schools, county):
    assert [one["school"] for one in told(county, "--school", "school-1")] == ["school-1"]
    assert set(Person.objects.values_list("school__slug", flat=True)) == {"school-1"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nowhere.csv"], 1, "there is no such file"),
        (["FILE", "--school", "moon"], 2, "there is no school 'moon'"),
        (["FILE", "--mapping", "ours"], 2, "no school remembers columns"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(schools, county, words, code, said):
    done = run(*(county if word == "FILE" else word for word in words))
    assert (done.exit_code, len(done.stderr.splitlines())) == (code, 1)
    assert said in done.stderr


def test_an_empty_file_is_refused(schools, tmp_path):
    empty = tmp_path / "pupils.csv"
    empty.write_text("")
    done = run(empty)
    assert done.exit_code == 1
    assert "is empty" in done.stderr
