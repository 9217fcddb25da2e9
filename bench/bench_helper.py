"""The helper against SquidGuard 1.6: the same lists, the same policy with its schedule, the same requests, in one run.

Measured: requests a second through a pipe, each side less its own start, with the event's notes for Squid to write and
with events that the helper writes itself; how long both take to compile and how much memory, how large the index and
the databases are, how fast a helper starts, and what a second and third helper cost. Every answer is compared.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data import BenchData, load, size
from bench.report import ratio, say, target
from bench.squidguard import REDIRECT, SquidGuard, rules_for
from drystone.engine.filtering import HostError, canonical_host

ROUNDS = 3
STARTS = 10


@dataclass(frozen=True, slots=True)
class Run:
    """`cpu` is user and system time: what one core would need, whatever else the machine does."""

    seconds: float
    cpu: float
    peak_mb: float


def main() -> None:
    data = load()
    os.environ["TZ"] = "Europe/London"  # SquidGuard's clock for schedules is the machine's, ours the school's
    say(f"  {data.domains:,} domains, requests from {data.requests}")
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name:
        folder = Path(name)
        bundle, guard = compare_compilers(data, folder)
        compare_answers(data, bundle, guard, folder)
        starts(bundle)
        memory_of_further_helpers(bundle, data)


def helper_command(bundle: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", str(bundle), *options]


def timed(command: Sequence[str | Path], *, stdin: Path | None = None, stdout: Path | None = None) -> Run:
    """Wall time and peak memory of one process. Raises RuntimeError when it fails."""
    with (stdin or Path(os.devnull)).open("rb") as source, (stdout or Path(os.devnull)).open("wb") as sink:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=source, stdout=sink, stderr=subprocess.PIPE)
        assert process.stderr is not None
        peak = _Peak(process.pid)
        peak.start()
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        peak.join()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said[-300:].decode(errors='replace')}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak.megabytes)


class _Peak(threading.Thread):
    """Watches a process's peak memory. What wait4 tells counts the benchmark's own memory too, from before the exec."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{pid}/status")
        self.megabytes = 0.0

    def run(self) -> None:
        while True:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", self.status.read_text())
            except OSError:
                return
            if found is None:
                return  # it has ended
            self.megabytes = int(found[1]) / 1024
            time.sleep(0.01)


def compare_compilers(data: BenchData, folder: Path) -> tuple[Path, SquidGuard]:
    rules = folder / "rules.yaml"
    rules.write_text(rules_for(data.lists))
    link = folder / "bundles" / "current"
    link.parent.mkdir()
    command = [sys.executable, "-m", "drystone.cli.main", "filter", "compile", data.lists]
    ours = timed([*command, "--rules", rules, "--out", link])
    guard = SquidGuard(data.lists, folder / "guard")
    theirs = timed(["squidGuard", "-c", guard.conf, "-C", "all"])
    ratio("compile time", ours.seconds, theirs.seconds, unit="s", other="SquidGuard", more=False)
    if size() == "county":  # starting Python counts for more than the lists where they are small
        target("compile, of SquidGuard's time", ours.seconds / theirs.seconds, 1, at_most=True)
    ratio("compile memory, peak", ours.peak_mb, theirs.peak_mb, unit="MB", other="SquidGuard", more=False)
    target("compile memory, peak", ours.peak_mb, 1000, unit="MB", at_most=True)
    index = sum(file.stat().st_size for file in link.resolve().iterdir()) / 1e6
    ratio("index on disk", index, guard.size() / 1e6, unit="MB", other="SquidGuard", more=False)
    target("index, of SquidGuard's databases", index / (guard.size() / 1e6), 0.2, at_most=True)
    rules.write_text(rules.read_text() + '  - {level: school, block: "site:new.example", reason: r, by: b}\n')
    again = timed([*command, "--rules", rules, "--out", link])
    say(f"  compiled again after a change of rules: {again.seconds:.2f} s")
    return link, guard


def compare_answers(data: BenchData, bundle: Path, guard: SquidGuard, folder: Path) -> None:
    count = data.requests.read_bytes().count(b"\n")
    doors = {
        "SquidGuard": guard.command(),
        "rewriter": helper_command(bundle, "--rewriter", "--redirect", REDIRECT),
        "acl": helper_command(bundle),
        "recorded": helper_command(bundle, "--rewriter", "--redirect", REDIRECT, "--events", str(folder / "events")),
    }
    best = dict.fromkeys(doors, float("inf"))
    start = dict.fromkeys(doors, float("inf"))
    for _ in range(ROUNDS):  # in turns, so that whatever else the machine does meets them all
        for name, command in doors.items():
            start[name] = min(start[name], timed(command).cpu)
            cpu = timed(command, stdin=data.requests, stdout=folder / f"{name}.out").cpu - start[name]
            best[name] = min(best[name], cpu)
    rates = {name: count / cpu for name, cpu in best.items()}
    guards = rates["SquidGuard"]
    ratio("requests a second, rewriter", rates["rewriter"], guards, unit="/s a core", other="SquidGuard")
    ratio("requests a second, acl with notes", rates["acl"], rates["SquidGuard"], unit="/s a core", other="SquidGuard")
    events = ratio(
        "requests a second, events written",
        rates["recorded"],
        rates["SquidGuard"],
        unit="/s a core",
        other="SquidGuard",
    )
    target("decisions with rules, schedule and events written, of SquidGuard's", events.factor, 20)
    target("decisions for Squid to log, of SquidGuard's", rates["acl"] / rates["SquidGuard"], 20)
    warm = again(data, bundle, folder)
    ratio("requests a second, rewriter, warm", warm, guards, unit="/s a core", other="SquidGuard")
    lines = data.requests.read_bytes().splitlines()
    theirs = blocked(folder / "SquidGuard.out", word=b"OK")
    for name, word in (("rewriter", b"OK"), ("acl", b"ERR"), ("recorded", b"OK")):
        compare_decisions(name, data, lines, blocked(folder / f"{name}.out", word=word), theirs)


def compare_decisions(name: str, data: BenchData, lines: list[bytes], ours: list[bool], theirs: list[bool]) -> None:
    """Every answer, one by one. SquidGuard passes `www.a.example` where `a.example` and `img.a.example` are both
    listed, and hosts that cannot be read; we block them. Any other difference is a fault, and so is anything that we
    open and it closes."""
    opened, closed = [], []
    for line, we, they in zip(lines, ours, theirs, strict=True):
        if we is not they:
            (closed if we else opened).append(host_of(line))
    beside = beside_listed(data.lists, set(closed))
    unreadable = [host for host in closed if not readable(host)]
    other = [host for host in closed if host not in beside and readable(host)]
    say(f"  {name}: of {len(lines):,} decisions {sum(ours):,} block; {len(closed)} more than SquidGuard's,")
    say(f"    {len(closed) - len(other) - len(unreadable)} below a listed host that has another listed host below it,")
    say(f"    {len(unreadable)} that no DNS can name (a label over 63 bytes, broken Punycode)")
    if opened or other:
        raise RuntimeError(f"{name}: decisions differ for no known reason: {(opened + other)[:5]}")


def readable(host: str) -> bool:
    try:
        return bool(canonical_host(host))
    except HostError:
        return False


def host_of(line: bytes) -> str:
    url = line.split(b" ", 1)[0].decode()
    return url.rpartition("://")[2].partition("/")[0].rpartition(":443")[0] or url.partition("://")[2].partition("/")[0]


def beside_listed(lists: Path, hosts: set[str]) -> set[str]:
    """Those of `hosts` of which one same list names a domain above and another host below that domain."""
    above = {host: {host.split(".", cut)[-1] for cut in range(1, host.count("."))} for host in hosts}
    domains = set().union(*above.values()) if above else set()
    found: set[str] = set()
    for file in lists.glob("*/domains"):
        listed, below = set(), set()
        with file.open() as names:
            for name in map(str.strip, names):
                if name in domains:
                    listed.add(name)
                below |= {name.split(".", cut)[-1] for cut in range(1, name.count("."))} & domains
        found |= {host for host in hosts if above[host] & listed & below}
    return found


def again(data: BenchData, bundle: Path, folder: Path) -> float:
    """Requests a second of a helper that has been at work: the stream five times, less the first."""
    content = data.requests.read_bytes()
    five = folder / "five"
    five.write_bytes(content * 5)
    command = helper_command(bundle, "--rewriter", "--redirect", REDIRECT)
    first = min(timed(command, stdin=data.requests).cpu for _ in range(ROUNDS))
    return 4 * content.count(b"\n") / max(timed(command, stdin=five).cpu - first, 1e-6)


def blocked(answers: Path, *, word: bytes) -> list[bool]:
    return [line.startswith(word) for line in answers.read_bytes().splitlines()]


def starts(bundle: Path) -> None:
    runs = [timed(helper_command(bundle)) for _ in range(STARTS)]
    best, cpu = min(run.seconds for run in runs), min(run.cpu for run in runs)
    say(f"  a helper starts, opens the bundle and ends in {best * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU")


def memory_of_further_helpers(bundle: Path, data: BenchData) -> None:
    """What each of four helpers has for itself, after work; the mapped index is shared."""
    lines = b"".join(data.requests.open("rb").readlines()[:20_000])
    helpers = [
        subprocess.Popen(helper_command(bundle), stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)
    ]
    try:
        for helper in helpers:
            _work(helper, lines)
        own = [_own_mb(helper.pid) for helper in helpers]
        say(f"  memory of its own after 20,000 requests: {', '.join(f'{mb:.0f} MB' for mb in own)}")
        target("a further helper's own memory", max(own[1:]), 30, unit="MB", at_most=True)
    finally:
        for helper in helpers:
            helper.kill()
            helper.communicate()


def _work(helper: subprocess.Popen[bytes], lines: bytes) -> None:
    assert helper.stdin is not None
    assert helper.stdout is not None
    for start in range(0, len(parts := lines.splitlines(keepends=True)), 200):
        batch = parts[start : start + 200]
        helper.stdin.write(b"".join(batch))
        helper.stdin.flush()
        for _ in batch:
            helper.stdout.readline()


def _own_mb(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1024


if __name__ == "__main__":
    if shutil.which("squidGuard") is None:
        raise SystemExit("bench: SquidGuard is missing; on Debian or Ubuntu: apt install squidguard")
    main()
