"""Preparing a home: safe to repeat, keys for their owner only, the set-up code while there is no school."""

import os
import subprocess
import sys
import time

PREPARE = """
import sys
from pathlib import Path
from drystone.engine.home import Home
from drystone.site.boot import prepare
prepare(Home(Path(sys.argv[1])))
"""


def prepare(home, more=""):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRYSTONE_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", PREPARE + more, str(home)], check=False, env=kept, capture_output=True, text=True
    )


def test_a_home_is_prepared_once_and_again_without_losing_a_key(tmp_path):
    home = tmp_path / "home"
    assert prepare(home).stderr == ""
    keys = {path.name: path.read_bytes() for path in (home / "keys").iterdir()}
    assert {"django.key", "person.key", "check.key", "setup.code"} <= keys.keys()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "keys").iterdir())
    began = time.monotonic()
    assert prepare(home).returncode == 0
    assert time.monotonic() - began < 20, "the second time there is nothing to do"
    assert {path.name: path.read_bytes() for path in (home / "keys").iterdir()} == keys


def test_the_set_up_code_goes_when_there_is_a_school(tmp_path):
    found = """
from drystone.registers.school.services.schools import found_school
found_school(by=None, name="Fellside School", short_name="Fellside")
"""
    assert prepare(tmp_path, found).stderr == ""
    assert (tmp_path / "keys" / "setup.code").exists()
    prepare(tmp_path)
    assert not (tmp_path / "keys" / "setup.code").exists()
