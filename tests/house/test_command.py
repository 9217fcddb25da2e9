"""The command as the architecture names it, over the home of a house that runs: lines for people, JSON for programs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.house.conftest import School
from tests.house.house import COMMAND, drystone, environment, until

RULES = """school: {name: Fellside, timezone: Europe/London}
categories: {gambling: {lists: [starter/gambling], title: Gambling}}
groups: {ks2: {default: allow, safe_search: true}, staff: {default: allow}}
zones:
  suite: {addresses: [10.1.0.0/16], group: ks2}
  office: {addresses: [10.2.0.0/16], group: staff}
schedules: {lunch: {days: mon-fri, from: "12:00", to: "13:00"}}
rules:
  - {level: school, group: ks2, block: "category:gambling", reason: primary age, by: head}
  - {level: school, block: "site:games.example", outside: lunch, reason: lessons first, by: head}
"""


def said(ran: subprocess.CompletedProcess[str], status: int = 0) -> list[dict[str, Any]]:
    """The JSON objects it printed, one a line, and nothing else."""
    assert ran.returncode == status, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture(scope="module")
def bundle(fellside: School, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled by hand, from a rules file and the lists of the house."""
    folder = tmp_path_factory.mktemp("by-hand")
    (folder / "rules.yaml").write_text(RULES)
    lists, out = fellside.house.home.lists, folder / "bundle"
    (made,) = said(drystone("filter", "compile", lists, "--rules", folder / "rules.yaml", "--out", out, "--json"))
    assert made["bundle"] == str(out)
    assert made["edition"] == out.readlink().name
    assert made["counts"]["hosts"] > 20
    return out


def test_compiling_again_gives_the_same_edition(fellside: School, bundle: Path, tmp_path: Path) -> None:
    lists, rules = fellside.house.home.lists, bundle.parent / "rules.yaml"
    ran = drystone("filter", "compile", lists, "--rules", rules, "--out", tmp_path / "again")
    assert ran.returncode == 0
    assert f"edition {bundle.readlink().name}" in ran.stdout
    ours, theirs = (sorted(link.resolve().iterdir()) for link in (bundle, tmp_path / "again"))
    assert [(f.name, f.read_bytes()) for f in ours] == [(f.name, f.read_bytes()) for f in theirs]


def test_decide_gives_an_object_a_line_and_exits_0_whatever_it_decided(bundle: Path) -> None:
    urls = ["http://www.bet365.com/", "bet365.com:443", "http://games.example/", "https://www.google.co.uk/search?q=x"]
    ran = drystone("filter", "decide", "--bundle", bundle, "--client", "10.1.0.7", "--at", "2026-11-23T10:00", *urls)
    found = said(ran)

    assert [each["url"] for each in found] == urls
    assert [each["action"] for each in found] == ["block", "block", "block", "safe-search"]
    assert (found[0]["category"], found[0]["zone"], found[0]["group"]) == ("gambling", "suite", "ks2")
    assert "primary age" in found[0]["reason"]
    assert found[3]["safe_host"] == "forcesafesearch.google.com"


def test_decide_knows_the_time_and_the_zone(bundle: Path) -> None:
    def action(url: str, client: str, at: str) -> str:
        return said(drystone("filter", "decide", "--bundle", bundle, "--client", client, "--at", at, url))[0]["action"]

    assert action("http://games.example/", "10.1.0.7", "2026-11-23T12:30") == "allow"
    assert action("http://www.bet365.com/", "10.2.0.7", "2026-11-23T10:00") == "allow"
    assert action("http://ordinary.example/", "192.0.2.1", "2026-11-23T10:00") == "block"  # in no zone


def test_the_helper_says_what_decide_says(bundle: Path) -> None:
    """As Squid asks, and as SquidGuard was asked."""
    urls = ["http://www.bet365.com/", "http://childline.org.uk/", "http://ordinary.example/"]
    decided = said(drystone("filter", "decide", "--bundle", bundle, "--client", "10.1.0.7", *urls))

    def helper(lines: list[str], *options: str) -> list[str]:
        ran = subprocess.run(
            [*COMMAND, "filter", "helper", "--bundle", str(bundle), *options],
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment(),
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    answers = helper([f"{number} {url} 10.1.0.7 - GET -" for number, url in enumerate(urls)])
    assert [answer.split(" ")[1] for answer in answers] == [
        "ERR" if each["action"] == "block" else "OK" for each in decided
    ]
    rewritten = helper([f"{url} 10.1.0.7/- - GET myip=10.0.0.1 myport=3128" for url in urls], "--rewriter")
    assert rewritten[0].startswith("OK status=302 url=")
    assert rewritten[1:] == ["ERR", "ERR"]


def test_the_published_edition_can_be_asked_as_well(fellside: School) -> None:
    home = fellside.house.home
    place = ["--bundle", home.here / "current", "--key-file", home.person_key, "--client", "127.0.0.1"]
    (found,) = said(drystone("filter", "decide", *place, "http://gambling.drystone.test/"))

    through = fellside.house.door.get("http://gambling.drystone.test/").headers["x-drystone-decision"]
    for name in ("action", "category", "rule", "edition"):
        assert found[name] in through


def test_lists_that_are_added_are_checked_and_can_be_published(fellside: School, tmp_path: Path) -> None:
    home = fellside.house.home.root
    (tmp_path / "council" / "games").mkdir(parents=True)
    (tmp_path / "council" / "games" / "domains").write_text("swings.example\nWWW.Slides.Example\nnot a host\n")
    try:
        added = drystone("lists", "add", "council", tmp_path / "council", "--home", home, "--licence", "OGL 3.0")
        assert added.returncode == 0, added.stderr
        assert added.stdout.startswith("council: 2 entries in 1 lists")

        found = {each["source"]: each for each in said(drystone("lists", "check", "--home", home, "--json"))}
        assert {"council", "starter"} <= set(found)
        assert (found["council"]["ok"], found["council"]["licence"]) == (True, "OGL 3.0")
        assert (
            found["council"]["folders"]["games"] | {"category": "games", "kept": 2, "skipped": 1}
            == found["council"]["folders"]["games"]
        )
        assert "council: 2 entries" in drystone("lists", "check", "--home", home).stdout
    finally:
        assert drystone("lists", "remove", "council", "--home", home).returncode == 0


def test_a_list_that_was_tampered_with_fails_the_check(fellside: School, tmp_path: Path) -> None:
    home = fellside.house.home
    (tmp_path / "tampered" / "games").mkdir(parents=True)
    (tmp_path / "tampered" / "games" / "domains").write_text("swings.example\n")
    try:
        assert drystone("lists", "add", "tampered", tmp_path / "tampered", "--home", home.root).returncode == 0
        (home.lists / "tampered" / "games" / "domains").write_text("")

        found = {each["source"]: each for each in said(drystone("lists", "check", "--home", home.root, "--json"), 1)}
        assert found["tampered"]["ok"] is False
        assert found["tampered"]["faults"]
    finally:
        drystone("lists", "remove", "tampered", "--home", home.root)


def test_the_audit_trail_of_the_running_house_holds(fellside: School) -> None:
    home = fellside.house.home.root
    (found,) = said(drystone("audit", "verify", "--home", home, "--json"))
    assert (found["holds"], found["faults"]) == (True, [])
    assert found["entries"] > 10
    assert drystone("audit", "verify", "--home", home).stdout.startswith("The audit trail holds: ")


def test_an_entry_changed_past_drystone_is_named(fellside: School, tmp_path: Path) -> None:
    """In a copy of the database, whose own guards a determined person would take away first."""
    with (
        sqlite3.connect(fellside.house.home.database) as running,
        sqlite3.connect(tmp_path / "drystone.sqlite3") as copy,
    ):
        running.backup(copy)
    with sqlite3.connect(tmp_path / "drystone.sqlite3") as copy:
        guards = copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'school_auditentry'"
        )
        for (guard,) in guards.fetchall():
            copy.execute(f"DROP TRIGGER {guard}")
        number = copy.execute(
            "SELECT seq FROM school_auditentry WHERE chain = 'fellside' ORDER BY seq LIMIT 1 OFFSET 3"
        )
        (seq,) = number.fetchone()
        copy.execute("UPDATE school_auditentry SET summary = 'nothing' WHERE chain = 'fellside' AND seq = ?", (seq,))
    copy.close()
    running.close()

    (found,) = said(drystone("audit", "verify", "--home", tmp_path, "--json"), 1)
    assert found["holds"] is False
    assert (found["faults"][0]["chain"], found["faults"][0]["entry"]) == ("fellside", seq)
    assert f"entry {seq}" in drystone("audit", "verify", "--home", tmp_path).stderr


def test_gateway_status_says_what_runs_and_when_it_last_logged(fellside: School) -> None:
    home = fellside.house.home
    fellside.house.door.get("http://gambling.drystone.test/")

    def proxy() -> dict[str, Any]:
        rows = said(drystone("gateway", "status", "--home", home.root, "--json"))
        return next(row for row in rows if row["gateway"] == "proxy")

    row = until(lambda: (found := proxy())["last_event"] and found, 15, "the last event")
    assert (row["kind"], row["state"], row["listen"]) == ("proxy", "running", f"127.0.0.1:{fellside.house.proxy}")
    assert row["edition"] == (home.here / "current").readlink().name
    assert row["trouble"] == ""


def test_log_query_finds_what_passed_and_leaves_out_what_the_filter_asked_itself(fellside: School) -> None:
    home = fellside.house.home.root
    fellside.house.door.get("http://query-me.gambling.drystone.test/table/3")
    fellside.house.event("fellside", "query-me.gambling.drystone.test")

    (found,) = said(drystone("log", "query", "--home", home, "--host", "query-me.gambling.drystone.test", "--json"))
    assert (found["action"], found["category"], found["zone"]) == ("block", "gambling", "this-machine")
    assert (found["path"], found["school"], found["gateway"]) == ("/table/3", "fellside", "proxy")
    shown = drystone("log", "query", "--home", home, "--host", "query-me.gambling.drystone.test")
    assert "query-me.gambling.drystone.test/table/3" in shown.stdout

    fellside.technician.go("/filtering/checks/")
    until(lambda: len(fellside.house.events("fellside", checks=True, device="self-test")) > 100, 40, "the first check")
    everything = said(drystone("log", "query", "--home", home, "--limit", "10000", "--json"))
    assert [each for each in everything if each["zone"] == "infant-classrooms"] == []  # nobody is but the self-test
    tests = said(drystone("log", "query", "--home", home, "--checks", "--zone", "infant-classrooms", "--json"))
    assert {each["device"] for each in tests} == {"self-test"}


def test_a_home_is_closed_to_other_users(fellside: School) -> None:
    """P43: the database holds everybody's names. Squid's group may be let in to the bundles; others nowhere."""
    home = fellside.house.home
    for path in (home.root, home.database, home.queue, home.keys, home.lake, home.events, home.logs, home.run):
        assert path.stat().st_mode & 0o007 == 0, path
    assert {path.stat().st_mode & 0o777 for path in home.keys.iterdir()} == {0o600}
