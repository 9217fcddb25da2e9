"""The running house with real Squid as its gateway, by the configuration that `gateway squid-config` writes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.conftest import School
from tests.house.house import SLACK, Door, Load, drystone, environment, free_port, until
from tests.house.origin import Origin
from tests.house.visitor import add_rule, publish

ZONES = ("ICT suite", "Infant classrooms", "Office and staff room", "Guest Wi-Fi", "This machine")


@dataclass
class Squid:
    door: Door
    out: Path
    written: dict[str, object]  # what squid-config said with --json


@pytest.fixture(scope="module")
def squid(fellside: School, origin: Origin) -> Iterator[Squid]:
    """Squid as the guide has it started; as root it becomes its own user, who may not read the home's secrets."""
    port, home = free_port(), fellside.house.home.root
    out = home.parent / "squid"
    reach = ["--allow-private", "127.0.0.0/8", "--extra-port", origin.port, "--deny-port", fellside.house.web]
    place = ["--home", home, "--out", out, "--port", f"127.0.0.1:{port}"]
    written = drystone("gateway", "squid-config", *place, *reach, "--check", "--json")
    assert written.returncode == 0, written.stderr
    program = shutil.which("squid", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "Squid is not installed: apt install squid-openssl"
    process = subprocess.Popen([program, "-N", "-f", out / "squid.conf"], cwd=out, env=environment(), stderr=-3)
    door = Door(port)
    try:
        until(lambda: process.poll() is not None or door.connect("nobody.invalid:443"), 30, "Squid")
        assert process.poll() is None, (out / "cache.log").read_text(errors="replace")[-2000:]
        yield Squid(door, out, json.loads(written.stdout))
    finally:
        process.send_signal(signal.SIGINT)  # at once; SIGTERM would give open connections their time
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_the_written_configuration_satisfies_squid(squid: Squid) -> None:
    assert squid.written["checked"] is True
    assert squid.written["warnings"] == []
    assert squid.written["conf"] == str(squid.out / "squid.conf")


@pytest.mark.parametrize("site", ["gambling.drystone.test", "www.bet365.com"])
def test_a_gambling_site_gets_a_page_that_names_the_category_and_says_who_can_see(squid: Squid, site: str) -> None:
    """P35, P58: the same words through Squid."""
    answer = squid.door.curl("--include", f"http://{site}/")

    assert answer.stdout.startswith("HTTP/1.1 403")
    assert "games where people bet money" in answer.stdout  # the category in a child's words
    assert "Grown-ups at school can see which pages are opened here" in answer.stdout
    assert "0800 1111" in answer.stdout


def test_over_https_its_tunnel_is_closed_while_nobody_says_that_devices_trust_the_certificate(squid: Squid) -> None:
    """P35: no page then, and no warning that people would learn to click away."""
    answer = squid.door.curl("https://www.bet365.com/")

    assert answer.returncode != 0
    assert "CONNECT aborted" in answer.stderr
    assert answer.stdout == ""


def test_an_unlisted_site_loads(squid: Squid, origin: Origin) -> None:
    answer = squid.door.curl(f"{origin.url}/sheep?breed=herdwick")

    assert (answer.returncode, answer.stdout) == (0, "welcome to /sheep?breed=herdwick\n")


def test_drystones_own_pages_are_not_reached_through_it(squid: Squid, fellside: School) -> None:
    assert squid.door.get(f"{fellside.house.pages}/").status == 403


@pytest.mark.parametrize("host", ["www.childline.org.uk", "www.thinkuknow.co.uk"])
def test_help_is_never_refused_and_its_visitor_leaves_no_trace(squid: Squid, fellside: School, host: str) -> None:
    """P13."""
    answer = squid.door.get(f"http://{host}/get-help?for=bullying")

    assert answer.status not in (0, 403)
    event = fellside.house.event("fellside", host, gateway="squid")
    assert (event.action, event.level, event.zone) == ("allow", "help", "this-machine")
    assert (event.person, event.device, event.client, event.path, event.search) == ("", "", "", "", "")


def test_what_passed_squid_is_on_the_traffic_page_a_second_later(
    squid: Squid, fellside: School, origin: Origin
) -> None:
    """The running collector picks up what Squid writes."""
    squid.door.get("http://squid-was-here.gambling.drystone.test/table/7")
    squid.door.get(f"{origin.url}/squid-was-there")
    you = fellside.technician
    until(lambda: "squid-was-there" in you.go("/traffic/"), 10, "the visit on the Traffic page")
    until(lambda: "squid-was-here" in you.go("/traffic/"), 10, "the block on the Traffic page")

    row = next(row for row in you.rows() if "squid-was-here" in row)
    for words in ("Blocked", "/table/7", "This machine", "127.0.0.1", "Gambling", "Starting profile for this age"):
        assert words in row


def test_the_filter_tests_itself_through_squid_as_every_zone(squid: Squid, fellside: School) -> None:
    """P49."""
    you = fellside.technician
    you.go("/filtering/checks/")
    assert "squid (squid, " in you.text
    until(lambda: you.go("/filtering/checks/") and "Check now" in you.text, 30, "the button")
    you.submit(to="checks/run")
    until(lambda: you.go("/filtering/checks/") and "Check now" in you.text and "2 gateways" in you.text, 60, "checks")

    assert "answered as they must be (2 gateways × 5 zones)" in you.text, you.text
    for zone in ZONES:
        row = next((row for row in you.rows() if zone in row and "squid" in row), "")
        assert "passed" in row.lower(), you.rows()
        assert "failed" not in row.lower()


def test_gateway_status_knows_both_gateways(squid: Squid, fellside: School) -> None:
    squid.door.get("http://gambling.drystone.test/")
    fellside.house.door.get("http://gambling.drystone.test/")

    def rows() -> dict[str, dict[str, str]]:
        said = drystone("gateway", "status", "--home", fellside.house.home.root, "--json")
        assert said.returncode == 0, said.stderr
        return {row["gateway"]: row for row in map(json.loads, said.stdout.splitlines())}

    known = until(lambda: (found := rows())["squid"]["last_event"] and found["proxy"]["last_event"] and found, 15)
    assert {(name, row["kind"], row["state"]) for name, row in known.items()} == {
        ("proxy", "proxy", "running"),
        ("squid", "squid", "running"),
    }


def test_squid_takes_up_a_new_edition_within_two_seconds_of_publishing_and_no_request_fails(
    squid: Squid, fellside: School, origin: Origin
) -> None:
    """P35: its user may read what was published after Squid was started."""
    current = fellside.house.home.bundles / fellside.slug / "current"
    add_rule(fellside.technician, "block", "127.0.0.1/squid-arcade")
    assert squid.door.get(f"{origin.url}/squid-arcade").status == 200
    before = current.readlink()
    with Load(lambda n: squid.door.get(f"{origin.url}/lesson/{n}").status) as load:
        publish(fellside.technician)
        until(lambda: current.readlink() != before, 20, "the new edition")
        in_force = time.monotonic()
        until(lambda: squid.door.get(f"{origin.url}/squid-arcade").status == 403, 10, "the block")
        took = time.monotonic() - in_force
        load.until_some_more()

    assert took < 2 + SLACK, f"{took:.1f} s"
    assert set(load.answers) == {200}
