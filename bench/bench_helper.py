"""The helper against SquidGuard 1.6: the same lists, the same policy, the same requests, in one run.

Measured: requests a second through a pipe, how long both take to compile and how much memory, how large the index
and the databases are, how fast a helper starts, and what a second and third helper cost. Every answer is compared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.data import BenchData, load
from bench.report import ratio, say
from bench.squidguard import SquidGuard, rules_for

ROUNDS = 3
STARTS = 10


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    peak_mb: float


def main() -> None:
    data = load()
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
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said[-300:].decode(errors='replace')}")
    return Run(seconds, usage.ru_maxrss / 1024)


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
    ratio("compile memory, peak", ours.peak_mb, theirs.peak_mb, unit="MB", other="SquidGuard", more=False)
    index = sum(file.stat().st_size for file in link.resolve().iterdir()) / 1e6
    ratio("index on disk", index, guard.size() / 1e6, unit="MB", other="SquidGuard", more=False)
    return link, guard


def compare_answers(data: BenchData, bundle: Path, guard: SquidGuard, folder: Path) -> None:
    count = sum(1 for _ in data.requests.open("rb"))
    doors = {
        "SquidGuard": guard.command(),
        "rewriter": helper_command(bundle, "--rewriter", "--redirect", "http://block.example/"),
        "acl": helper_command(bundle),
    }
    rates = {}
    for name, command in doors.items():
        best = min(timed(command, stdin=data.requests, stdout=folder / f"{name}.out").seconds for _ in range(ROUNDS))
        rates[name] = count / best
    ratio("requests a second, rewriter", rates["rewriter"], rates["SquidGuard"], unit="/s", other="SquidGuard")
    ratio("requests a second, acl with notes", rates["acl"], rates["SquidGuard"], unit="/s", other="SquidGuard")
    warm = again(data, bundle, folder)
    ratio("requests a second, rewriter, warm", warm, rates["SquidGuard"], unit="/s", other="SquidGuard")
    blocks = {name: blocked(folder / f"{name}.out", word=b"ERR" if name == "acl" else b"OK") for name in doors}
    for name in ("rewriter", "acl"):
        differing = sum(ours is not theirs for ours, theirs in zip(blocks[name], blocks["SquidGuard"], strict=True))
        say(f"  {name}: {differing} of {count:,} answers differ from SquidGuard's; {sum(blocks[name]):,} are blocks")


def again(data: BenchData, bundle: Path, folder: Path) -> float:
    """Requests a second of the stream's second half, where the stream comes twice: a helper that has been at work."""
    twice = folder / "twice"
    content = data.requests.read_bytes()
    twice.write_bytes(content * 2)
    command = helper_command(bundle, "--rewriter", "--redirect", "http://block.example/")
    both = min(timed(command, stdin=twice).seconds for _ in range(ROUNDS))
    once = min(timed(command, stdin=data.requests).seconds for _ in range(ROUNDS))
    return content.count(b"\n") / max(both - once, 1e-6)


def blocked(answers: Path, *, word: bytes) -> list[bool]:
    return [line.startswith(word) for line in answers.read_bytes().splitlines()]


def starts(bundle: Path) -> None:
    best = min(timed(helper_command(bundle)).seconds for _ in range(STARTS))
    say(f"  a helper starts, opens the bundle and ends in {best * 1000:.0f} ms (best of {STARTS})")


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
