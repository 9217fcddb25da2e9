"""Every list on a screen comes out as CSV through here."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import StreamingHttpResponse

from drystone.engine.spreadsheet import csv_lines


def csv_response(filename: str, header: Iterable[object], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """A download that streams, with a byte-order mark so that Excel reads it as UTF-8."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _lines(header: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterable[str]:
    yield "\ufeff"
    yield from csv_lines([header])
    yield from csv_lines(rows)
