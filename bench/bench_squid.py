"""Squid alone, with our helper, and with SquidGuard as its rewriter: the same load on the same local web site.

Two streams: *repeats*, sites and pages as popular as Zipf has them, asked for by a class of 32 computers; and *anew*,
where no URL comes twice, so that every answer must be asked for. Each Squid is measured in turns, and its best turn
counts: whatever else the machine does then meets them all. Latency is that of one computer asking one thing after
another.

The load and the site are single loops over epoll that do as little as can be done, since they share the machine with
Squid. Besides requests a second, the processor time of Squid and its helpers for each request is shown: it does not
depend on what else the machine does.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.data import make_lists
from bench.report import ratio, say, target
from bench.squidguard import SquidGuard, rules_for
from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.home import Home
from drystone.gateway.squid.install import Wanted, write_squid_config

REQUESTS = 12_000
ROUNDS = 3
CONNECTIONS = 32
PAGES = 7
NAMES = 2_000  # of sites; all lead to the one here
SEED = 20260901
WANTED = {"repeats": 0.9, "anew": 0.7}  # of bare Squid's requests a second
BODY = b"x" * 2_000
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nCache-Control: no-store\r\n\r\n" % len(BODY) + BODY
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    per_second: float
    cpu_us: float  # of Squid and its helpers, for one request


@dataclass(slots=True)
class Found:
    """The best of all turns of one Squid."""

    loads: dict[str, Load]
    latency_ms: float = float("inf")

    def take(self, other: Found) -> None:
        for stream, load in other.loads.items():
            best = self.loads.get(stream, load)
            self.loads[stream] = Load(max(best.per_second, load.per_second), min(best.cpu_us, load.cpu_us))
        self.latency_ms = min(self.latency_ms, other.latency_ms)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name, site() as port:
        folder = Path(name)
        folder.chmod(0o755)
        home, guard = prepare(folder)
        found = {how: Found({}) for how in ("plain", "drystone", "guard")}
        for turn in range(ROUNDS):
            for how, best in found.items():
                best.take(measure(folder / f"{how}{turn}", home, port, guard=guard, how=how))
    tell(found)


def prepare(folder: Path) -> tuple[Home, SquidGuard]:
    """The same policy for both filters, where Squid's user can read it."""
    home = Home(folder / "home")
    lists = make_lists(folder / "lists", scale=0.02)  # their size hardly counts here; see bench_helper
    rules = rules_for(lists).replace("[10.1.0.0/16]", "[10.1.0.0/16, 127.0.0.0/8]")
    home.school_bundles("bench").mkdir(parents=True)
    compile_bundle(lists, parse_rules(rules), home.school_bundles("bench") / "current")
    home.here.symlink_to("bench")
    _open_to_all(home.bundles)
    guard = SquidGuard(lists, folder / "guard")
    guard.conf.write_text(guard.conf.read_text().replace("ip 10.1.0.0/16", "ip 10.1.0.0/16 127.0.0.0/8"))
    guard.compile()
    _open_to_all(folder / "guard", owner="proxy")
    return home, guard


def tell(best: dict[str, Found]) -> None:
    for name, one in best.items():
        for stream, load in one.loads.items():
            say(f"  {name}, {stream}: {load.per_second:,.0f} requests a second, {load.cpu_us:.0f} µs CPU")
        say(f"  {name}, one after another: median {one.latency_ms:.2f} ms")
    ours, plain, theirs = best["drystone"], best["plain"], best["guard"]
    for stream, load in ours.loads.items():
        for other, rival in (("Squid alone", plain), ("Squid + SquidGuard", theirs)):
            other_load = rival.loads[stream]
            found = ratio(f"Squid, {stream}", load.per_second, other_load.per_second, unit="/s", other=other)
            ratio(f"Squid, {stream}, CPU", load.cpu_us, other_load.cpu_us, unit="µs", other=other, more=False)
            if rival is plain:
                target(f"Squid with helper and events, {stream}, of bare Squid", found.factor, WANTED[stream])
    ratio("Squid, median latency", ours.latency_ms, plain.latency_ms, unit="ms", other="Squid alone", more=False)
    target("Squid, added at the median", ours.latency_ms - plain.latency_ms, 0.3, unit="ms", at_most=True)


def measure(out: Path, home: Home, site_port: int, *, guard: SquidGuard, how: str) -> Found:
    """One Squid from start to stop, under the same load."""
    port = _free_port()
    wanted = Wanted(
        home=home, out=out, gateway=how, port=f"127.0.0.1:{port}", named=("127.0.0.0/8",), extra_ports=(site_port,)
    )
    conf = write_squid_config(wanted).conf
    text = conf.read_text() + f"hosts_file {_names(out)}\n"
    if how != "drystone":
        text = _without_drystone(text)
    if how == "guard":
        program = f"/usr/bin/squidGuard -c {guard.conf}"
        text += f"url_rewrite_program {program}\nurl_rewrite_children 8 startup=8 concurrency=0\n"
    conf.write_text(text)
    squid = shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin")
    process = subprocess.Popen([str(squid), "-N", "-f", str(conf)], cwd=out, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        run_load(port, repeats(site_port, REQUESTS // 6, seed=1))
        found = Found({})
        for stream, asks in (("repeats", repeats(site_port, REQUESTS)), ("anew", anew(site_port, REQUESTS))):
            before = cpu_seconds(process.pid)
            seconds, _ = run_load(port, asks)
            used = cpu_seconds(process.pid) - before
            found.loads[stream] = Load(REQUESTS / seconds, used / REQUESTS * 1e6)
        found.latency_ms = run_load(port, anew(site_port, REQUESTS // 6, first=REQUESTS), connections=1)[1] * 1000
        return found
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


# What stays of our configuration in a Squid without Drystone: everything that asks nobody and decides nothing.
_BARE = (
    "visible_hostname", "cache_", "acl clients ", "logformat drystone_event", "logfile_rotate", "buffered_logs",
    "strip_query_terms", "request_header", "forwarded_for", "httpd_suppress", "pid_filename", "coredump_dir",
    "pinger_enable", "shutdown_lifetime", "client_ip_max", "hosts_file",
)  # fmt: skip


def _without_drystone(text: str) -> str:
    """The same Squid with nothing asked and the same amount logged."""
    kept = [line for line in text.splitlines() if line.startswith(_BARE) and not line.startswith("cache_peer")]
    port = re.search(r"^http_port (\S+)", text, re.MULTILINE)
    events = re.search(r"^access_log stdio:(\S+)/squid.log", text, re.MULTILINE)
    assert port
    assert events
    kept += [f"http_port {port[1]}", "http_access allow clients", "http_access deny all"]
    return "\n".join([*kept, f"access_log stdio:{events[1]}/squid.log logformat=drystone_event"]) + "\n"


def _names(out: Path) -> Path:
    file = out / "hosts"
    file.write_text("".join(f"127.0.0.1 site{number}.drystone.test\n" for number in range(NAMES)))
    file.chmod(0o644)
    return file


def _open_to_all(folder: Path, *, owner: str = "") -> None:
    """Readable by Squid's user; SquidGuard also writes a log."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
            if owner and os.geteuid() == 0:
                shutil.chown(path, owner)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("Squid did not start")


# -- the load and the site --------------------------------------------------------------------------


def repeats(site_port: int, count: int, *, seed: int = 0) -> list[bytes]:
    """A page of a site, as popular as Zipf has it."""
    rng = random.Random(SEED + seed)
    popular = rng.choices(range(NAMES), [1 / (rank + 1) for rank in range(NAMES)], k=count)
    return [_ask(site_port, number, f"{number % PAGES}") for number in popular]


def anew(site_port: int, count: int, *, first: int = 0) -> list[bytes]:
    return [_ask(site_port, number % NAMES, f"{number}") for number in range(first, first + count)]


def _ask(site_port: int, site: int, page: str) -> bytes:
    name = b"site%d.drystone.test" % site
    return b"GET http://%s:%d/page/%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (name, site_port, page.encode(), name)


def run_load(port: int, asks: list[bytes], *, connections: int = CONNECTIONS) -> tuple[float, float]:
    """All of it over kept connections, each a computer of its own: (seconds, median latency in seconds). Raises on
    any answer but 200."""
    count = len(asks)
    poll, open_ = select.epoll(), {}
    for number in range(connections):
        connection = socket.create_connection(("127.0.0.1", port), source_address=(f"127.1.0.{number + 1}", 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
    started, answers, waits, sent = {}, dict.fromkeys(open_, b""), [], 0
    began = time.perf_counter()
    for number, connection in open_.items():
        started[number] = time.perf_counter()
        connection.sendall(asks[sent])
        sent += 1
    while len(waits) < count:
        for number, _ in poll.poll(30):
            part = open_[number].recv(65536)
            answers[number] += part
            if not part or not answers[number].startswith(b"HTTP/1.1 200"[: len(answers[number])]):
                raise RuntimeError(f"Squid answered {answers[number][:200]!r}")
            if not answers[number].endswith(BODY):
                continue
            now = time.perf_counter()
            waits.append(now - started[number])
            answers[number] = b""
            if sent < count:
                started[number] = now
                open_[number].sendall(asks[sent])
                sent += 1
    seconds = time.perf_counter() - began
    for connection in open_.values():
        connection.close()
    poll.close()
    return seconds, sorted(waits)[len(waits) // 2]


@contextlib.contextmanager
def site() -> Iterator[int]:
    """A web site in a process of its own, that answers every request the same."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    child = os.fork()
    if child == 0:
        try:
            _answer_all(listener)
        finally:
            os._exit(0)
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield port
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _answer_all(listener: socket.socket) -> None:
    poll, connections = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()] = connection
                poll.register(connection, select.EPOLLIN)
                continue
            with contextlib.suppress(OSError):
                if part := connections[number].recv(65536):
                    connections[number].sendall(REPLY * part.count(b"\r\n\r\n"))
                    continue
            poll.unregister(number)
            connections.pop(number).close()


# -- processor time ---------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all that it started and that still run."""
    parents, spent = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            number = int(file.parent.name)
            parents[number], spent[number] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    family = {pid}
    while more := {number for number, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(spent.get(number, 0.0) for number in family)


if __name__ == "__main__":
    main()
