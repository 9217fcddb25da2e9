"""Sign-ons that other systems told of, and the systems that may tell."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.views import person_of, school_of, within
from drystone.registers.signon import queries
from drystone.registers.signon.forms import SessionsForm, SourceForm, in_school_time
from drystone.registers.signon.models import Session, SessionSource
from drystone.registers.signon.services import sources as verbs
from drystone.registers.signon.services.lookups import note_lookup

PAGE = 50


@needs("signon.view_sessions")
def sessions(request: HttpRequest) -> HttpResponseBase:
    """P62: who had which address when. P42: that somebody looked is on record."""
    school, now = school_of(request), timezone.now()
    form = SessionsForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    found = queries.sessions(
        school,
        text=given.get("text", ""),
        state=given.get("state", ""),
        since=given.get("since"),
        until=given.get("until"),
        now=now,
        seen_by=person_of(request),
    )
    query = request.GET.copy()
    for name in ("page", "format"):
        query.pop(name, None)
    csv = request.GET.get("format") == "csv"
    note_lookup(school=school, by=person_of(request), text=given.get("text", ""), as_file=csv)
    if csv:
        headings = ["Sign-on name", "Name", "Address", "From", "To", "Told by"]
        return csv_response("sign-ons", headings, (_row(session) for session in found.iterator(1000)))
    context = {
        "form": form,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "now": now,
        "ever": Session.objects.filter(school=school).exists(),
        "filtered": bool(query),
    }
    return render(request, "signon/sessions.html", context, status=422 if form.errors else 200)


def _row(session: Session) -> list[object]:
    since, until = (in_school_time(session.school, moment) for moment in (session.since, session.ends_at))
    name = session.person.name if session.person else ""
    return [
        session.sign_on,
        name,
        session.address,
        f"{since:%Y-%m-%d %H:%M:%S}",
        f"{until:%Y-%m-%d %H:%M:%S}",
        session.source.name,
    ]


@needs("signon.change_sources")
def sources(request: HttpRequest) -> HttpResponse:
    every = SessionSource.objects.filter(school=school_of(request)).select_related("integration")
    return render(request, "signon/sources.html", {"sources": every, "address": _address(request)})


@needs("signon.change_sources")
@never_cache
def new_source(request: HttpRequest) -> HttpResponse:
    school, by = school_of(request), person_of(request)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: verbs.add_source(school=school, by=by, **form.cleaned_data))
        if made is not None:
            source, token = made
            context = {"source": source, "token": token, "address": _address(request)}
            return render(request, "signon/token.html", context)
    return render(request, "signon/source.html", {"form": form})


@needs("signon.change_sources")
def revoke_source(request: HttpRequest, pk: int) -> HttpResponse:
    source = within(request, SessionSource, pk)
    if request.method == "POST" and not source.integration.revoked_at:
        verbs.revoke_source(source=source, by=person_of(request))
        messages.success(request, f"“{source.name}” may not tell of sign-ons any more.")
        return redirect("signon:sources")
    return render(request, "signon/revoke.html", {"source": source})


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri("/sign-on/api/sessions")
