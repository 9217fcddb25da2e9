"""P47: the locked screen, and what was sent to it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows, reauthenticate_by_password
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from drystone.registers.accounts import idle, two_step
from drystone.registers.school.access import own


@own
@never_cache
@sensitive_post_parameters()
def locked(request: HttpRequest) -> HttpResponse:
    """Opened by the page itself when its time is over; it is the server that says whether it is."""
    goes_to = _next(request)
    if not idle.is_locked(request, now=time.time()):
        return redirect(goes_to)
    ways = {flow["id"] for flow in get_reauthentication_flows(request.user)}
    form = ReauthenticateForm(request.POST or None, user=request.user) if "reauthenticate" in ways else None
    if request.method == "POST":
        if two_step.is_stepped_in(request):
            idle.unlock(request, now=time.time())
            return redirect(goes_to)
        if form is not None and form.is_valid():
            reauthenticate_by_password(request)
            return redirect(goes_to)
    page: dict[str, Any] = {
        "form": form,
        "next": goes_to,
        "lost": request.GET.get("lost") == "1",
        "kept": idle.kept(request) is not None,
        "others": [m for m in get_adapter().get_reauthentication_methods(request.user) if m["id"] != "reauthenticate"],
        "stepped_in": two_step.is_stepped_in(request),
    }
    return render(request, "accounts/locked.html", page)


@own
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """By hand, before one goes away."""
    idle.lock(request, now=time.time())
    return redirect("screen_locked")


@own
@never_cache
def here(request: HttpRequest) -> JsonResponse:
    """Asked by the page's script: how long until the screen locks. A POST says that somebody is at work on it."""
    now = time.time()
    if request.method == "POST" and not idle.is_locked(request, now=now):
        idle.touch(request, now=now)
    return JsonResponse({"left": idle.seconds_left(request, now=now)})


@own
@never_cache
def kept(request: HttpRequest) -> HttpResponse:
    """What was sent to the locked screen; it is sent only now, when its user says so."""
    form = idle.kept(request)
    if request.method == "POST" or form is None:
        idle.forget_kept(request)
        return redirect("home")
    return render(request, "accounts/kept.html", {"kept": form})


def _next(request: HttpRequest) -> str:
    """Never another site, nor the lock again."""
    given = request.POST.get("next") or request.GET.get("next") or ""
    inside = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if inside and urlsplit(given).path != reverse("screen_locked") else reverse("home")
