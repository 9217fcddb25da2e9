"""What is open for a while, beside the rules: the register, one of it, ending it early."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.pages import page_of, school_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.unblock.forms import EndForm, GrantSearch
from drystone.registers.unblock.models import Grant
from drystone.registers.unblock.queries import grants_like, visible, visible_grants
from drystone.registers.unblock.services.grants import end_grant as end
from drystone.registers.unblock.services.grants import may_end


@needs("unblock.view_grants")
@require_safe
def grants(request: HttpRequest) -> HttpResponse:
    search, found = _found(request)
    page, pagination = page_of(request, found)
    context = {
        "search": search,
        "page": page,
        "pagination": pagination,
        "now": timezone.now(),
        "filtered": any(search.cleaned_data.values()),
    }
    return render(request, "unblock/grants.html", context)


@needs("unblock.view_grants")
@require_safe
def grants_csv(request: HttpRequest) -> HttpResponseBase:
    _, found = _found(request)
    heading = ["Name in events", "Site", "Open for", "Since", "Until", "Reason", "By", "Ended early", "By", "Why"]

    def local(at: Any) -> str:
        return timezone.localtime(at).isoformat(" ", "minutes") if at else ""

    rows = (
        (each.key, each.host, each.whom, local(each.since), local(each.until), each.reason, each.by_name,
         local(each.ended_at), each.ended_by_name, each.ended_reason)
        for each in found.iterator(500)
    )  # fmt: skip
    return csv_response("open-for-a-time", heading, rows)


@needs("unblock.view_grants")
@require_safe
def grant(request: HttpRequest, number: int) -> HttpResponse:
    found = _grant(request, number)
    seen = visible(school_of(request), request.person).filter(grant=found)  # type: ignore[attr-defined]
    context = {
        "grant": found,
        "open": found.open_at(timezone.now()),
        "requests": list(seen),
        "may_end": may_end(found, request.person),  # type: ignore[attr-defined]
    }
    return render(request, "unblock/grant.html", context)


@needs("unblock.decide")
@require_http_methods(["GET", "HEAD", "POST"])
def end_grant(request: HttpRequest, number: int) -> HttpResponse:
    found = _grant(request, number)
    form = EndForm(request.POST if request.method == "POST" else None)
    if not may_end(found, request.person):  # type: ignore[attr-defined]
        messages.info(request, "Only who allowed it, or who decides for the school, can end it.")
        return redirect("unblock:grant", found.pk)
    if request.method == "POST" and form.is_valid():
        try:
            end(grant=found, by=request.person, reason=form.cleaned_data["reason"])  # type: ignore[attr-defined]
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, f"{found.host} is closed again within two seconds.")
            return redirect("unblock:grants")
    context = {"grant": found, "form": form}
    return render(request, "unblock/end_grant.html", context, status=422 if form.errors else 200)


def _found(request: HttpRequest) -> tuple[GrantSearch, Any]:
    search = GrantSearch(request.GET)
    search.is_valid()
    found = visible_grants(school_of(request), request.person)  # type: ignore[attr-defined]
    return search, grants_like(found, search.cleaned_data, timezone.now())


def _grant(request: HttpRequest, number: int) -> Grant:
    return get_object_or_404(visible_grants(school_of(request), request.person), pk=number)  # type: ignore[attr-defined]
