"""What lists share: a page of them, links that keep the filters, CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from drystone.engine.spreadsheet import safe_cell
from drystone.registers.school.models import School

PER_PAGE = 50


def school_of(request: HttpRequest) -> School:
    """The school of a view that `needs` a permission: those views are never reached without one."""
    school: School = request.school  # type: ignore[attr-defined]
    return school


def page_of(request: HttpRequest, rows: Any, per_page: int = PER_PAGE) -> tuple[Any, dict[str, Any]]:
    """The rows of the page asked for (the last one where there are fewer), and GOV.UK's pagination for it."""
    page = Paginator(rows, per_page).get_page(request.GET.get("page"))
    return page, pagination(request, page.number, page.paginator.num_pages)


def pagination(request: HttpRequest, number: int, of: int) -> dict[str, Any]:
    """Options of govukPagination; empty where one page is all."""
    if of < 2:
        return {}
    shown = sorted({1, of, *range(max(1, number - 1), min(of, number + 1) + 1)})
    items: list[dict[str, Any]] = []
    for place, each in enumerate(shown):
        if place and each > shown[place - 1] + 1:
            items.append({"ellipsis": True})
        items.append({"number": str(each), "href": link(request, page=each), "current": each == number})
    options: dict[str, Any] = {"items": items, "classes": "ds-no-print"}
    if number > 1:
        options["previous"] = {"href": link(request, page=number - 1)}
    if number < of:
        options["next"] = {"href": link(request, page=number + 1)}
    return options


def link(request: HttpRequest, **changes: object) -> str:
    """This page's address with some of its query changed; None takes a key out."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_of(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A file that spreadsheets open: cells that begin like a formula are shown, not reckoned."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + str(writer.writerow(heading))  # spreadsheets take it for UTF-8 by the mark
        for row in rows:
            yield str(writer.writerow([safe_cell(cell) for cell in row]))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response
