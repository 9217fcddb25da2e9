"""How a helper fares, for `drystone gateway status` and the web: `run/<gateway>/<process id>.json`, every two seconds.

What a helper has to say stands in Squid's cache.log, which nobody reads; here it reaches the screens. A helper that
cannot write its status goes on filtering.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from time import monotonic

from drystone.engine.filtering import LiveFilter
from drystone.gateway.proxy.status import Meter, Status, write_status

EVERY_S = 2.0


class HelperStatus:
    def __init__(self, folder: Path, live: LiveFilter, *, gateway: str) -> None:
        self._file = folder / f"{os.getpid()}.json"
        self._live = live
        self._status = Status(gateway=gateway, kind="squid-helper")
        self._meter = Meter()
        self._written = float("-inf")
        self._alarm = ""
        _forget_dead(folder)

    def alarm(self, message: str) -> None:
        """Shown as the trouble until the filter is read anew without any."""
        self._status.errors += 1
        self._alarm = message
        self._written = float("-inf")

    def beat(self, decisions: int, *, changed: bool) -> None:
        """Told twice a second. `decisions` since the start; `changed`: the filter was read anew."""
        if changed:
            self._alarm = ""
        now = monotonic()
        if now - self._written < EVERY_S and not changed:
            return
        self._written = now
        status = self._status
        status.decisions = status.requests = decisions
        status.decisions_per_second = self._meter.rate(decisions)
        status.school, status.edition = self._live.school, self._live.edition
        status.trouble = self._live.trouble or self._alarm
        with contextlib.suppress(OSError):
            write_status(self._file, status)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._file.unlink()


def _forget_dead(folder: Path) -> None:
    """What a helper that was killed left there."""
    with contextlib.suppress(OSError):
        for file in folder.glob("*.json"):
            try:
                os.kill(int(file.stem), 0)
            except (ProcessLookupError, ValueError):
                file.unlink(missing_ok=True)
            except OSError:
                continue
