"""`drystone lists` as a technician meets it, whole."""

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

MANY = b"".join(b"site%d.example\n" % number for number in range(50))


def drystone(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drystone.cli.main", "lists", *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def folder_of_lists(place: Path, **folders: bytes) -> Path:
    for name, body in folders.items():
        (place / name).mkdir(parents=True)
        (place / name / "domains").write_bytes(body)
        (place / name / "usage").write_bytes(b"black\n")
    return place


def archive_of_lists(path: Path, **folders: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, body in folders.items():
            member = tarfile.TarInfo(f"blacklists/{name}/domains")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which it is served."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_folder_in_squidguards_layout_is_added_checked_and_shown(home: Path, tmp_path: Path) -> None:
    lists = folder_of_lists(tmp_path / "ut1", drogue=MANY, gambling=b"*.Bet.example\nno host\n")
    added = drystone(home, "add", "ut1", str(lists))
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith("ut1: 51 entries in 2 lists, 1 unreadable lines left out\n")
    assert not (home / "lists/ut1/gambling/usage").exists()

    checked = drystone(home, "check", "--json")
    assert checked.returncode == 0
    told = json.loads(checked.stdout)
    assert (told["source"], told["ok"], told["entries"], told["age_days"]) == ("ut1", True, 51, 0)
    assert told["folders"]["drogue"]["category"] == "drugs"
    assert told["folders"]["gambling"]["skipped"] == 1
    assert "CC BY-SA 4.0" in told["licence"]

    shown = drystone(home, "show").stdout
    assert f"from {lists}" in shown
    assert "left out: gambling/domains, line 2: 'no host'" in drystone(home, "check").stdout


@pytest.mark.parametrize("kind", ["missing", "empty", "half-written", "binary", "file"])
def test_bad_lists_are_one_line_and_what_was_there_stays(home: Path, tmp_path: Path, kind: str) -> None:
    assert drystone(home, "add", "council", str(folder_of_lists(tmp_path / "good", gambling=MANY))).returncode == 0
    bad = tmp_path / "bad"
    match kind:
        case "empty":
            bad.mkdir()
        case "half-written":
            folder_of_lists(bad, gambling=MANY)
            (bad / "gambling/domains.part").write_bytes(b"")
        case "binary":
            folder_of_lists(bad, gambling=b"\0\1\2\3" * 100)
        case "file":
            bad.write_bytes(b"\x1f\x8b\0\0 not gzip after all")
    ran = drystone(home, "add", "council", str(bad))
    assert ran.returncode == 1
    assert ran.stderr.startswith("drystone: ")
    assert ran.stderr.count("\n") == 1
    assert "bad" in ran.stderr, "the line names what the technician named"
    assert drystone(home, "check").returncode == 0
    assert (home / "lists/council/gambling/domains").read_bytes() == MANY
    there = sorted(path.name for path in (home / "lists").iterdir() if path.name[0] != ".")
    assert there == ["council", "council.json"]


def test_an_update_fetches_what_changed_and_says_what_did_not(home: Path, web: tuple[Path, str]) -> None:
    folder, address = web
    archive_of_lists(folder / "l.tar.gz", gambling=MANY)
    assert drystone(home, "add", "ut1", f"{address}/l.tar.gz").returncode == 0
    unchanged = drystone(home, "update")
    assert (unchanged.returncode, unchanged.stdout) == (0, "ut1: unchanged since its last edition\n")

    archive_of_lists(folder / "l.tar.gz", gambling=MANY + b"new.example\n", drogue=MANY)
    os.utime(folder / "l.tar.gz", (2_000_000_000, 2_000_000_000))  # a server tells editions apart by the second
    updated = drystone(home, "update", "ut1")
    assert updated.stdout.startswith("ut1: 101 entries in 2 lists\n"), updated.stderr
    assert b"new.example" in (home / "lists/ut1/gambling/domains").read_bytes()
    (before,) = (home / "lists/.editions/ut1").glob("*/gambling/domains")
    assert before.read_bytes() == MANY


def test_one_source_that_fails_does_not_keep_the_others_from_their_update(
    home: Path, tmp_path: Path, web: tuple[Path, str]
) -> None:
    folder, address = web
    archive_of_lists(folder / "l.tar.gz", gambling=MANY)
    drystone(home, "add", "aaa", f"{address}/l.tar.gz")
    local = folder_of_lists(tmp_path / "local", gambling=MANY)
    drystone(home, "add", "zzz", str(local))
    (folder / "l.tar.gz").unlink()
    (local / "gambling/domains").write_bytes(MANY + b"more.example\n")
    ran = drystone(home, "update")
    assert ran.returncode == 1
    assert ran.stderr.startswith("drystone: aaa: ")
    assert "404" in ran.stderr
    assert "zzz: 51 entries" in ran.stdout
    assert drystone(home, "check").returncode == 0


def test_an_archive_with_a_wrong_checksum_changes_nothing(home: Path, web: tuple[Path, str]) -> None:
    folder, address = web
    archive_of_lists(folder / "l.tar.gz", gambling=MANY)
    (folder / "l.tar.gz.sha256").write_text("0" * 64)
    ran = drystone(home, "add", "ut1", f"{address}/l.tar.gz")
    assert ran.returncode == 1
    assert "not what its checksum says" in ran.stderr
    assert not (home / "lists/ut1").exists()


def test_a_damaged_list_makes_check_fail_and_says_where(home: Path, tmp_path: Path) -> None:
    drystone(home, "add", "council", str(folder_of_lists(tmp_path / "good", gambling=MANY)))
    (home / "lists/council/gambling/domains").write_bytes(b"\0" * 4096)
    ran = drystone(home, "check", "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    assert told["ok"] is False
    assert "gambling/domains" in told["faults"][0]


def test_a_folder_that_is_itself_one_list_is_called_as_the_source_is(home: Path, tmp_path: Path) -> None:
    lists = folder_of_lists(tmp_path / "there", blocked=MANY) / "blocked"
    assert drystone(home, "add", "iwf", str(lists)).returncode == 0
    assert (home / "lists/iwf/iwf/domains").read_bytes() == MANY
    told = json.loads(drystone(home, "check", "--json").stdout)
    assert told["folders"]["iwf"]["category"] == "illegal"


def test_remove_takes_a_source_away(home: Path, tmp_path: Path) -> None:
    drystone(home, "add", "council", str(folder_of_lists(tmp_path / "good", gambling=MANY)))
    assert drystone(home, "remove", "council").returncode == 0
    assert [path.name for path in (home / "lists").iterdir() if path.name[0] != "."] == []
    ran = drystone(home, "remove", "council")
    assert ran.returncode == 1
    assert "no source 'council'" in ran.stderr


def test_the_name_of_our_own_lists_is_taken(home: Path, tmp_path: Path) -> None:
    ran = drystone(home, "add", "starter", str(folder_of_lists(tmp_path / "good", gambling=MANY)))
    assert ran.returncode == 1
    assert "choose another name" in ran.stderr


# --- formats, editions, and what nobody can switch off ------------------------------------------------------------


def refused(home: Path) -> list[dict[str, str]]:
    journal = home / "lists/.journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    return [line for line in lines if line["verb"] == "refused_list_change"]


def test_an_update_past_the_limits_waits_until_somebody_says_why_it_is_right(home: Path, tmp_path: Path) -> None:
    lists = folder_of_lists(tmp_path / "there", gambling=MANY)
    drystone(home, "add", "council", str(lists))
    (lists / "gambling/domains").write_bytes(b"one.example\nsite7.example\n")
    waits = drystone(home, "update")
    assert waits.returncode == 0
    assert "WAITS for a person" in waits.stdout
    assert "Gambling: 49 of 50 entries would go" in waits.stdout
    assert (home / "lists/council/gambling/domains").read_bytes() == MANY
    compared = drystone(home, "compare", "council").stdout
    assert compared.startswith("gambling: +1 -49\n+ gambling: one.example\n")
    assert drystone(home, "compare", "council", "--find", "site8", "--csv").stdout == (
        "List,What,Entry\ngambling,went,site8.example\n"
    )
    assert "--reason: say why" in drystone(home, "accept", "council", "--reason", " ").stderr
    assert drystone(home, "accept", "council", "--reason", "the maker says so").returncode == 0
    history = drystone(home, "history", "council").stdout.splitlines()
    assert "2 entries" in history[0]
    assert "the maker says so" in history[0]
    before = history[1].split()[0]
    assert drystone(home, "roll-back", "council", before, "--reason", "not so").returncode == 0
    assert (home / "lists/council/gambling/domains").read_bytes() == MANY


def test_a_preview_reads_a_list_of_another_layout_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("domain,category\nbet.example,Gambling\nno host,Gambling\n")
    seen = drystone(home, "preview", str(tmp_path / "l.csv"))
    assert seen.returncode != 0, "preview takes no --home"
    command = [sys.executable, "-m", "drystone.cli.main", "lists", "preview", str(tmp_path / "l.csv")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "CSV with a column of categories, 1 entries" in told
    assert "gambling: 1 entries → Gambling" in told
    assert "left out: gambling/file, line 3: 'no host'" in told
    assert not home.exists()


def test_a_list_is_mapped_to_a_category(home: Path, tmp_path: Path) -> None:
    drystone(home, "add", "council", str(folder_of_lists(tmp_path / "there", wagers=MANY)))
    assert "is no category" in drystone(home, "map", "council", "wagers=nothing").stderr
    assert drystone(home, "map", "council", "wagers=gambling").returncode == 0
    told = json.loads(drystone(home, "check", "--json").stdout)
    assert told["folders"]["wagers"]["category"] == "gambling"


def test_no_command_takes_a_mandatory_list_away_and_each_attempt_is_on_record(home: Path, tmp_path: Path) -> None:
    lists = folder_of_lists(tmp_path / "there", blocked=MANY)
    drystone(home, "add", "iwf", str(lists))
    nothing = folder_of_lists(tmp_path / "nothing", blocked=b"harmless.example\n")
    attempts = (
        ("remove", "iwf"),
        ("map", "iwf", "blocked="),
        ("map", "iwf", "blocked=games"),
        ("add", "iwf", str(nothing), "--accept", "we want it so"),
    )
    for number, words in enumerate(attempts, 1):
        ran = drystone(home, *words)
        assert ran.returncode == 1, words
        assert ran.stderr.count("\n") == 1
        assert "nobody can" in ran.stderr
        assert len(refused(home)) == number, words
    (lists / "blocked/domains").write_bytes(b"harmless.example\n")
    assert drystone(home, "update").returncode == 1
    (lists / "blocked/domains").write_bytes(b"# nothing at all\n")
    assert drystone(home, "update").returncode == 1
    assert "the shell" in refused(home)[0]["by"]
    told = json.loads(drystone(home, "check", "--json").stdout)
    assert (told["ok"], told["entries"], told["mandatory"]) == (True, 50, ["blocked"])


def test_a_rules_file_that_opens_a_mandatory_list_is_refused_and_on_record(home: Path, tmp_path: Path) -> None:
    lists = folder_of_lists(tmp_path / "lists", iwf=MANY)
    rules = tmp_path / "rules.yaml"
    groups = "groups: {all: {default: allow}}\neveryone_else: {group: all}\n"
    categories = "categories: {illegal: {lists: [iwf], mandatory: false}}\n"
    rules.write_text("school: {name: x}\n" + groups + categories)
    command = [sys.executable, "-m", "drystone.cli.main", "filter", "compile", str(lists)]
    command += ["--rules", str(rules), "--out", str(tmp_path / "bundle/current")]
    environment = os.environ | {"DRYSTONE_HOME": str(home)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert ran.returncode == 1
    assert "nobody can switch that off" in ran.stderr
    assert not (tmp_path / "bundle/current").exists()
    (line,) = (lists / ".journal.jsonl").read_text().splitlines()
    assert json.loads(line)["verb"] == "refused_list_change"
