"""The audit trail on screen."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.models import AuditEntry
from drystone.registers.school.queries import audit_entries
from drystone.registers.school.services.audit import verify as faults_of
from drystone.registers.school.trail import Reader, Told
from drystone.registers.school.views import school_of, viewer_of

PAGE = 50
HEADINGS = ["Number", "When", "Who", "What", "Subject", "Summary", "Before", "After", "Hash"]


@needs("school.view_audit")
def audit(request: HttpRequest) -> HttpResponseBase:
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("actor", "verb", "text", "since", "until")}
    days = {name: _day(asked[name]) for name in ("since", "until")}
    wrong = [asked[name] for name in days if asked[name] and days[name] is None]
    reader = Reader(viewer_of(request))
    found = audit_entries(school_of(request), **{**asked, **days})  # type: ignore[arg-type]
    if asked["text"]:
        found = reader.may_search(found)
    if request.GET.get("format") == "csv":
        rows = (_row(reader.tell(each)) for each in found.iterator(500))
        return csv_response("audit-trail", HEADINGS, rows)
    chain = AuditEntry.objects.filter(chain=school_of(request).slug).order_by()
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [reader.tell(each) for each in page],
        "asked": asked,
        "wrong": wrong,
        "actors": sorted(set(chain.values_list("actor", "actor_name")), key=lambda pair: pair[1]),
        "verbs": sorted(set(chain.values_list("verb", flat=True))),
        "query": urlencode({name: value for name, value in asked.items() if value}),
    }
    return render(request, "school/audit.html", context)


@needs("school.view_audit")
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    thing = get_object_or_404(AuditEntry, chain=school_of(request).slug, seq=seq)
    told = Reader(viewer_of(request)).tell(thing)
    keys = sorted({*told.before, *told.after})
    changes = [(key, told.before.get(key, ""), told.after.get(key, "")) for key in keys]
    return render(request, "school/audit_entry.html", {"entry": thing, "summary": told.summary, "changes": changes})


@needs("school.view_audit")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    chain = school_of(request).slug
    faults = list(faults_of(chain))
    count = AuditEntry.objects.filter(chain=chain).count()
    return render(request, "school/audit_verified.html", {"faults": faults, "count": count, "at": timezone.now()})


def _row(told: Told) -> list[object]:
    e, at = told.entry, timezone.localtime(told.entry.at).isoformat()
    return [e.seq, at, e.actor_name, e.verb, e.subject, told.summary, told.before, told.after, e.hash]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
