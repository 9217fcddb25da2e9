"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drystone.registers.school.access import needs


@needs("network.view_rules")
def rules(request: HttpRequest) -> HttpResponse:
    return render(request, "network/rules.html")


@needs("network.view_checks")
def checks(request: HttpRequest) -> HttpResponse:
    return render(request, "network/checks.html")
