"""Imports: the history, a file that is sent, which column is what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.roll.detect import Kind, detect
from drystone.engine.roll.headings import guess
from drystone.engine.roll.mapping import BadMapping, Mapping
from drystone.engine.roll.opened import LARGEST
from drystone.engine.roll.table import Sample
from drystone.engine.roll.values import UnreadableRoll
from drystone.registers.roll.forms.imports import ColumnsForm, UploadForm
from drystone.registers.roll.models import Run, RunKind, RunState
from drystone.registers.roll.services import imports as services
from drystone.registers.roll.services.columns import known_again, look, remember
from drystone.registers.roll.tasks import read_now
from drystone.registers.roll.uploads import keep
from drystone.registers.roll.views import run_of
from drystone.registers.roll.words import told_of
from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.sizes import takes_up_to
from drystone.registers.school.views import person_of, school_of

PER_PAGE = 20


@needs("roll.import")
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    runs = Run.objects.filter(school=school_of(request), kind=RunKind.FILE).select_related("made_by")
    page, pagination = page_of(request, runs, PER_PAGE)
    context = {"page": page, "pagination": pagination, "rows": [(run, told_of(run)) for run in page]}
    return render(request, "roll/imports.html", context)


@takes_up_to(LARGEST)
@needs("roll.import")
@require_http_methods(["GET", "HEAD", "POST"])
def new_import(request: HttpRequest) -> HttpResponse:
    """A file is looked at before it is kept: what is no roll is refused on this very page."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid() and (run := attempt(form, lambda: _take(request, form))):
        return redirect("roll:columns" if run.state == RunState.MAPPING else "roll:run", number=run.pk)
    return render(request, "roll/new_import.html", {"form": form}, status=422 if form.errors else 200)


def _take(request: HttpRequest, form: UploadForm) -> Run:
    """Raises Refused, and then nothing of the file is kept."""
    names: list[str] = form.cleaned_data["names"]
    name = names[0] if len(names) == 1 else f"OneRoster, {len(names)} files"
    run = services.begin(
        school=school_of(request), by=person_of(request), file_name=name, on=timezone.localdate(),
        size=sum(file.size or 0 for file in form.sent),
    )  # fmt: skip
    path = services.upload_of(run)
    try:
        keep(form.sent, path)
        kind = detect(path)
        _know_columns(run, kind)
    except (UnreadableRoll, Refused) as refused:
        path.unlink(missing_ok=True)
        run.delete()
        raise Refused(str(refused).replace(path.name, f"“{name}”"), field="upload") from None
    if run.state == RunState.READING:
        read_now(run.pk)
    return run


def _know_columns(run: Run, kind: Kind) -> None:
    """A table's columns are known again, or somebody is asked. UnreadableRoll if there is no table in it."""
    if kind not in (Kind.CSV, Kind.WORKBOOK):
        return
    seen = look(services.upload_of(run))
    run.mapping = known_again(run.school, seen.headings)
    if run.mapping is None:
        run.state = RunState.MAPPING
    run.save(update_fields=["mapping", "state"])


@needs("roll.import")
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, number: int) -> HttpResponse:
    run = run_of(request, number)
    path = services.upload_of(run)
    if run.state not in (RunState.MAPPING, RunState.WAITING) or not path.exists():
        return redirect("roll:run", number=run.pk)
    try:
        seen = look(path, request.GET.get("sheet", ""))
    except UnreadableRoll as unreadable:
        messages.error(request, str(unreadable).replace(path.name, f"“{run.file_name}”"))
        return redirect("roll:columns" if request.GET.get("sheet") else "roll:imports", number=run.pk)
    form = ColumnsForm(request.POST or None, sample=seen, guess=_guessed(run, seen))
    if request.method == "POST" and form.is_valid():
        by = person_of(request)
        if attempt(form, lambda: _chosen(run, form, by)):
            read_now(run.pk)
            return redirect("roll:run", number=run.pk)
    context = {"run": run, "form": form, "sheet": seen, "columns": form.columns()}
    return render(request, "roll/columns.html", context, status=422 if form.errors else 200)


def _chosen(run: Run, form: ColumnsForm, by: object) -> Run:
    mapping = remember(school=run.school, by=by, mapping=form.mapping())  # type: ignore[arg-type]
    return services.choose_columns(run=run, by=by, mapping=mapping)  # type: ignore[arg-type]


def _guessed(run: Run, seen: Sample) -> Mapping:
    """What the run is read by now, else the likeliest."""
    try:
        return Mapping.from_dict(run.mapping.columns) if run.mapping else seen.guess
    except BadMapping:
        return guess(seen.headings)
