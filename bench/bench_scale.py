"""How the cost of a decision grows: with the number of listed domains, and with the number of rules.

The same stream of requests is decided by the helper, as a process, over lists of ever more domains, and under ever more
rules. Cost is processor time, less that of starting.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.bench_helper import helper_command, timed
from bench.data import make_lists, make_requests, size
from bench.report import say, target
from bench.squidguard import rules_for
from drystone.engine.filtering import compile_bundle, parse_rules

SCALES = {"small": (0.002, 0.01, 0.02), "county": (0.02, 0.2, 1.0)}
RULES = (10, 100, 2_000)
REQUESTS = 100_000
ROUNDS = 3
FLAT = 1.5  # at most so many times the cost at fifty times the size


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name:
        folder = Path(name)
        scales = SCALES[size()]
        # Of the smallest lists: what is asked for is the same, however much more is listed.
        smallest = make_lists(folder / "lists0", scale=scales[0])
        stream = make_requests(smallest, folder / "stream", count=REQUESTS)
        costs = []
        for number, scale in enumerate(scales):
            lists = smallest if not number else make_lists(folder / f"lists{number}", scale=scale)
            costs.append(cost(lists, rules_for(lists), stream, folder / f"by-lists{number}"))
            say(f"  {count(lists):>9,} domains: {costs[-1]:.2f} µs a decision")
        target("a decision's cost at most domains, of that at fewest", costs[-1] / costs[0], FLAT, at_most=True)
        costs = []
        for rules in RULES:
            costs.append(cost(smallest, with_rules(smallest, rules), stream, folder / f"by-rules{rules}"))
            say(f"  {rules:>9,} rules: {costs[-1]:.2f} µs a decision")
        target("a decision's cost at most rules, of that at fewest", costs[-1] / costs[0], FLAT, at_most=True)


def cost(lists: Path, rules: str, stream: Path, folder: Path) -> float:
    """Microseconds of processor for one decision."""
    folder.mkdir()
    compile_bundle(lists, parse_rules(rules), folder / "current")
    command = helper_command(folder / "current")
    start = min(timed(command).cpu for _ in range(ROUNDS))
    return (min(timed(command, stdin=stream).cpu for _ in range(ROUNDS)) - start) / REQUESTS * 1e6


def with_rules(lists: Path, wanted: int) -> str:
    """`wanted` rules: half for sites that are asked for, a quarter for URLs, a quarter for zones and times."""
    plain = [line for line in rules_for(lists).splitlines() if not line.startswith("  - ")]
    kinds = (
        'level: school, group: pupils, block: "site:r{}.example"',
        'level: school, allow: "site:r{}.example"',
        'level: global, block: "site:r{}.example/part"',
        'level: zone, zone: suite, block: "site:r{}.example", outside: lunch',
    )
    rules = [f"  - {{{kinds[number % 4].format(number)}, reason: r, by: b}}" for number in range(wanted)]
    return "\n".join([*plain, *rules]) + "\n"


def count(lists: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in lists.glob("*/domains"))


if __name__ == "__main__":
    main()
