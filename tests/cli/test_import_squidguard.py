"""`drystone filter import-squidguard` from the command line, to rules at work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONF = """
dest bad {
  domainlist bad/domains
}
src lab {
  ip 10.1.0.0/16
  domain lab.example
}
src hall {
  ip 10.2.0.0/16
}
acl {
  hall {
    pass !bad all
    redirect 302:http://page.example/%t
  }
  default {
    pass none
    redirect 302:http://page.example/%t
  }
}
"""


def drystone(*words: object, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drystone.cli.main", *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "db" / "bad").mkdir(parents=True)
    (tmp_path / "db" / "bad" / "domains").write_text("bad.example\n")
    path = tmp_path / "squidGuard.conf"
    path.write_text(f"dbhome {tmp_path / 'db'}\n{CONF}")
    return path


def test_a_conf_becomes_rules_that_the_rewriter_works_by(tmp_path: Path, conf: Path) -> None:
    rules, lists, bundle = tmp_path / "rules.yaml", tmp_path / "lists", tmp_path / "bundle" / "current"

    done = drystone(
        *("filter", "import-squidguard", conf, "--out", rules, "--lists", lists, "--school", "Fellside"),
        *("--report", tmp_path / "report.txt"),
    )

    assert done.returncode == 0, done.stderr
    assert "2 sources, 1 destinations" in done.stdout
    assert "Has no equal: decide what to do about each" in done.stdout
    assert "src lab: domain lab.example: clients are known by their addresses here" in done.stdout
    assert f"{rules}: written; 1 of its parts have no equal" in done.stdout
    assert (tmp_path / "report.txt").read_text().strip() in done.stdout
    assert "Fellside" in rules.read_text()
    assert drystone("filter", "compile", lists, "--rules", rules, "--out", bundle).returncode == 0
    asked = "http://www.bad.example/ 10.2.0.7/- - GET\nhttp://x.example/ 10.2.0.7/- - GET\n"
    answers = drystone("filter", "helper", "--bundle", bundle, "--rewriter", given=asked).stdout.splitlines()
    assert answers == ['OK status=302 url="http://page.example/bad"', "ERR"]


def test_a_program_reads_the_report(tmp_path: Path, conf: Path) -> None:
    done = drystone(
        *("filter", "import-squidguard", conf, "--out", tmp_path / "r.yaml", "--json"),
        *("--report", tmp_path / "report.json"),
    )
    told = json.loads(done.stdout)
    assert told["counts"]["sources"] == 2
    assert [item["kind"] for item in told["items"]] == ["no equal"]
    assert told["items"][0]["line"] == 8
    assert json.loads((tmp_path / "report.json").read_text())["items"] == told["items"]


def test_a_fault_is_one_line_and_nothing_is_written(tmp_path: Path, conf: Path) -> None:
    conf.write_text(conf.read_text().replace("pass none", "pass nothing"))
    done = drystone("filter", "import-squidguard", conf, "--out", tmp_path / "r.yaml", "--lists", tmp_path / "lists")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "squidGuard.conf, line 19, column 10: 'nothing' is neither a destination nor all" in done.stderr
    assert not (tmp_path / "r.yaml").exists()
    assert not (tmp_path / "lists" / "bad").exists()


def test_a_rules_file_that_is_there_is_left_alone(tmp_path: Path, conf: Path) -> None:
    (tmp_path / "r.yaml").write_text("mine\n")
    done = drystone("filter", "import-squidguard", conf, "--out", tmp_path / "r.yaml")
    assert done.returncode == 1
    assert "is there already" in done.stderr
    assert (tmp_path / "r.yaml").read_text() == "mine\n"


def test_a_time_zone_that_is_none_is_wrong_usage(tmp_path: Path, conf: Path) -> None:
    done = drystone("filter", "import-squidguard", conf, "--out", tmp_path / "r.yaml", "--timezone", "Fellside")
    assert done.returncode == 2
    assert "'Fellside' is not a time zone" in done.stderr
