"""Real Squid with the configuration we write: what it lets through, what it refuses, what it logs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.engine.eventlog import Collector, Lake
from drystone.engine.filtering import SELF_TEST_HEADER, sign_check
from drystone.engine.home import Home

from .conftest import RunningSquid, make_bundle, readable, start_squid, wait_for


def test_an_unlisted_site_loads_and_a_gambling_site_gets_a_page_that_names_the_category(
    squid: RunningSquid, site: int
) -> None:
    allowed = squid.ask(f"http://127.0.0.1:{site}/river?page=2")
    blocked = squid.ask("http://www.casino.example/win")

    assert allowed.startswith(b"HTTP/1.1 200")
    assert b"welcome to /river?page=2" in allowed
    assert blocked.startswith(b"HTTP/1.1 403")
    assert b"games where people bet money" in blocked
    assert b"www.casino.example" in blocked
    assert b"0800 1111" in blocked


def test_a_blocked_connect_is_refused_and_an_allowed_one_goes_on(squid: RunningSquid, site: int) -> None:
    assert squid.ask("casino.example:443", method="CONNECT") == b""
    assert squid.status(f"127.0.0.1:{site}", method="CONNECT") == 200


def test_what_squid_logs_is_the_event_that_every_door_writes(squid: RunningSquid, site: int) -> None:
    """P62: the line parses, and says where, what, why and by which edition."""
    squid.ask(f"http://127.0.0.1:{site}/a%20b?q=1")
    squid.ask("http://www.casino.example/win")

    allowed, blocked = squid.events(count=2)

    assert (allowed.action, allowed.host, allowed.path) == ("allow", "127.0.0.1", "/a b?q=1")
    assert allowed.bytes
    assert allowed.bytes > 20
    assert (blocked.action, blocked.host, blocked.path) == ("block", "www.casino.example", "/win")
    assert (blocked.category, blocked.level, blocked.zone, blocked.group) == ("gambling", "school", "here", "ks2")
    assert (blocked.school, blocked.gateway, blocked.client, blocked.method) == (
        "fellside",
        "squid",
        "127.0.0.1",
        "GET",
    )
    assert len(blocked.edition) == 16
    assert blocked.rule


def test_the_collector_brings_squids_events_to_the_lake_once_though_logrotate_rotates(squid: RunningSquid) -> None:
    """By the file that `squid-config` wrote, as the system runs it each night; twice, so that names move on."""
    collector = Collector(squid.home)
    squid.ask("http://www.casino.example/1")
    wait_for(squid.lines)
    first = collector.run_once()
    for night in (1, 2):
        rotate(squid)
        assert (squid.events_folder / f"squid.log.{night}").exists()
        squid.ask(f"http://www.casino.example/{night + 1}")
        wait_for(lambda night=night: len(squid.lines()) > night)

    assert (first, collector.run_once(), collector.run_once()) == (1, 2, 0)
    paths = sorted(event.path for event in Lake(squid.home.lake).events("fellside", limit=10))
    assert paths == ["/1", "/2", "/3"]


def rotate(squid: RunningSquid) -> None:
    state = squid.out / "logrotate.state"
    program = shutil.which("logrotate", path=os.environ["PATH"] + ":/usr/sbin")
    assert program, "logrotate is not installed: apt install logrotate"
    subprocess.run([program, "--force", "--state", state, squid.out / "logrotate"], check=True, capture_output=True)


def test_a_visit_to_a_help_site_leaves_no_client_person_device_or_path(squid: RunningSquid) -> None:
    """P13: the site need not be reached from here to see what was decided, and what was written down."""
    squid.ask("http://www.childline.org.uk/get-help/bullying")

    (event,) = squid.events(count=1)

    assert (event.action, event.level, event.host) == ("allow", "help", "www.childline.org.uk")
    assert (event.client, event.person, event.device, event.path, event.search) == ("", "", "", "", "")
    assert not [line for line in squid.lines() if b"bullying" in line or b"127.0.0.1" in line]


def test_the_schools_own_ground_is_closed_unless_it_is_named_and_drystones_ports_always(squid: RunningSquid) -> None:
    """127.0.0.0/8 is named here; 9 stands for a port of Drystone's own."""
    refused = [
        "http://10.9.9.9/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://192.168.1.1/admin",
    ]

    assert [squid.status(url) for url in refused] == [403] * 4
    assert squid.status("http://127.0.0.1:9/") == 403
    assert not squid.ask("http://127.0.0.1:22/").startswith(b"HTTP/1.1 200")
    assert {event.level for event in squid.events(count=6)} == {"gateway"}


def test_the_self_tests_header_is_honoured_when_signed_and_never_passed_on(ground: Path, site: int) -> None:
    """P49: through the real gateway, as for another zone."""
    key = b"k" * 32
    home = Home(ground / "home")
    make_bundle(home.bundles / "fellside")
    home.here.symlink_to("fellside")
    home.keys.mkdir()
    home.check_key.write_bytes(key)
    readable(home.root)
    running = start_squid(home, ground / "squid", named=("127.0.0.0/8",), extra_ports=(site,))
    try:
        signed = sign_check(key, "10.3.0.1", datetime.now(UTC))
        url = f"http://127.0.0.1:{site}/"
        assert running.status(url, headers=f"{SELF_TEST_HEADER}: {signed}\r\n") == 403  # the infants' allow-list
        forged = running.ask(url, headers=f"{SELF_TEST_HEADER}: {signed[:-1]}0x\r\n")
        assert forged.startswith(b"HTTP/1.1 200")
        assert SELF_TEST_HEADER.lower().encode() not in forged.lower()
        tested, other = running.events(count=2)
        assert (tested.device, tested.zone, tested.action) == ("self-test", "infants", "block")
        assert (other.device, other.zone) == ("", "here")
    finally:
        running.stop()


def test_a_helper_that_is_killed_comes_back_and_nothing_passes_meanwhile(ground: Path, site: int) -> None:
    """Squid itself gives up when a helper dies before its first answer; one that has worked is started again."""
    home = Home(ground / "home")
    make_bundle(home.bundles / "fellside")
    home.here.symlink_to("fellside")
    readable(home.root)
    squid = start_squid(home, ground / "squid", named=("127.0.0.0/8",), extra_ports=(site,), helper_children=1)
    try:
        for turn in range(3):  # each asks for another page: what Squid was told a moment ago it does not ask again
            assert squid.status(f"http://127.0.0.1:{site}/{turn}") == 200
            (before,) = squid.helpers()
            os.kill(before, signal.SIGKILL)
            # Blocked, or on a slow machine not answered in time: nothing else will do.
            answers = [squid.ask(f"http://casino.example/{turn}/{page}") for page in range(3)]
            assert all(answer.startswith(b"HTTP/1.1 403") for answer in answers if answer)
            wait_for(lambda dead=before: squid.helpers() and dead not in squid.helpers())
            wait_for(lambda page=turn: squid.ask(f"http://casino.example/{page}/after").startswith(b"HTTP/1.1 403"))
    finally:
        squid.stop()


@pytest.fixture(params=["bundle gone", "helper gone"])
def broken(ground: Path, site: int, request: pytest.FixtureRequest) -> Iterator[tuple[RunningSquid, str]]:
    """A gateway whose helper finds no bundle, or cannot be started at all."""
    home = Home(ground / "home")
    make_bundle(home.bundles / "fellside")
    home.here.symlink_to("fellside")
    readable(home.root)
    running = start_squid(home, ground / "squid", named=("127.0.0.0/8",), extra_ports=(site,))
    running.stop()
    if request.param == "bundle gone":
        (home.bundles / "fellside" / "current").unlink()
    else:
        (ground / "squid" / "helper.py").write_text("raise SystemExit(1)\n")
    again = RunningSquid(home, running.out, running.port, running.restart(), running.events_folder)
    yield again, request.param
    again.stop()


def test_without_a_bundle_or_without_a_helper_nothing_passes(broken: tuple[RunningSquid, str], site: int) -> None:
    """A gateway that cannot decide is a closed one: it refuses, waits, or gives up, and lets nothing through."""
    squid, how = broken
    for target, method in ((f"http://127.0.0.1:{site}/", "GET"), (f"127.0.0.1:{site}", "CONNECT")):
        try:
            answer = squid.ask(target, method=method)
        except OSError:
            answer = b""  # Squid gave up, and took its port with it
        assert not answer.startswith(b"HTTP/1.1 200")
        if how == "bundle gone":
            assert answer.startswith(b"HTTP/1.1 403" if method == "GET" else b"")
