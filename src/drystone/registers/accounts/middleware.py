"""What stands between a signed-in user and the pages: a second step that their role needs."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from drystone.registers.accounts import two_step
from drystone.registers.school.access import OPEN_PAGES, OWN_PAGES, View, access_of

# Open to everybody and saying nothing of the school's people; and the end of the wizard, which only its own session
# fills with letters.
HARMLESS = frozenset({"help", "help_parents", "help_staff", "help_at", "help_parents_at", "help_staff_at", "health"})
WIZARD = frozenset({"set_up:done", "set_up:letters", "set_up:letters_printed"})
WITHOUT_SECOND_STEP = HARMLESS | WIZARD | OPEN_PAGES | OWN_PAGES | {"own_account", "first_time"}


class TwoStepMiddleware:
    """P48: until somebody whose role needs it has a second step, every page but those of their own account leads to
    where they get one. Comes after `SchoolMiddleware`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, _args: object, _kwargs: object) -> HttpResponseBase | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None or match.view_name in WITHOUT_SECOND_STEP:
            return None
        if access_of(view, match.url_name) == "own account" or not two_step.is_missing(request):
            return None
        return redirect("mfa_index")
