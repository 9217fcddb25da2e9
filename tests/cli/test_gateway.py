"""`drystone gateway squid-config` and `gateway status`, as a technician runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drystone.engine.eventlog import Collector, Event, SegmentWriter, format_event
from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.home import Home

RULES = "school: {name: Fellside}\ngroups: {ks2: {default: allow}}\neveryone_else: {group: ks2}\n"


def drystone(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drystone.cli.main", *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def home() -> Iterator[Home]:
    """A home that Squid's user may read, with a bundle at work."""
    with tempfile.TemporaryDirectory(prefix="drystone-cli-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        lists = folder / "lists" / "gambling"
        lists.mkdir(parents=True)
        (lists / "domains").write_text("casino.example\n")
        home = Home(folder / "home")
        home.school_bundles("fellside").mkdir(parents=True)
        compile_bundle(lists.parent, parse_rules(RULES), home.school_bundles("fellside") / "current")
        home.here.symlink_to("fellside")
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
        yield home


def test_it_writes_a_configuration_that_squid_accepts_and_says_what_to_do_next(home: Home) -> None:
    out = home.root.parent / "squid"

    done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", str(out), "--check")

    assert done.returncode == 0, done.stderr
    assert f"squid -N -f {out}/squid.conf" in done.stdout
    assert "rotate" in done.stdout
    assert "Mind:" not in done.stdout
    assert (out / "errors" / "ERR_DRYSTONE_CHILD").exists()
    assert (home.events / "squid").is_dir()


def test_keys_are_handed_over_to_squids_user_alone(home: Home) -> None:
    home.keys.mkdir(mode=0o700)
    home.check_key.write_bytes(b"k" * 32)
    out = home.root.parent / "squid"

    done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", str(out), "--json")

    written = json.loads(done.stdout)
    assert str(out / "check.key") in written["helper"]
    assert (out / "check.key").stat().st_mode & 0o777 == 0o400
    assert str(home.keys) not in " ".join(written["helper"])


def test_without_a_bundle_it_writes_the_configuration_and_says_that_all_is_blocked(home: Home) -> None:
    (home.school_bundles("fellside") / "current").unlink()
    out = home.root.parent / "squid"

    done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", str(out))

    assert done.returncode == 0
    assert "Mind:" in done.stdout
    assert "blocked" in done.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        ("--port", "http"),
        ("--gateway", "my gateway"),
        ("--clients", "everyone"),
        ("--allow-private", "10.0.0.0/99"),
        ("--user", "no-such-user-here"),
        ("--helper-children", "0"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_no_configuration(home: Home, wrong: tuple[str, str]) -> None:
    out = home.root.parent / "squid"

    done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", str(out), *wrong)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert wrong[1] in done.stderr
    assert not (out / "squid.conf").exists()


def test_a_file_in_the_place_of_the_folder_is_one_line(home: Home) -> None:
    out = home.root.parent / "squid"
    out.write_text("in the way")

    done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", str(out))

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_status_names_each_gateway_with_its_state_and_its_last_event(home: Home) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    home.run.mkdir()
    (home.run / "proxy.json").write_text(json.dumps({"gateway": "proxy", "pid": os.getpid(), "listen": "127.0.0.1:1"}))
    (home.run / "old.json").write_text(json.dumps({"gateway": "old", "pid_file": str(home.run / "gone.pid")}))
    (home.run / "worker.json").write_text(json.dumps({"pid": os.getpid(), "at": 0}))
    (home.run / "torn.json").write_text("{")
    writer = SegmentWriter(home.events / "proxy")
    writer.append(format_event(Event(at=at, school="fellside", gateway="proxy", action="allow", host="river.example")))
    writer.close()
    Collector(home).run_once()

    done = drystone("gateway", "status", "--home", str(home.root), "--json")

    old, proxy = map(json.loads, done.stdout.splitlines())
    assert (proxy["gateway"], proxy["state"], proxy["last_event"]) == ("proxy", "running", at.isoformat())
    assert (old["gateway"], old["state"], old["last_event"]) == ("old", "stopped", None)


def test_status_of_a_new_home_says_what_to_do(home: Home) -> None:
    done = drystone("gateway", "status", "--home", str(home.root))

    assert done.returncode == 0
    assert "drystone up" in done.stdout


def test_status_of_no_home_is_one_line(tmp_path: Path) -> None:
    done = drystone("gateway", "status", "--home", str(tmp_path / "nowhere"))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_gateway_that_was_taken_down_is_forgotten_and_one_that_runs_is_not(home: Home) -> None:
    home.run.mkdir()
    (home.run / "proxy.json").write_text(json.dumps({"gateway": "proxy", "pid": os.getpid(), "listen": "127.0.0.1:1"}))
    (home.run / "old.json").write_text(json.dumps({"gateway": "old", "pid_file": str(home.run / "gone.pid")}))

    runs, gone, unknown = (
        drystone("gateway", "forget", name, "--home", str(home.root)) for name in ("proxy", "old", "nobody")
    )

    assert (runs.returncode, "stop it first" in runs.stderr) == (1, True)
    assert (gone.returncode, (home.run / "old.json").exists()) == (0, False)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert (home.run / "proxy.json").exists()


def test_doors_and_sign_on_that_make_no_sense_are_refused(home: Home) -> None:
    out = str(home.root.parent / "squid")
    for wrong in (
        ("--zone-port", "3129"),
        ("--zone-port", "3129=nowhere"),
        ("--sign-on", "10.0.0.0/8"),
        ("--auth", "nis"),
    ):
        done = drystone("gateway", "squid-config", "--home", str(home.root), "--out", out, *wrong)
        assert done.returncode in (1, 2), wrong
        assert done.stderr.count("\n") == 1, done.stderr
    assert not Path(out, "squid.conf").exists()
