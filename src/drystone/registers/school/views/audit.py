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
from drystone.registers.school.views import school_of

PAGE = 50
HEADINGS = ["Number", "When", "Who", "What", "Subject", "Summary", "Before", "After", "Hash"]


@needs("school.view_audit")
def audit(request: HttpRequest) -> HttpResponseBase:
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("actor", "verb", "text", "since", "until")}
    days = {name: _day(asked[name]) for name in ("since", "until")}
    wrong = [asked[name] for name in days if asked[name] and days[name] is None]
    found = audit_entries(school_of(request), **{**asked, **days})  # type: ignore[arg-type]
    if request.GET.get("format") == "csv":
        rows = (
            [
                e.seq,
                timezone.localtime(e.at).isoformat(),
                e.actor_name,
                e.verb,
                e.subject,
                e.summary,
                e.before,
                e.after,
                e.hash,
            ]
            for e in found.iterator(500)
        )
        return csv_response("audit-trail", HEADINGS, rows)
    chain = AuditEntry.objects.filter(chain=school_of(request).slug).order_by()
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
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
    keys = sorted({*thing.before, *thing.after})
    changes = [(key, thing.before.get(key, ""), thing.after.get(key, "")) for key in keys]
    return render(request, "school/audit_entry.html", {"entry": thing, "changes": changes})


@needs("school.view_audit")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    chain = school_of(request).slug
    faults = list(faults_of(chain))
    count = AuditEntry.objects.filter(chain=chain).count()
    return render(request, "school/audit_verified.html", {"faults": faults, "count": count, "at": timezone.now()})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
