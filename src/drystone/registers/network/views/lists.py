"""Installed lists: where they come from, how old they are, under which licence."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drystone.registers.network.catalog import all_sources, catalog
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import needs


@needs("network.view_rules")
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    current = current_publication(school_of(request))
    published = {source["name"]: source["sha256"] for source in current.lists} if current else {}
    sources, faults = all_sources()
    rows = [
        {
            "source": source,
            "fetched": (fetched := _moment(source.fetched_at)),
            "days": (timezone.now() - fetched).days if fetched else None,
            "in_force": published.get(source.name) == source.sha256,
            "mended": sum(folder.mended for folder in source.folders.values()),
            "skipped": sum(folder.skipped for folder in source.folders.values()),
        }
        for source in sources
    ]
    context = {"rows": rows, "faults": faults, "categories": list(catalog().values())}
    return render(request, "network/lists.html", context)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
