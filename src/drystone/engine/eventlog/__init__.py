"""The event, the segment that gateways write, the collector, and the lake with its queries.

Light on purpose: gateways import it. The collector and the lake (pyarrow, DuckDB, Ibis) are modules of
their own: `from drystone.engine.eventlog.collector import Collector`, `…lake import Lake`.
"""

from drystone.engine.eventlog.event import (
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

__all__ = [
    "Event",
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
