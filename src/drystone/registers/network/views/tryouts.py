"""Try before you publish: ask for it, how it goes, what came of it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.registers.network.catalog import catalog
from drystone.registers.network.forms.tryouts import TryOutForm, TryOutSearch
from drystone.registers.network.models.tryouts import TryOut, TryOutRow, TryOutState, Turn
from drystone.registers.network.services import tryouts as services
from drystone.registers.network.services.changes import current_publication, pending_changes
from drystone.registers.network.tasks import try_out_now
from drystone.registers.network.views.pages import page_of, school_of
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response

REFRESH_SECONDS = 2
SHOWN_CHANGES = 20


@needs("network.try_out")
@require_http_methods(["GET", "HEAD", "POST"])
def try_outs(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    form = TryOutForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = services.ask_to_try_out(school=school, by=request.person, days=form.asked_days)  # type: ignore[attr-defined]
        except services.CannotTryOut as cannot:
            form.add_error(None, str(cannot))
        else:
            try_out_now(asked.pk)
            return redirect("network:try_out", asked.pk)
    services.give_up_silent(school)
    changes = pending_changes(school)
    context = {
        "form": form,
        "changes": changes[:SHOWN_CHANGES],
        "count": len(changes),
        "current": current_publication(school),
        "earlier": TryOut.objects.filter(school=school).defer("tried"),
    }
    return render(request, "network/try_outs.html", context, status=422 if form.errors else 200)


@needs("network.try_out")
@require_safe
def try_out(request: HttpRequest, number: int) -> HttpResponse:
    found = _try_out(request, number)
    if found.under_way:
        services.give_up_silent(found.school)
        found.refresh_from_db()
    search, rows = _search(request, found)
    page, pagination = page_of(request, rows)
    current = current_publication(found.school)
    context = {
        "tried": found,
        "figures": found.figures,
        "groups": _groups(found),
        "turns": Turn,
        "search": search,
        "filtered": any(search.cleaned_data.values()),
        "page": page,
        "pagination": pagination,
        "title": catalog().title,
        "query": request.GET.urlencode(),
        "stale": bool(current and found.before and current.edition != found.before),
    }
    response = render(request, "network/try_out.html", context)
    if found.under_way:
        response["Refresh"] = str(REFRESH_SECONDS)  # a progress bar that moves without a script
    return response


@needs("network.try_out")
@require_safe
def try_out_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    found = _try_out(request, number)
    _, rows = _search(request, found)
    heading = [
        "What becomes of it",
        "Site",
        "Group",
        "Requests",
        "People",
        "Addresses",
        "Blocked in the log",
        "Last",
        "Last page",
        "Category",
        "Rule in force",
        "Answer in force",
        "Rule in the draft",
        "Answer in the draft",
    ]
    lines = (
        (
            row.get_turn_display(),
            row.host,
            row.group_name,
            row.events,
            row.people,
            row.clients,
            row.logged_blocked,
            timezone.localtime(row.last).isoformat(" ", "seconds"),
            row.example,
            catalog().title(row.category) if row.category else "",
            row.rule_before,
            row.reason_before,
            row.rule_after,
            row.reason_after,
        )
        for row in rows.iterator(500)
    )
    return csv_response(f"try-out-{number}", heading, lines)


def _try_out(request: HttpRequest, number: int) -> TryOut:
    """404 for a try-out of another school."""
    return get_object_or_404(TryOut.objects.select_related("school"), school=school_of(request), pk=number)


def _search(request: HttpRequest, found: TryOut) -> tuple[TryOutSearch, QuerySet[TryOutRow]]:
    rows = found.rows.all()
    groups = dict(rows.order_by("group_name").values_list("group", "group_name").distinct())
    search = TryOutSearch(request.GET, groups=groups)
    search.is_valid()  # what is wrong narrows nothing
    values = search.cleaned_data
    for name in ("turn", "group"):
        if values.get(name):
            rows = rows.filter(**{name: values[name]})
    if text := values.get("q", "").strip():
        rows = rows.filter(host__icontains=text)
    return search, rows


def _groups(found: TryOut) -> list[dict[str, object]]:
    """A line for each group: all its requests, and for each turn (requests, sites, people)."""
    if found.state != TryOutState.DONE:
        return []
    turns = {(each["group"], each["turn"]): each for each in found.figures["groups"]}
    return [
        {"name": name or "No group", "events": count, "turns": [turns.get((group, turn)) for turn in Turn.values]}
        for group, name, count in sorted(found.figures["by_group"], key=lambda each: -each[2])
    ]
