"""What a helper says of itself, for the screens: how many decisions, by which edition, and what alarms it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drystone.engine.gateways import read_gateways

from .conftest import make_bundle, wait_for

ASKED = b"1 http://river.example/ 10.1.0.4 - GET - -\n2 casino.example:443 10.1.0.4 - CONNECT - -\n"


class Helper:
    def __init__(self, folder: Path) -> None:
        self.bundle = make_bundle(folder / "bundles")
        self.status = folder / "run" / "squid"
        self.status.mkdir(parents=True)
        (self.status / "999999999.json").write_text("{}")  # of one that was killed
        self.process = subprocess.Popen(
            [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", self.bundle, "--status", self.status],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def file(self) -> Path:
        return self.status / f"{self.process.pid}.json"

    def said(self) -> dict[str, Any]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Helper]:
    started = Helper(tmp_path)
    yield started
    started.process.kill()
    started.process.wait()
    for pipe in (started.process.stdin, started.process.stdout):
        if pipe:
            pipe.close()


def test_it_counts_its_answers_and_names_its_edition_though_nobody_asks_any_more(helper: Helper) -> None:
    assert helper.process.stdin
    helper.process.stdin.write(ASKED)
    helper.process.stdin.flush()

    said = wait_for(lambda: (found := helper.said()).get("decisions") == 2 and found)

    assert said["edition"] == helper.bundle.resolve().name or len(said["edition"]) == 16  # type: ignore[index]
    assert said["trouble"] == ""  # type: ignore[index]
    assert [file.name for file in helper.status.iterdir()] == [helper.file.name]


def test_what_alarms_it_is_said_within_seconds_and_gone_when_it_is_mended(helper: Helper) -> None:
    wait_for(lambda: helper.said().get("edition"))
    overlay = helper.bundle.parent / "overlay.json"

    overlay.write_text("{")
    trouble = wait_for(lambda: helper.said().get("trouble"))
    overlay.unlink()

    assert "everything but help is blocked" in str(trouble)
    wait_for(lambda: helper.said().get("trouble") == "")


def test_one_that_ends_leaves_nothing_and_squid_alone_is_no_working_gateway(helper: Helper) -> None:
    wait_for(lambda: helper.said())
    run = helper.status.parent
    (run / "squid.pid").write_text(str(helper.process.pid))
    note = {
        "gateway": "squid",
        "kind": "squid",
        "listen": "3128",
        "pid_file": str(run / "squid.pid"),
        "helpers": "squid",
    }
    (run / "squid.json").write_text(json.dumps(note))
    (working,) = read_gateways(run, now=datetime.now(UTC))
    assert helper.process.stdin
    helper.process.stdin.close()
    wait_for(lambda: not helper.file.exists())
    (run / "squid.pid").write_text("1")

    (alone,) = read_gateways(run, now=datetime.now(UTC))

    assert (working.helpers, working.trouble) == (1, "")
    assert (alone.helpers, alone.state) == (0, "running")
    assert "no helper answers" in alone.trouble
