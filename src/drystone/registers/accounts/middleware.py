"""What stands between a signed-in user and the pages: a screen that locked, a second step that their role needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from drystone.registers.accounts import idle, two_step
from drystone.registers.school.access import OPEN_PAGES, OWN_PAGES, View, access_of

# Open to everybody and saying nothing of the school's people; and the end of the wizard, which only its own session
# fills with letters.
HARMLESS = frozenset({"help", "help_parents", "help_staff", "help_at", "help_parents_at", "help_staff_at", "health"})
WIZARD = frozenset({"set_up:done", "set_up:letters", "set_up:letters_printed"})
WITHOUT_SECOND_STEP = HARMLESS | OPEN_PAGES | OWN_PAGES | {"own_account", "first_time"}
CONFIRMS = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
WHILE_LOCKED = HARMLESS | OPEN_PAGES | CONFIRMS | {"screen_locked", "screen_here"}


class IdleMiddleware:
    """P47: a screen left alone locks. Nothing of it is kept by the browser either, so that “back” shows nothing.

    Comes after `SchoolMiddleware`; its `process_view` runs after the check of the form's token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    def process_view(self, request: HttpRequest, _view: View, _args: object, _kw: object) -> HttpResponseBase | None:
        match, now = request.resolver_match, time.time()
        if not request.user.is_authenticated or match is None:
            return None
        if idle.is_locked(request, now=now):
            request.permissions = frozenset()  # type: ignore[attr-defined]
            return None if match.view_name in WHILE_LOCKED else self._to_the_lock(request)
        if match.view_name not in WHILE_LOCKED:
            idle.touch(request, now=now)
            idle.forget_sent(request)
        return None

    @staticmethod
    def _to_the_lock(request: HttpRequest) -> HttpResponse:
        """A form is kept if it can be; back to the page that it was on otherwise."""
        if request.method == "POST":
            kept = idle.keep(request)
            back = reverse("screen_kept") if kept else urlsplit(request.headers.get("Referer", "")).path or "/"
            return redirect(f"{reverse('screen_locked')}?{urlencode({'next': back, 'lost': '' if kept else '1'})}")
        return redirect(f"{reverse('screen_locked')}?{urlencode({'next': request.get_full_path()})}")


class TwoStepMiddleware:
    """P48: until somebody whose role needs it has a second step, every page but those of their own account leads to
    where they get one. Comes after `SchoolMiddleware`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, _args: object, _kwargs: object) -> HttpResponseBase | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None or match.view_name in WIZARD:
            return None
        if not two_step.is_missing(request):
            return None
        request.permissions = frozenset()  # type: ignore[attr-defined]
        own = access_of(view, match.url_name) == "own account"
        return None if own or match.view_name in WITHOUT_SECOND_STEP else redirect("mfa_index")
