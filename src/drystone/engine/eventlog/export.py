"""Events as CSV, line by line, however many there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Final

from drystone.engine.eventlog.event import Event
from drystone.engine.spreadsheet import safe_cell

COLUMNS: Final = tuple(field.name for field in fields(Event) if field.name != "id")
CHUNK: Final = 20_000


def as_csv(pages: Iterable[list[Event]]) -> Iterator[str]:
    """CSV text: the heading, then a piece for each page of events."""
    yield _csv([COLUMNS])
    for events in pages:
        yield _csv([_cells(event) for event in events])


def _cells(event: Event) -> list[str]:
    values = {name: getattr(event, name) for name in COLUMNS}
    values["at"] = event.at.isoformat(timespec="milliseconds")
    return [safe_cell(value) for value in values.values()]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
