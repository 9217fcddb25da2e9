"""A helper that Squid's user can run, wherever Drystone itself lies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from drystone.gateway.squid import launcher
from drystone.gateway.squid.launcher import LauncherError, helper_command, squid_user

from .conftest import make_bundle

ROOT = os.geteuid() == 0


@pytest.fixture
def out_of_reach(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages in a folder that nobody but its owner enters, like root's own home."""
    closed = ground / "closed"
    closed.mkdir()
    moved = []
    for package in launcher.packages():
        target = closed / package.name
        (shutil.copytree if package.is_dir() else shutil.copy)(package, target)
        moved.append(target)
    closed.chmod(0o700)
    monkeypatch.setattr(launcher, "packages", lambda: moved)
    return closed


def test_what_squids_user_cannot_read_is_copied_beside_the_configuration(ground: Path, out_of_reach: Path) -> None:
    out = ground / "out"
    out.mkdir(mode=0o755)
    link = make_bundle(ground / "bundles")

    _, probe = helper_command(out, ["--bundle", str(link)], user=squid_user())

    assert probe.answered
    if not ROOT:
        return  # then Squid runs as we do, and reads what we read
    assert str(out_of_reach) not in (out / "helper.py").read_text()
    assert (out / "lib" / "drystone" / "engine").is_dir()
    assert not (out / "lib" / "drystone" / "registers").exists()


def test_where_nothing_runs_it_says_what_to_do(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "interpreters", lambda: ["/bin/false"])
    with pytest.raises(LauncherError, match="install Drystone where"):
        helper_command(ground, [], user=squid_user())
