"""Tables as CSV that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_response(name: str, headings: list[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Row by row, whatever the length; UTF-8 with a mark, so that Excel reads accents."""
    response = StreamingHttpResponse(_lines(headings, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _lines(headings: list[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(headings)
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def harmless(cell: object) -> str:
    """What begins like a formula is text: a spreadsheet runs the rest (OWASP, CSV injection)."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
