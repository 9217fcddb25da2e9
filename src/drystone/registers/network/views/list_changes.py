"""Judging lists: the edition that waits, what came and went, the mapping, the way back, removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.filtering import editions
from drystone.engine.filtering.compare import Difference, read_differences
from drystone.engine.filtering.sources import EDITIONS, Source, SourceError
from drystone.registers.network.forms.lists import DifferenceSearch, MappingForm, SettingsForm
from drystone.registers.network.services import lists as services
from drystone.registers.network.views.list_pages import source_of
from drystone.registers.network.views.pages import pagination, school_of
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response

Counts = Mapping[str, tuple[int, int]]
SHOWN = 100  # entries on a page
SAMPLE = 12
MOST_READ = 200_000  # lines that one page looks through; the CSV has all


@needs("network.manage_lists")
@require_http_methods(["GET", "HEAD", "POST"])
def list_held(request: HttpRequest, name: str) -> HttpResponse:
    """What waits for a person: why, what came and what went; take it or throw it away, with a reason."""
    held = editions.held(services.lists_folder(), name)
    if held is None:
        messages.info(request, f"No edition of {name} waits any more.")
        return redirect("network:lists")
    form = MappingForm(request.POST or None, source=held.source) if held.first else None
    error = ""
    if request.method == "POST":
        try:
            return _judge(request, held, form)
        except services.ListRefused as refused:
            error = str(refused)
    out, counts = _held_differences(name, held)
    context = {
        "held": held,
        "source": held.source,
        "form": form,
        "error": error,
        "reason": request.POST.get("reason", ""),
        "by_list": sorted(counts.items()),
        "samples": {kind: list(islice(read_differences(out, kind=kind), SAMPLE)) for kind in ("came", "went")},
        "examples": [example for folder in held.source.folders.values() for example in folder.examples][:SAMPLE],
        "at_work": "" if held.first else services.known(name).id,
        "kept": {folder: read.kept for folder, read in held.source.folders.items()},
    }
    return render(request, "network/list_held.html", context, status=422 if error else 200)


def _judge(request: HttpRequest, held: editions.Held, form: MappingForm | None) -> HttpResponse:
    name = held.source.name
    common = {
        "school": school_of(request),
        "by": request.person,  # type: ignore[attr-defined]
        "name": name,
        "edition": request.POST.get("edition", ""),
        "reason": request.POST.get("reason", "") or ("Looked at before it was added" if held.first else ""),
    }
    if "refuse" in request.POST:
        services.refuse(**common)
        messages.success(request, f"The edition of {name} was thrown away.")
        return redirect("network:lists")
    mapping = form.mapping() if form is not None and form.is_valid() else {}
    services.accept(mapping=mapping, **common)
    messages.success(request, f"{name} is taken. It filters from the next publication on.")
    return redirect("network:list_source", name)


@needs("network.view_rules")
@require_safe
def list_changes(request: HttpRequest, name: str) -> HttpResponse:
    """Two editions side by side: what came and what went."""
    source, old, new, out, counts = _two_editions(request, name)
    search = DifferenceSearch(request.GET, folders=sorted(counts))
    search.is_valid()
    found = list(islice(_found(search, out), MOST_READ))
    page = Paginator(found, SHOWN).get_page(request.GET.get("page"))
    context = {
        "source": source,
        "old": old,
        "new": new,
        "names": {each.id: each for each in _choices(name)},
        "by_list": sorted(counts.items()),
        "search": search,
        "page": page,
        "more": len(found) == MOST_READ,
        "filtered": any(search.cleaned_data.values()),
        "pagination": pagination(request, page.number, page.paginator.num_pages),
        "query": request.GET.urlencode(),
    }
    return render(request, "network/list_changes.html", context)


@needs("network.view_rules")
@require_safe
def list_changes_csv(request: HttpRequest, name: str) -> HttpResponseBase:
    _, _, _, out, counts = _two_editions(request, name)
    search = DifferenceSearch(request.GET, folders=sorted(counts))
    search.is_valid()
    rows = ((each.folder, each.kind, each.entry) for each in _found(search, out))
    return csv_response(f"list-{name}", ["List", "What", "Entry"], rows)


@needs("network.manage_lists")
@require_http_methods(["GET", "HEAD", "POST"])
def list_settings(request: HttpRequest, name: str) -> HttpResponse:
    """Which categories the lists of a source are, and when an edition waits for a person."""
    source = source_of(request, name)
    if source is None:
        return redirect("network:lists")
    initial = {"shrink": source.shrink, "grow": source.grow, "licence": source.licence}
    form = SettingsForm(request.POST or None, source=source, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.change(
                school=school_of(request),
                by=request.person,  # type: ignore[attr-defined]
                name=name,
                mapping={**form.mapping(), **_forged(request, source)},
                shrink=values["shrink"],
                grow=values["grow"],
                licence=values["licence"],
            )
        except services.ListRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Saved. It holds from the next publication on.")
            return redirect("network:list_source", name)
    context = {"source": source, "form": form}
    return render(request, "network/list_settings.html", context, status=422 if form.errors else 200)


def _forged(request: HttpRequest, source: Source) -> dict[str, str]:
    """A mandatory list has no field to choose in; who sends one all the same is refused, and on record."""
    sent = {folder: request.POST.get(f"map_{folder}") for folder in source.mandatory_folders}
    return {folder: "" if value == "none" else value for folder, value in sent.items() if value is not None}


@needs("network.manage_lists")
@require_http_methods(["GET", "HEAD", "POST"])
def list_back(request: HttpRequest, name: str, edition: str) -> HttpResponse:
    source = source_of(request, name)
    if source is None:
        return redirect("network:lists")
    known = {each.id: each for each in _choices(name)}
    if edition not in known or edition == source.id:
        messages.error(request, f"That edition of {name} is not kept any more, or is at work.")
        return redirect("network:list_source", name)
    error = ""
    if request.method == "POST":
        try:
            services.roll_back(
                school=school_of(request),
                by=request.person,  # type: ignore[attr-defined]
                name=name,
                edition=edition,
                reason=request.POST.get("reason", ""),
            )
        except services.ListRefused as refused:
            error = str(refused)
        else:
            messages.success(request, f"That edition of {name} is at work again. It filters from the next publication.")
            return redirect("network:list_source", name)
    context = {"source": source, "old": known[edition], "error": error, "reason": request.POST.get("reason", "")}
    return render(request, "network/list_back.html", context, status=422 if error else 200)


@needs("network.manage_lists")
@require_http_methods(["GET", "HEAD", "POST"])
def list_remove(request: HttpRequest, name: str) -> HttpResponse:
    source = source_of(request, name)
    if source is None:
        return redirect("network:lists")
    error = ""
    if request.method == "POST":
        try:
            services.remove(
                school=school_of(request),
                by=request.person,  # type: ignore[attr-defined]
                name=name,
                reason=request.POST.get("reason", ""),
            )
        except services.ListRefused as refused:
            error = str(refused)
        else:
            messages.success(request, f"{name} is removed. What is published stays in force until you publish.")
            return redirect("network:lists")
    context = {"source": source, "error": error, "reason": request.POST.get("reason", "")}
    return render(request, "network/list_remove.html", context, status=422 if error else 200)


def _choices(name: str) -> list[Source]:
    """Editions that can be compared: those kept, and the one that waits."""
    held = editions.held(services.lists_folder(), name)
    return [*([held.source] if held else []), *editions.history(services.lists_folder(), name)]


def _two_editions(request: HttpRequest, name: str) -> tuple[Source, str, str, Path, Counts]:
    """(source, older, newer, where what differs lies, counts); the newer is the one at work unless asked otherwise."""
    source = source_of(request, name)
    if source is None:
        raise Http404
    known = _choices(name)
    ids = [each.id for each in known]
    new = request.GET.get("new") or source.id
    old = request.GET.get("old") or next((each for each in ids if each != new), "")
    if not old:
        return source, "", new, services.lists_folder() / "none", {}
    if old not in ids or new not in ids:
        raise Http404
    try:
        out, counts = editions.differences(services.lists_folder(), name, old, new)
    except SourceError as error:
        raise Http404 from error
    return source, old, new, out, counts


def _held_differences(name: str, held: editions.Held) -> tuple[Path, Counts]:
    place = services.lists_folder() / EDITIONS / name / f"{held.source.id}.changes"
    return place, held.source.changes


def _found(search: DifferenceSearch, out: Path) -> Iterator[Difference]:
    values = search.cleaned_data
    return read_differences(out, text=values.get("q", ""), folder=values.get("folder", ""), kind=values.get("kind", ""))
