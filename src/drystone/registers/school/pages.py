"""What lists share: a page of them, links that keep the filters."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

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
