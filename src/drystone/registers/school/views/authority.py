"""Pages of the council or trust: its schools, with the states of their boards, and a new one."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from drystone.registers.school.access import needs
from drystone.registers.school.controls import State
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.authority import AddSchoolForm
from drystone.registers.school.hooks import counts_of
from drystone.registers.school.models import School
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.authority import add_school, schools_of
from drystone.registers.school.views import person_of, school_of

Row = tuple[School, Mapping[State, int]]
WORST_FIRST = (State.BREACHED, State.NOT_ASSESSED, State.DUE, State.NOT_RECORDED, State.MET, State.NOT_APPLICABLE)


@needs("school.view_authority")
def authority(request: HttpRequest) -> HttpResponse:
    """P35: a council sees how its schools stand, in numbers; nothing that is about a person, and no page of theirs."""
    text = request.GET.get("text", "").strip()[:100]
    page, pagination = page_of(request, _rows(request, text))
    context = {"page": page, "pagination": pagination, "text": text, "states": WORST_FIRST}
    context["authority"] = school_of(request).authority
    return render(request, "school/authority.html", context)


@needs("school.view_authority")
def authority_csv(request: HttpRequest) -> HttpResponseBase:
    rows = ([school.name, school.dfe_number, *(states.get(state, 0) if states else "" for state in WORST_FIRST)]
            for school, states in _rows(request, ""))  # fmt: skip
    return csv_response("schools", ["School", "DfE number", *(state.value.capitalize() for state in WORST_FIRST)], rows)


@needs("school.add_schools")
@never_cache
def new_school(request: HttpRequest) -> HttpResponse:
    """The head's code is shown this once, on a letter to print."""
    form = AddSchoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if added := attempt(form, lambda: add_school(by=by, **given)):
            address = request.build_absolute_uri("/account/first-time/" if added.code else "/account/sign-in/")
            return render(request, "school/added_school.html", {"added": added, "address": address})
    return render(request, "school/add_school.html", {"form": form, "authority": school_of(request).authority})


def _rows(request: HttpRequest, text: str) -> list[Row]:
    """Whose board is worst comes first; within that by name."""
    found = list(schools_of(person_of(request)).filter(name__icontains=text))
    counts = counts_of(found, timezone.localdate())
    rows = [(school, counts.get(school.pk, {})) for school in found]
    return sorted(rows, key=lambda row: (-row[1].get(State.BREACHED, 0), row[0].name))
