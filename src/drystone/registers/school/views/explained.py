"""For the head: who can see a person, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.explain import who_sees
from drystone.registers.school.pages import page_of
from drystone.registers.school.views import seen, viewer_of


@needs("school.explain_access")
def who_sees_them(request: HttpRequest, pk: int) -> HttpResponseBase:
    thing = seen(request, "school.explain_access", pk)
    found = who_sees(thing, viewer_of(request).on)
    if request.GET.get("format") == "csv":
        rows = ([each.who.name, "; ".join(each.because), "; ".join(each.shows)] for each in found)
        return csv_response("who-sees", ["Who", "Because they are", "What they see"], rows)
    page, pagination = page_of(request, found)
    return render(request, "school/who_sees.html", {"thing": thing, "page": page, "pagination": pagination})
