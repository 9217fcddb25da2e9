"""`python -m bench [NAME…]`: run every `bench_*.py` (or those named) and print the ratios.

Ratios are measured in one run on one machine: absolute numbers differ between machines, ratios hardly. Data and size
are chosen by DRYSTONE_BENCH_DATA and DRYSTONE_BENCH_SIZE; see bench/data.py.
"""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path

from bench import report
from bench.data import size


def main(names: list[str]) -> int:
    here = Path(__file__).parent
    known = sorted(file.stem.removeprefix("bench_") for file in here.glob("bench_*.py"))
    if unknown := [name for name in names if name not in known]:
        print(f"bench: no benchmark is called {unknown[0]!r}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    report.say(f"size {size()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    failed = []
    for name in names or known:
        report.say(f"\n== {name}")
        began = time.perf_counter()
        try:
            import_module(f"bench.bench_{name}").main()
        except Exception as error:  # one that fails must not hide what the others found
            failed.append(name)
            report.say(f"  FAILED: {type(error).__name__}: {error}")
        report.say(f"  ({time.perf_counter() - began:.0f} s; again: python -m bench {name})")
    report.say(f"\n{report.table()}\n\n{report.targets()}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
