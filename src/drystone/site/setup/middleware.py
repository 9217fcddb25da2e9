"""Until there is a school, every page leads to the set-up wizard."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from drystone.registers.school.models import School

OPEN_BEFORE = ("/set-up/", "/health", "/help/", "/static/", "/proxy.pac", "/wpad.dat")


class SetUpMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.done = False  # a school never goes away again, so one look is enough

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # unscoped: whether the house is set up
        self.done = self.done or School.objects.exists()
        if not self.done and not request.path.startswith(OPEN_BEFORE):
            return redirect("set_up:start")
        return self.get_response(request)
