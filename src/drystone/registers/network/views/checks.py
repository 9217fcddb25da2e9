"""P49: how the filter's tests of itself went: the grid of zones and kinds, each question, the history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from drystone.registers.network import gateways, queries
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import CheckKind, CheckResult, CheckRun, Outcome
from drystone.registers.network.services import selftest
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.tasks import check_now
from drystone.registers.network.views.pages import page_of, school_of
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.models import Zone

REFRESH_SECONDS = 2


@dataclass
class Cell:
    """One zone, through one gateway, for one kind of question."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def outcome(self) -> str:
        if self.counts[Outcome.FAILED]:
            return Outcome.FAILED
        return Outcome.PASSED if self.counts[Outcome.PASSED] else Outcome.NOT_TESTED

    @property
    def words(self) -> str:
        tested = self.counts[Outcome.FAILED] + self.counts[Outcome.PASSED]
        if not tested:
            return "Not tested"
        return f"Passed {self.counts[Outcome.PASSED]} of {tested}"


@needs("network.view_checks")
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    latest = queries.latest_run(school)
    under_way = CheckRun.objects.filter(
        school=school, finished_at__isnull=True, asked_at__gt=timezone.now() - selftest.STALE_AFTER
    ).first()
    page, pagination = page_of(request, CheckRun.objects.filter(school=school, finished_at__isnull=False), 20)
    context = {
        "latest": latest,
        "grid": _grid(latest),
        "kinds": CheckKind.choices,
        "untested": _untested(request, latest),
        "running": gateways.running(school),
        "current": current_publication(school),
        "under_way": under_way,
        "page": page,
        "pagination": pagination,
    }
    response = render(request, "network/checks.html", context)
    if under_way:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


@needs("network.run_checks")
@require_POST
def run_checks(request: HttpRequest) -> HttpResponse:
    try:
        run = selftest.ask_for_check(
            school=school_of(request),
            by=request.person,  # type: ignore[attr-defined]
            trigger=CheckRun.Trigger.PERSON,
        )
    except selftest.CannotCheck as cannot:
        messages.info(request, str(cannot))
    else:
        check_now(run.pk)
    return redirect("network:checks")


@needs("network.view_checks")
@require_safe
def check_run(request: HttpRequest, number: int) -> HttpResponse:
    run = _run(request, number)
    results = run.results.all()
    only = request.GET.get("only", "")
    if only in Outcome.values:
        results = results.filter(outcome=only)
    page, pagination = page_of(request, results, 100)
    context = {
        "run": run,
        "grid": _grid(run),
        "kinds": CheckKind.choices,
        "page": page,
        "pagination": pagination,
        "only": only,
        "title": catalog().title,
    }
    return render(request, "network/check_run.html", context)


@needs("network.run_checks")
@require_POST
def note_check(request: HttpRequest, number: int) -> HttpResponse:
    run = _run(request, number)
    try:
        selftest.note_what_was_done(run=run, by=request.person, text=request.POST.get("text", ""))  # type: ignore[attr-defined]
    except selftest.CannotCheck as cannot:
        messages.error(request, str(cannot))
    else:
        messages.success(request, "Your note is kept with this check.")
    return redirect("network:check_run", number)


@needs("network.view_checks")
@require_safe
def checks_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    run = _run(request, number)
    heading = [
        "When",
        "Who",
        "Gateway",
        "Zone",
        "Group",
        "Kind",
        "Category",
        "Asked for",
        "Expected",
        "Found",
        "Outcome",
    ]
    rows = (
        (
            timezone.localtime(result.at).isoformat(" ", "seconds"),
            run.by_name,
            result.gateway,
            result.zone_name,
            result.group_name,
            result.get_kind_display(),
            catalog().title(result.category) if result.category else "",
            result.target,
            result.expected,
            result.found,
            result.get_outcome_display(),
        )
        for result in run.results.iterator(500)
    )
    return csv_response(f"filter-check-{number}", heading, rows)


def _run(request: HttpRequest, number: int) -> CheckRun:
    """404 for a check of another school."""
    return get_object_or_404(CheckRun.objects.select_related("school"), school=school_of(request), pk=number)


def _grid(run: CheckRun | None) -> list[tuple[tuple[str, str, str], list[Cell]]]:
    """Rows of (gateway, zone, group) with a cell for each kind."""
    if run is None:
        return []
    rows: dict[tuple[str, str, str], dict[str, Cell]] = {}
    columns = ("gateway", "zone_name", "group_name", "kind", "outcome")
    for gateway, zone, group, kind, outcome in CheckResult.objects.filter(run=run).order_by("id").values_list(*columns):
        cells = rows.setdefault((gateway, zone, group), {kind: Cell() for kind in CheckKind.values})
        cells[kind].counts[outcome] += 1
    return [(row, [cells[kind] for kind in CheckKind.values]) for row, cells in rows.items()]


def _untested(request: HttpRequest, run: CheckRun | None) -> list[str]:
    """Zones of the school that the latest run did not know: made or given addresses since."""
    known = set(run.zones) if run else set()
    return [zone.name for zone in Zone.objects.filter(school=school_of(request)) if zone.slug not in known]
