"""How soon a new bundle is at work, under load, and whether any request fails meanwhile.

A gateway serves requests without a pause while editions are put in force by turns. One site is blocked in every other
edition: the time from the rename to its first changed answer is what is measured, for our own proxy and for Squid.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bench_proxy import RULES, origin
from bench.bench_proxy import drystone as own_proxy
from bench.bench_squid import _free_port, _open_to_all, _wait_for
from bench.data import make_lists, size
from bench.report import say, target
from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.home import Home
from drystone.gateway.squid.install import Wanted, write_squid_config

TURNS = 6
AGREED = 60  # answers in a row, over more than the half second between two looks of a helper
LOADS = 4  # connections that ask without a pause
SCALES = {"small": 0.02, "county": 1.0}
SHUT = '  - {level: school, block: "site:127.0.0.2", reason: bench, by: bench}\n'


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name, origin() as (http, tls):
        folder = Path(name)
        folder.chmod(0o755)
        lists = make_lists(folder / "county", scale=SCALES[size()])
        with own_proxy(folder, tls) as (port, _):
            turn("own proxy", folder / "home" / "bundles" / "here", lists, port, http)
        home = Home(folder / "squid-home")
        home.school_bundles("bench").mkdir(parents=True)
        home.here.symlink_to("bench")
        with squid(folder / "squid", home, http) as port:
            turn("Squid", home.school_bundles("bench"), lists, port, http)


def turn(what: str, bundles: Path, lists: Path, port: int, site: int) -> None:
    """Two editions by turns; each time until the answer is the new one."""
    open_, shut = (edition(lists, bundles, rules) for rules in (RULES_OPEN, RULES_OPEN + SHUT))
    put_in_force(bundles, open_)
    wait_until(port, site, blocked=False)
    load = Load(port, site)
    waits = []
    for number in range(TURNS):
        began = time.perf_counter()
        put_in_force(bundles, open_ if number % 2 else shut)
        waits.append(wait_until(port, site, blocked=not number % 2) - began)
        time.sleep(0.3)
    load.end()
    say(f"  {what}: {', '.join(f'{wait:.2f}' for wait in waits)} s; {load.done:,} requests, {load.failed} failed")
    target(f"{what}: a new bundle at work after", max(waits), 2, unit="s", at_most=True)
    target(f"{what}: requests that failed while bundles changed", load.failed, 0, unit="requests", at_most=True)
    target(f"{what}: longest wait for an answer meanwhile", load.longest, 1, unit="s", at_most=True)


RULES_OPEN = RULES.replace("rules: [{", "rules:\n  - {").replace("}]", "}")


def edition(lists: Path, bundles: Path, rules: str) -> str:
    compiled = compile_bundle(lists, parse_rules(rules), bundles / "current")
    _open_to_all(bundles)
    return compiled.edition


def put_in_force(bundles: Path, name: str) -> None:
    beside = bundles / ".current.bench"
    beside.symlink_to(name)
    os.replace(beside, bundles / "current")  # noqa: PTH105 - the rename that publishing does


def wait_until(port: int, site: int, *, blocked: bool) -> float:
    """Until every one of a gateway's helpers answers by the new edition: when the first of many answers in a row that
    agree was given. Squid asks now this helper, now that one."""
    deadline = time.monotonic() + 20
    agreed, since = 0, 0.0
    while time.monotonic() < deadline:
        answer = ask(port, f"http://127.0.0.2:{site}/")
        agreed, since = (agreed + 1, since or time.perf_counter()) if (b" 403 " in answer) is blocked else (0, 0.0)
        if agreed == AGREED:
            return since
        time.sleep(0.01)
    raise RuntimeError("the new edition never came to work")


def ask(port: int, url: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return connection.recv(65536).split(b"\r\n", 1)[0]


class Load:
    """Connections that ask for an open site, one request after another; whatever is not a 200 has failed."""

    def __init__(self, port: int, site: int) -> None:
        self.done = self.failed = 0
        self.longest = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(port, site), daemon=True) for _ in range(LOADS)]
        for thread in self._threads:
            thread.start()

    def _run(self, port: int, site: int) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            try:
                good = b" 200 " in ask(port, f"http://127.0.0.1:{site}/")
            except OSError:
                good = False
            self.done += 1
            self.failed += not good
            self.longest = max(self.longest, time.perf_counter() - began)

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def squid(out: Path, home: Home, site: int) -> Iterator[int]:
    port = _free_port()
    wanted = Wanted(
        home=home, out=out, gateway="squid", port=f"127.0.0.1:{port}", named=("127.0.0.0/8",), extra_ports=(site,)
    )
    conf = write_squid_config(wanted).conf
    program = shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin")
    process = subprocess.Popen([str(program), "-N", "-f", str(conf)], cwd=out, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
