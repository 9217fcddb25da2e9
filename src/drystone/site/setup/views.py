"""The wizard's pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drystone.registers.school.access import public


@public("nobody has an account yet; closed once there is a school")
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "set_up/start.html")
