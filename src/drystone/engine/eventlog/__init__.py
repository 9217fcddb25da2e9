"""The event, the segment that gateways write, the collector, and the lake with its queries.

Light on purpose, for gateways import it: `Collector` and `Lake` (pyarrow, DuckDB, Ibis) are loaded when first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drystone.engine.eventlog.errors import LakeError
from drystone.engine.eventlog.event import (
    SELF_TEST,
    Event,
    LineError,
    NewerVersionError,
    Sent,
    event_from,
    format_bytes,
    format_event,
    new_id,
    parse_line,
)
from drystone.engine.eventlog.segment import SegmentWriter

if TYPE_CHECKING:
    from drystone.engine.eventlog.collector import Collector, CollectorBusyError
    from drystone.engine.eventlog.lake import Lake

_HEAVY = {"Collector": "collector", "CollectorBusyError": "collector", "Lake": "lake"}

__all__ = [
    "SELF_TEST",
    "Collector",
    "CollectorBusyError",
    "Event",
    "Lake",
    "LakeError",
    "LineError",
    "NewerVersionError",
    "SegmentWriter",
    "Sent",
    "event_from",
    "format_bytes",
    "format_event",
    "new_id",
    "parse_line",
]


def __getattr__(name: str) -> Any:
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
