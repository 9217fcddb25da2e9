"""Tables as CSV: to download, and read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils import timezone

from drystone.engine.spreadsheet import csv_lines
from drystone.registers.school.services.changes import Refused


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Row by row, whatever the length; UTF-8 with a mark, so that Excel reads accents."""
    lines = chain(["\ufeff"], csv_lines(chain([headings], rows)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def rows_of(
    text: str, *, columns: Sequence[str], needed: Sequence[str], most: int, what: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) with every column of a small table, whose first line names them. `what` are its rows, in words.

    Raises Refused, with the line, where the text as a whole is not such a table.
    """
    if "\0" in text:
        raise Refused("This is no table of text: save it as CSV UTF-8")
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","  # pasted from a spreadsheet, or a file
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True, delimiter=delimiter)
    try:
        headings = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if missing := sorted(name for name in needed if name not in headings):
            raise Refused(f"The first line has no column {' and '.join(missing)}. It says: {', '.join(columns)}")
        if unknown := [name for name in headings if name not in columns]:
            raise Refused(f"There is no column “{unknown[0]}”. They are: {', '.join(columns)}")
        reader.fieldnames = headings
        count = 0
        for row in reader:
            given = {name: _cell(row.get(name)) for name in columns}
            if None in row:
                raise Refused(f"Line {reader.line_num} has more cells than the first line has headings")
            if any(given.values()):
                count += 1
                yield reader.line_num, given
            if count > most:
                raise Refused(f"There are more than {most:,} {what}: divide the file")
    except csv.Error as error:
        raise Refused(f"Line {reader.line_num} is no CSV: {error}") from None
    if not count:
        raise Refused(f"There are no {what} in it")


def _cell(value: str | None) -> str:
    """As our own CSV writes it: an apostrophe before what a spreadsheet would reckon."""
    text = (value or "").strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
