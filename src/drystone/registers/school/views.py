"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drystone.registers.school.access import needs


@needs("school.view_people")
def people(request: HttpRequest) -> HttpResponse:
    return render(request, "school/people.html")


@needs("school.view_settings")
def settings(request: HttpRequest) -> HttpResponse:
    return render(request, "school/settings.html")


@needs("school.view_audit")
def audit(request: HttpRequest) -> HttpResponse:
    return render(request, "school/audit.html")
