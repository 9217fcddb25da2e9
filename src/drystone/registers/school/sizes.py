"""How much somebody may send at once. A page that takes large files says so; every other takes what forms need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve

MB = 1024**2
USUAL = 12 * MB  # bytes of a request's body
AROUND = MB  # what goes round the files themselves
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes_up_to(largest: int) -> Callable[[View], View]:
    """The page takes files of so many bytes together."""

    def decorate(view: View) -> View:
        view.largest = largest  # type: ignore[attr-defined]
        return view

    return decorate


class SizeMiddleware:
    """Refuses a body that is too large by what it announces, before any of it is read or kept on disk.

    A body that announces no size is none to Django. It stands before the middleware that reads forms.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        most = _most(request.path_info)
        if not announced.isdecimal() or int(announced) > most + AROUND:
            return render(request, "site/413.html", {"most": most // MB}, status=413)
        return self.get_response(request)


def _most(path: str) -> int:
    try:
        return getattr(resolve(path).func, "largest", USUAL)
    except Resolver404:
        return USUAL
