"""`drystone audit verify`, as a technician runs it."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

SEED = """
import sys
from pathlib import Path
from drystone.engine.home import Home
from drystone.site.boot import prepare
prepare(Home(Path(sys.argv[1])))
from drystone.registers.school.services.schools import found_school
from drystone.registers.school.services.places import add_group
school = found_school(by=None, name="Fellside School", short_name="Fellside")
for number in range(5):
    add_group(school=school, by=None, name=f"Group {number}", age_band="ks2")
"""


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(("DRYSTONE_", "DJANGO_"))}


def verify(home, *words):
    command = [sys.executable, "-m", "drystone.cli.main", "audit", "verify", "--home", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    subprocess.run([sys.executable, "-c", SEED, str(home)], check=True, env=environment())
    return home


@pytest.fixture
def home(kept, tmp_path):
    source = sqlite3.connect(kept / "drystone.sqlite3")
    with sqlite3.connect(tmp_path / "drystone.sqlite3") as copy:
        source.backup(copy)
    source.close()
    return tmp_path


def tamper(home, *statements):
    """As somebody with the file in hand: the triggers gone."""
    database = sqlite3.connect(home / "drystone.sqlite3")
    for statement in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", *statements):
        database.execute(statement)
    database.commit()
    database.close()


def test_an_untouched_trail_holds(home):
    done = verify(home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The audit trail holds: 6 entries in 1 chains.\n"


def test_a_changed_entry_is_named_in_one_line(home):
    tamper(home, "UPDATE school_auditentry SET summary = 'nothing' WHERE seq = 3")
    done = verify(home)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "chain fellside, entry 3: its content was changed" in done.stderr


def test_another_program_reads_every_fault(home):
    tamper(home, "DELETE FROM school_auditentry WHERE seq = 4", "UPDATE school_auditentry SET verb = 'x' WHERE seq = 2")
    done = verify(home, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["holds"] is False
    assert [fault["entry"] for fault in told["faults"]] == [2, 4]


def test_a_trail_that_holds_says_so_to_another_program(home):
    told = json.loads(verify(home, "--json").stdout)
    assert told == {"holds": True, "entries": 6, "chains": ["fellside"], "faults": []}


def test_a_folder_without_a_database_is_said_in_one_line_and_not_made_into_one(tmp_path):
    done = verify(tmp_path / "nowhere")
    assert done.returncode == 1
    assert "there is no database" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path):
    (tmp_path / "drystone.sqlite3").write_text("not a database, but long enough to be read as one" * 40)
    done = verify(tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be read" in done.stderr
