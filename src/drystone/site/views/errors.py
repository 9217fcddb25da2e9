"""When a page cannot be given: why, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "site/403.html", {"why": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return render(request, "site/404.html", status=404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """P45: passwords and codes are not to be guessed by trying."""
    return render(request, "site/429.html", status=429)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    return render(request, "site/csrf.html", status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Asks neither the database nor the session: either may be what broke."""
    return render(request, "site/500.html", status=500)
