"""A real web on a free port with a home of its own, and a real Chromium that talks to nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from drystone.engine.home import Home
from tests.house.house import environment, free_port, until

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PREPARE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from drystone.engine.filtering.starter_lists import install_starter
from drystone.engine.home import Home
from drystone.site.boot import prepare
home = Home(Path(sys.argv[1]))
prepare(home)
install_starter(home.lists, edition="test", at=datetime(2026, 11, 23, tzinfo=UTC))
"""


@dataclass(frozen=True)
class Web:
    """Where the pages are, and the home behind them."""

    address: str
    home: Home


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web as `drystone up` starts it, over an empty house: nobody has set it up yet."""
    home = Home(tmp_path_factory.mktemp("home"))
    subprocess.run([sys.executable, "-c", PREPARE, str(home.root)], check=True, env=environment())
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", "1", "--blocking-threads", "4", "drystone.site.wsgi:application"],
        env=environment() | {"DRYSTONE_HOME": str(home.root)},
        stdout=(home.logs / "web.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is None and _answers(address), what="the web")
        yield Web(address, home)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except (OSError, urllib.error.URLError):
        return False


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module; it ends with it, because its event loop would be in the way of other tests' database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    root = Path(__file__).resolve().parents[2]
    return (root / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
