"""The status file: what a gateway says of itself, once a second, for `gateway status` and the web."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class Status:
    """Counts are since `since`; `open` is clients' connections now. Times are ISO 8601 in UTC."""

    gateway: str
    kind: str = "proxy"
    pid: int = field(default_factory=os.getpid)
    listen: str = ""
    since: str = field(default_factory=_now)
    at: str = ""
    school: str = ""
    edition: str = ""
    trouble: str = ""  # what is wrong with bundle or overlay, in words
    workers: int = 1
    requests: int = 0
    decisions: int = 0
    decisions_per_second: float = 0.0
    blocked: int = 0
    errors: int = 0
    open: int = 0
    not_trusted: int = 0  # times that a device did not trust the certificate of the block page
    last_not_trusted: str = ""  # the address of the last one


class Meter:
    """How many a second, over the last look but one: steady enough to read."""

    def __init__(self) -> None:
        self._at = monotonic()
        self._count = 0

    def rate(self, count: int) -> float:
        now = monotonic()
        passed = max(now - self._at, 0.001)
        rate = (count - self._count) / passed
        self._at, self._count = now, count
        return round(rate, 1)


def write_status(path: Path, status: Status) -> None:
    """Whole or not at all. Raises OSError."""
    status.at = _now()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.new")
    unfinished.write_text(json.dumps(asdict(status), indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def read_status(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def merge(status: Status, workers: Iterable[dict[str, Any]]) -> Status:
    """The workers' counts added up, in one status of the whole gateway."""
    every = list(workers)
    for name in ("requests", "decisions", "blocked", "errors", "open", "not_trusted"):
        setattr(status, name, sum(int(worker.get(name, 0)) for worker in every))
    status.decisions_per_second = round(sum(float(worker.get("decisions_per_second", 0)) for worker in every), 1)
    if every:
        newest = max(every, key=lambda worker: str(worker.get("at", "")))
        status.school, status.edition = str(newest.get("school", "")), str(newest.get("edition", ""))
        status.trouble = str(newest.get("trouble", ""))
        lasts = [last for worker in every if (last := str(worker.get("last_not_trusted", "")))]
        status.last_not_trusted = lasts[0] if lasts else ""
    return status
