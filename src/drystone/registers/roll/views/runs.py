"""A run over the roll, whatever brought it: how far it is, what it would do, yes, no, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drystone.registers.roll.models import Run, RunKind, RunState, Tab
from drystone.registers.roll.services import imports, new_year
from drystone.registers.roll.services.undo import last_run, undo
from drystone.registers.roll.tasks import carry_out_now, read_now
from drystone.registers.roll.views import run_of
from drystone.registers.roll.views.preview import csv_lines_of, lines_of, shown
from drystone.registers.roll.words import name_of, told_of
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.moments import day
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of

REFRESH_SECONDS = 2
UNDER_WAY = (RunState.READING, RunState.WORKING)


@needs("roll.import")
@require_safe
def run(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, run_of(request, number))


def _page(request: HttpRequest, found: Run, refused: str = "") -> HttpResponse:
    if found.state == RunState.MAPPING:
        return redirect("roll:columns", number=found.pk)
    context: dict[str, Any] = {"run": found, "name": name_of(found), "told": told_of(found)}
    if found.state in UNDER_WAY:
        response = render(request, "roll/under_way.html", context)
        response["Refresh"] = str(REFRESH_SECONDS)  # a page that looks again without a script
        return response
    if found.state == RunState.FAILED:
        return render(request, "roll/failed.html", context)
    context |= {"shown": shown(request, found), "refused": refused}
    if found.state == RunState.WAITING:
        context["yes"] = _yes(found)
        return render(request, "roll/preview.html", context, status=422 if refused else 200)
    context["may_undo"] = found.state == RunState.APPLIED and last_run(found.school) == found
    return render(request, "roll/run.html", context)


def _yes(found: Run) -> str:
    if found.kind == RunKind.FILE:
        return "Apply it"
    return "Begin the new school year now" if found.on <= timezone.localdate() else f"Plan it for {day(found.on)}"


@needs("roll.import")
@require_safe
def lines_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    found, tab = run_of(request, number), request.GET.get("tab", "")
    lines = lines_of(request, found).order_by("tab", "position")
    if tab in Tab.values:
        lines = lines.filter(tab=tab)
    heading = ["Name", "What", "Where in the file", "Why", "Detail", "In Drystone", "In the file"]
    return csv_response(f"{found.kind}-{found.pk}-{tab or 'all'}", heading, csv_lines_of(lines))


@needs("roll.import")
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Answers of one page of questions; the file is then read again by them."""
    found = run_of(request, number)
    asked = found.lines.exclude(key="").values_list("key", flat=True)
    answers = {key: request.POST[key] for key in asked if request.POST.get(key)}
    try:
        imports.decide(run=found, by=person_of(request), answers=answers)
    except Refused as refused:
        return _page(request, found, str(refused))
    read_now(found.pk)
    return redirect("roll:run", number=found.pk)


@needs("roll.import")
@require_POST
def apply(request: HttpRequest, number: int) -> HttpResponse:
    found, by = run_of(request, number), person_of(request)
    try:
        if request.POST.get("digest") != found.digest:
            raise Refused("What is shown here has changed meanwhile. Look at it again before you say yes")
        if found.kind == RunKind.YEAR:
            done = new_year.say_yes(run=found, by=by, digest=found.digest, today=timezone.localdate())
            messages.success(request, _done(done))
        else:
            imports.ask_to_apply(run=found, by=by, leavers=request.POST.get("leavers") == "yes")
            carry_out_now(found.pk)
    except Refused as refused:
        found.refresh_from_db()
        return _page(request, found, str(refused))
    return redirect("roll:run", number=found.pk)


def _done(done: Run) -> str:
    if done.state == RunState.PLANNED:
        return f"It is planned: classes move up in the night before {day(done.on)}."
    return "The new school year has begun."


@needs("roll.import")
@require_POST
def drop(request: HttpRequest, number: int) -> HttpResponse:
    found, by = run_of(request, number), person_of(request)
    year = found.kind == RunKind.YEAR
    try:
        new_year.cancel(run=found, by=by) if year else imports.drop(run=found, by=by)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("roll:run", number=found.pk)
    messages.success(
        request,
        "Everything stays as it is."
        if year
        else "The file was not imported, and is gone from this machine. Nothing was changed.",
    )
    return redirect("roll:new_year" if year else "roll:imports")


@needs("roll.import")
@require_http_methods(["GET", "HEAD", "POST"])
def undo_run(request: HttpRequest, number: int) -> HttpResponse:
    """Taken back whole, or not at all: then the page says what stands in the way."""
    found, refused = run_of(request, number), ""
    if request.method == "POST":
        try:
            undo(run=found, by=person_of(request), on=timezone.localdate())
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, "It is undone: everybody is as they were before.")
            return redirect("roll:run", number=found.pk)
    elif found.state != RunState.APPLIED or last_run(found.school) != found:
        refused = "Only the last import or new school year can be undone, and only while its journal is kept."
    context = {"run": found, "name": name_of(found), "told": told_of(found), "refused": refused}
    return render(request, "roll/undo.html", context, status=409 if refused else 200)
