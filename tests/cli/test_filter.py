"""drystone filter compile and decide, as a technician and as a program use them."""

import json
import subprocess
import sys

import pytest

from tests.engine.filtering.bundles import rules_text, write_lists

RULES = rules_text(
    "level: school, block: 'category:gambling', reason: because, by: head",
    "level: school, block: 'category:games', outside: lunch, reason: lessons, by: head",
)


def drystone(*words):
    return subprocess.run(
        [sys.executable, "-m", "drystone.cli.main", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def place(tmp_path):
    write_lists(tmp_path / "lists")
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def compile_(place, *words):
    return drystone(
        "filter", "compile", place / "lists", "--rules", place / "rules.yaml", "--out", place / "bundle", *words
    )


def decide(place, *words):
    return drystone("filter", "decide", "--bundle", place / "bundle", *words)


def one_line(ran, status):
    assert ran.returncode == status, ran
    lines = ran.stderr.strip().splitlines()
    assert len(lines) == 1, ran.stderr
    assert lines[0].startswith("drystone: ")
    return lines[0]


def test_compile_then_decide_gives_a_line_of_json_for_each_url(place):
    ran = compile_(place)
    assert ran.returncode == 0, ran.stderr
    assert "5 hosts" in ran.stdout
    ran = decide(place, "--client", "10.1.0.7", "http://casino.example/", "casino.example:443", "bbc.co.uk")
    assert ran.returncode == 0, ran.stderr
    decisions = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [each["action"] for each in decisions] == ["block", "block", "allow"]
    assert decisions[0]["url"] == "http://casino.example/"
    assert decisions[0]["category"] == "gambling"


def test_compile_tells_another_program_in_json(place):
    (place / "lists" / "games" / "domains").write_text("*.games.example\nno host\n")
    told = json.loads(compile_(place, "--json").stdout)
    assert told["edition"] == (place / "bundle").readlink().name
    assert (told["counts"]["mended"], told["counts"]["skipped"]) == (2, 1)  # the other loses its www.
    assert "line 2" in told["skipped"][0]


def test_decide_takes_time_user_and_key(place):
    (place / "key").write_bytes(b"k" * 32)
    assert compile_(place, "--key-file", place / "key").returncode == 0
    words = ("--client", "10.1.0.7", "--key-file", place / "key")

    def action(*more):
        return json.loads(decide(place, *words, *more).stdout)["action"]

    assert action("--at", "2026-11-23T10:00", "games.example") == "block"
    assert action("--at", "2026-11-23T12:30", "games.example") == "allow"
    assert action("--at", "2026-06-01T12:30:00+01:00", "games.example") == "block"
    assert action("--user", "pupil1", "bbc.co.uk") == "block"
    assert "another person key" in one_line(decide(place, "--client", "10.1.0.7", "bbc.co.uk"), 1)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--client", "10.1.0.777", "x"), 2, "--client"),
        (("--client", "10.1.0.7", "--at", "noon", "x"), 2, "--at"),
        (("--client", "10.1.0.7"), 2, "URL"),
        (("x",), 2, "--client"),
        (("--client", "10.1.0.7", "--key-file", "/no/such/file", "x"), 1, "key"),
    ],
)
def test_wrong_usage_of_decide_is_one_line(place, words, status, says):
    compile_(place)
    assert says in one_line(decide(place, *words), status)


def test_a_bad_bundle_is_one_line(place):
    assert "compile a bundle first" in one_line(decide(place, "--client", "10.1.0.7", "x"), 1)
    compile_(place)
    (place / "bundle" / "manifest.json").write_text("{")
    assert "damaged" in one_line(decide(place, "--client", "10.1.0.7", "x"), 1)


def test_a_bad_list_folder_or_rules_file_is_one_line_and_the_old_bundle_stays(place):
    compile_(place)
    before = (place / "bundle").readlink()
    (place / "rules.yaml").write_text(RULES.replace("category:gambling", "category:poker"))
    assert "line " in one_line(compile_(place), 1)
    (place / "rules.yaml").write_text(RULES)
    (place / "lists" / "games" / "domains").unlink()
    assert "games" in one_line(compile_(place), 1)
    assert (place / "bundle").readlink() == before


def test_decide_reads_the_overlay_beside_the_bundle(place):
    from drystone.engine.filtering import Overlay, SwitchedOff, write_overlay

    compile_(place)
    write_overlay(place / "overlay.json", Overlay(switched_off=(SwitchedOff("Class 3B", group="ks2"),)))
    assert json.loads(decide(place, "--client", "10.1.0.7", "bbc.co.uk").stdout)["rule"] == "switched-off"
    (place / "overlay.json").write_text("{")
    assert "overlay.json" in one_line(decide(place, "--client", "10.1.0.7", "bbc.co.uk"), 1)
