"""P35: what a shell tries at mandatory lists by way of the disk is refused when it would be compiled, and on record."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from drystone.cli.main import main

RULES = """
school: {name: Fellside}
groups: {all: {default: allow}}
everyone_else: {group: all}
categories: {gambling: {lists: [council/gambling]}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with the IWF's lists and the council's, compiled."""
    monkeypatch.setenv("DRYSTONE_HOME", str(tmp_path / "var"))
    (tmp_path / "rules.yaml").write_text(RULES)
    for name, folder in (("iwf", "blocked"), ("council", "gambling")):
        (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / folder / "domains").write_text("".join(f"{name}{each}.example\n" for each in range(50)))
        assert drystone("lists", "add", name, str(tmp_path / name))[0] == 0
    (tmp_path / "var/keys").mkdir()
    assert compile_in(tmp_path)[0] == 0
    return tmp_path / "var"


def run(*words: str) -> tuple[int, str, str]:
    """(exit status, what is said, what is complained of), in this process: the command is the same."""
    out, complaints, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(complaints):
        try:
            main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, out.getvalue(), complaints.getvalue()


def drystone(*words: str) -> tuple[int, str]:
    code, _, complaints = run(*words)
    return code, complaints


def compile_in(folder: Path, lists: str = "var/lists") -> tuple[int, str]:
    out = folder / "var/bundles/current"
    return drystone("filter", "compile", str(folder / lists), "--rules", str(folder / "rules.yaml"), "--out", str(out))


def refused(home: Path) -> list[str]:
    lines = map(json.loads, (home / "lists/.journal.jsonl").read_text().splitlines())
    return [line["summary"] for line in lines if line["verb"] == "refused_list_change"]


def decided(home: Path) -> str:
    bundle = str(home / "bundles/current")
    _, said, _ = run("filter", "decide", "http://iwf7.example/", "--bundle", bundle, "--client", "10.0.0.1")
    return str(json.loads(said)["level"])


@pytest.mark.parametrize("way", ["emptied", "taken away", "a link", "lists of another folder"])
def test_a_mandatory_list_that_was_tampered_with_is_not_compiled_and_the_attempt_is_on_record(
    home: Path, tmp_path: Path, way: str
) -> None:
    lists, folder = home / "lists", "var/lists"
    match way:
        case "emptied":
            (lists / "iwf/blocked/domains").write_text("harmless.example\n")
        case "taken away":
            shutil.rmtree(lists / "iwf")
            (lists / "iwf.json").unlink()
        case "a link":
            shutil.rmtree(lists / "iwf/blocked")
            (lists / "iwf/blocked").symlink_to(lists / "council/gambling")
        case "lists of another folder":
            folder = "other"
            shutil.copytree(lists / "council", tmp_path / "other/council")
    before = len(refused(home))
    code, said = compile_in(tmp_path, folder)
    assert code == 1
    assert said.count("\n") == 1
    assert "mandatory list iwf/blocked" in said
    assert decided(home) == "mandatory"
    assert len(refused(home)) == before + 1
    assert refused(home)[-1].startswith("Refused to compile ")


def test_limits_and_reasons_move_no_mandatory_list(home: Path, tmp_path: Path) -> None:
    assert drystone("lists", "limits", "iwf", "--shrink", "100", "--grow", "100000")[0] == 0
    (tmp_path / "iwf/blocked/domains").write_text("harmless.example\n")
    code, said = drystone("lists", "update", "iwf", "--accept", "the head says so")
    assert code == 1
    assert "nobody can accept it" in said
    first = json.loads((home / "lists/iwf.json").read_bytes())["sha256"][:12]
    assert drystone("lists", "roll-back", "iwf", first, "--reason", "try")[0] == 1
    assert len(refused(home)) == 1
    assert compile_in(tmp_path)[0] == 0
    assert decided(home) == "mandatory"
