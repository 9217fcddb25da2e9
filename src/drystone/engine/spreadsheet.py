"""Text that a spreadsheet shows and does not reckon."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> str:
    """What begins like a formula gets an apostrophe before it (CWE-1236). Numbers stay numbers."""
    text = "" if value is None else str(value).replace("\0", "")
    if isinstance(value, (int, float)) or not text.startswith(FORMULA):
        return text
    return f"'{text}"


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """One CSV line a row, as RFC 4180 writes them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
