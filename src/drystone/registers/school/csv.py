"""Tables as CSV to download."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils import timezone

from drystone.engine.spreadsheet import csv_lines


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Row by row, whatever the length; UTF-8 with a mark, so that Excel reads accents."""
    lines = chain(["\ufeff"], csv_lines(chain([headings], rows)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response
