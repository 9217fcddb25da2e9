"""A million requests through our own proxy: its memory must stay flat."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

from bench.bench_proxy import CLIENTS, drystone, in_process, memory, origin, requests
from bench.data import size
from bench.report import say, target

REQUESTS = {"small": 60_000, "county": 1_000_000}
WARM = 0.1  # of the requests, before memory counts
STRETCH = 10.0  # seconds between two looks at the memory
GROWTH_MB = 5


def main() -> None:
    wanted = REQUESTS[size()]
    with tempfile.TemporaryDirectory(prefix="drystone-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        http, tls = stack.enter_context(origin())
        port, pid = stack.enter_context(drystone(folder, tls))
        done, warm, began, looks = 0.0, 0.0, time.perf_counter(), []
        while done < wanted:
            done += in_process(requests, port, http, STRETCH if wanted > 100_000 else 2.0, CLIENTS) * (
                STRETCH if wanted > 100_000 else 2.0
            )
            looks.append(memory(pid))
            if not warm and done >= wanted * WARM:
                warm = looks[-1]
        seconds = time.perf_counter() - began
    say(f"  {done:,.0f} requests in {seconds:.0f} s; memory {', '.join(f'{mb:.1f}' for mb in looks)} MB")
    target(f"own proxy, memory grown over {wanted:,} requests", looks[-1] - warm, GROWTH_MB, unit="MB", at_most=True)


if __name__ == "__main__":
    main()
