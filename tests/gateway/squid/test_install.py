"""What `gateway squid-config` opens of a home to Squid's user, and what stays closed."""

from __future__ import annotations

import os
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from drystone.engine.home import Home
from drystone.gateway.squid.install import SquidConfigError, Wanted, write_squid_config
from drystone.gateway.squid.launcher import squid_user

from .conftest import RULES, make_bundle

ROOT = os.geteuid() == 0  # else Squid runs as whoever runs the tests


def closed_home(folder: Path) -> Home:
    """As `drystone up` makes it: for its owner and group only."""
    home = Home(folder)
    make_bundle(home.bundles / "fellside")
    home.here.symlink_to("fellside")
    home.keys.mkdir()
    home.check_key.write_bytes(b"k" * 32)
    home.database.write_bytes(b"everybody's names")
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o750 if path.is_dir() else 0o640)
    return home


def reads(path: Path) -> bool:
    """Whether Squid's user can."""
    user = squid_user()
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if ROOT else []
    return subprocess.run([*become, "cat", path], capture_output=True, check=False).returncode == 0


def test_squids_user_may_read_the_bundles_of_now_and_later_and_nothing_else_of_the_home(ground: Path) -> None:
    home = closed_home(ground / "home")

    assert write_squid_config(Wanted(home=home, out=ground / "squid")).warnings == []

    later = home.bundles / "fellside" / "later"
    later.mkdir(mode=0o750)
    (later / "manifest.json").write_text("{}")
    (later / "manifest.json").chmod(0o640)
    assert reads(home.here / "current" / "manifest.json")
    assert reads(later / "manifest.json")
    assert not ROOT or not reads(home.database)
    assert not ROOT or not reads(home.check_key)


def test_a_home_out_of_the_users_reach_is_refused_with_the_folder_that_is_in_the_way(ground: Path) -> None:
    closed = ground / "closed"
    home = closed_home(closed / "home")
    closed.chmod(0o700)

    with pytest.raises(SquidConfigError, match=f"may not enter {closed}: .*chmod o.x") if ROOT else nullcontext():
        write_squid_config(Wanted(home=home, out=ground / "squid"))


def test_the_schools_own_sites_of_help_stand_in_the_file(ground: Path) -> None:
    """P13: Squid itself says nothing of who asked for them."""
    home = Home(ground / "home")
    make_bundle(home.bundles / "fellside", rules=RULES + "help: [nurse.fellside.example]\n")
    home.here.symlink_to("fellside")

    conf = write_squid_config(Wanted(home=home, out=ground / "squid")).conf.read_text()

    (line,) = [line for line in conf.splitlines() if line.startswith("acl help ")]
    assert {".nurse.fellside.example", ".childline.org.uk"} <= set(line.split())


def test_squids_user_cannot_put_a_file_of_its_own_where_root_reads_or_writes(ground: Path) -> None:
    """Root starts Squid from this folder, and writes it again: who takes over Squid must not become root by it."""
    out = ground / "squid"
    wanted = Wanted(home=closed_home(ground / "home"), out=out)
    conf = write_squid_config(wanted).conf
    before = conf.read_bytes()
    treasure = ground / "treasure"
    treasure.write_text("root's own")
    (out / ".squid.conf.new").symlink_to(treasure)
    if ROOT:
        become = ["setpriv", f"--reuid={squid_user()}", f"--regid={squid_user()}", "--init-groups"]
        for target in (conf, out / "helper.py"):
            assert subprocess.run([*become, "rm", "-f", target], capture_output=True, check=False).returncode
        subprocess.run([*become, "touch", out / "squid.pid"], check=True)

    write_squid_config(wanted)

    assert treasure.read_text() == "root's own"
    assert conf.read_bytes() == before
