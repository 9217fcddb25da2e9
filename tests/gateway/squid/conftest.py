"""Real parts: a bundle compiled from lists, the helper as a process, Squid itself, and a web site to reach."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from drystone.engine.eventlog import Event, parse_line
from drystone.engine.filtering import compile_bundle, load_rules
from drystone.engine.home import Home
from drystone.gateway.squid.install import Wanted, check_with_squid, write_squid_config

RULES = """
school: {name: Fellside, timezone: Europe/London}
categories:
  gambling: {lists: [gambling], title: Gambling}
  games: {lists: [games], title: Games}
  illegal: {lists: [illegal], title: Illegal, mandatory: true}
groups:
  ks2: {default: allow, safe_search: true}
  ks1: {default: block}
  staff: {default: allow}
zones:
  here: {addresses: [127.0.0.0/8, "::1/128"], group: ks2}
  suite: {addresses: [10.1.0.0/16], group: ks2}
  infants: {addresses: [10.3.0.0/16], group: ks1}
  office: {addresses: [10.2.0.0/16], group: staff}
rules:
  - {level: school, group: ks2, block: "category:gambling", reason: not for children, by: head}
  - {level: school, group: ks2, block: "category:games", reason: lessons first, by: head}
"""
LISTS = {
    "gambling/domains": "casino.example\nbets.example\n185.10.20.30\n",
    "games/domains": "games.example\n",
    "games/urls": "news.example/arcade\n",
    "illegal/domains": "worst.example\n",
}


def make_lists(folder: Path) -> Path:
    for name, text in LISTS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def make_bundle(folder: Path, *, rules: str = RULES, lists: Path | None = None) -> Path:
    """The link `folder/current`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "rules.yaml"
    file.write_text(rules)
    compile_bundle(lists or make_lists(folder / "lists"), load_rules(file), folder / "current")
    return folder / "current"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundles")


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder that Squid's own user may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="drystone-squid-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def run_helper(bundle: Path, text: bytes, *options: str) -> list[bytes]:
    """Answers of the helper, run as Squid runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", str(bundle), *options],
        input=text,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Site(BaseHTTPRequestHandler):
    """A web site that says what it was asked, and with which headers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"welcome to {self.path}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Not into the test's output."""


@pytest.fixture
def site() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(check: Callable[[], object], *, seconds: float = 20.0) -> object:
    """What `check` gave when it first was true; fails the test when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {seconds} s in vain")


@dataclass
class RunningSquid:
    home: Home
    out: Path
    port: int
    process: subprocess.Popen[bytes]
    events_folder: Path
    options: dict[str, object] = field(default_factory=dict)

    def ask(self, target: str, *, method: str = "GET", headers: str = "", client: str = "127.0.0.1") -> bytes:
        """The raw answer to one request, up to its end or five seconds of silence."""
        with socket.create_connection(("127.0.0.1", self.port), 15, (client, 0)) as connection:
            host = target.removeprefix("http://").partition("/")[0]
            connection.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n".encode()
            )
            answer = b""
            with contextlib.suppress(TimeoutError):
                while part := connection.recv(65536):
                    answer += part
                    if method == "CONNECT" and b"\r\n\r\n" in answer:
                        break
            return answer

    def status(self, target: str, *, method: str = "GET", headers: str = "") -> int:
        return int(self.ask(target, method=method, headers=headers).split(b" ", 2)[1])

    def lines(self) -> list[bytes]:
        return [line for file in sorted(self.events_folder.iterdir()) for line in file.read_bytes().splitlines()]

    def events(self, *, count: int) -> list[Event]:
        """At least this many events, as the collector would read them."""
        wait_for(lambda: len(self.lines()) >= count)
        return sorted((parse_line(line) for line in self.lines()), key=lambda event: event.at)

    def helpers(self, which: str = "--bundle") -> list[int]:
        """Process ids of the helpers that this Squid has started: those that decide, or others by a word of theirs."""
        wanted = str(self.out / "helper.py").encode()
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
                if wanted in words and which.encode() in words:
                    found.append(int(folder.name))
        return found

    def restart(self) -> subprocess.Popen[bytes]:
        """Squid once more with the same files; it may well give up when its helper does not start."""
        process = launch(self.out / "squid.conf")
        wait_for(lambda: accepts(self.port) or process.poll() is not None)
        return process

    def stop(self) -> None:
        """At once: SIGTERM would give open connections their time first."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_squid(home: Home, out: Path, **wanted: object) -> RunningSquid:
    """Squid with the configuration that `drystone gateway squid-config` writes."""
    port = free_port()
    written = write_squid_config(
        Wanted(home=home, out=out, gateway="squid", port=f"127.0.0.1:{port}", **wanted)  # type: ignore[arg-type]
    )
    assert check_with_squid(written.conf) == []
    process = launch(written.conf)
    running = RunningSquid(home, out, port, process, written.events)
    wait_for(lambda: accepts(port) or process.poll() is not None)
    if process.poll() is not None:
        pytest.fail(f"Squid did not start: {(out / 'cache.log').read_text(errors='replace')[-2000:]}")
    return running


def launch(conf: Path) -> subprocess.Popen[bytes]:
    squid = shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin")
    assert squid, "Squid is not installed: apt install squid-openssl"
    return subprocess.Popen([squid, "-N", "-f", str(conf)], cwd=conf.parent, stderr=subprocess.DEVNULL)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def readable(folder: Path) -> None:
    """Bundles are no secret to Squid's user; where root's mask hides them, open them."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def squid(ground: Path, site: int) -> Iterator[RunningSquid]:
    home = Home(ground / "home")
    make_bundle(home.bundles / "fellside")
    home.here.symlink_to("fellside")
    readable(home.root)
    running = start_squid(home, ground / "squid", named=("127.0.0.0/8",), own_ports=(9,), extra_ports=(site,))
    yield running
    running.stop()
