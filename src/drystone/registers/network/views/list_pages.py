"""Lists of sites: what there is, adding, updating, and how an update goes."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.filtering import editions, sources
from drystone.engine.filtering.sources import Source, SourceError
from drystone.registers.network.catalog import all_sources, catalog
from drystone.registers.network.forms.lists import AddListForm
from drystone.registers.network.models import ListUpdate
from drystone.registers.network.services import lists as services
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.tasks import update_list
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import needs

REFRESH_SECONDS = 2
HISTORY = 20


@needs("network.view_rules")
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    found, faults = all_sources()
    services.give_up_silent()
    # unscoped: lists are the house's; only their names are read here
    under_way = {update.source: update for update in ListUpdate.objects.filter(state__in=services.UNDER_WAY)}
    published = _published(request)
    context = {
        "rows": [_row(source, published) | {"going": under_way.pop(source.name, None)} for source in found],
        "coming": [update for update in under_way.values() if update.kind == ListUpdate.Kind.ADD],
        "held": editions.all_held(services.lists_folder()),
        "faults": faults,
        "categories": list(catalog().values()),
        "can_update": any(source.updates and source.name != "starter" for source in found),
    }
    return render(request, "network/lists.html", context)


@needs("network.manage_lists")
@require_http_methods(["GET", "HEAD", "POST"])
def add_list(request: HttpRequest) -> HttpResponse:
    """A source is read whole and looked at before anything filters by it."""
    form = AddListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            asked = services.ask_to_add(
                school=school_of(request),
                by=request.person,  # type: ignore[attr-defined]
                name=values["name"],
                origin=values["origin"],
                upload=values["upload"],
                form=values["form"],
                licence=values["licence"],
                mandatory=bool(values["mandatory"]),
            )
        except services.ListRefused as refused:
            form.add_error("name", str(refused))
        else:
            update_list(asked.pk)
            return redirect("network:list_update", asked.pk)
    return render(request, "network/list_add.html", {"form": form}, status=422 if form.errors else 200)


@needs("network.manage_lists")
@require_http_methods(["POST"])
def update_lists(request: HttpRequest) -> HttpResponse:
    """One source, or all that have somewhere to be asked."""
    wanted = request.POST.get("name")
    names = [wanted] if wanted else [source.name for source in all_sources()[0] if _has_news(source)]
    asked = []
    for name in names:
        try:
            asked.append(services.ask_to_update(school=school_of(request), by=request.person, name=name))  # type: ignore[attr-defined]
        except services.ListRefused as refused:
            messages.error(request, str(refused))
    for update in asked:
        update_list(update.pk)
    if len(asked) == 1:
        return redirect("network:list_update", asked[0].pk)
    return redirect("network:lists")


@needs("network.view_rules")
@require_safe
def list_update(request: HttpRequest, number: int) -> HttpResponse:
    services.give_up_silent()
    found = get_object_or_404(_updates(request), pk=number)
    waits = found.state == ListUpdate.State.DONE and found.outcome == editions.WAITS
    if waits and editions.held(services.lists_folder(), found.source) is not None:
        return redirect("network:list_held", found.source)
    response = render(request, "network/list_update.html", {"update": found})
    if found.under_way:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


@needs("network.view_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def list_source(request: HttpRequest, name: str) -> HttpResponse:
    """Everything of one source; by POST its files are held against what was recorded when they came."""
    source = source_of(request, name)
    if source is None:
        return redirect("network:lists")
    checked = False
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            source, faults = sources.check(services.lists_folder(), name)
        except SourceError as error:
            faults = (str(error),)
        checked = True
    row = _row(source, _published(request))
    context = row | {
        "checked": checked,
        "faults": faults,
        "held": editions.held(services.lists_folder(), name),
        "history": editions.history(services.lists_folder(), name),
        "updates": _updates(request).filter(source=name)[:HISTORY],
        "folders": [(folder, read, source.category(folder)) for folder, read in sorted(source.folders.items())],
    }
    return render(request, "network/list_source.html", context)


def _updates(request: HttpRequest) -> QuerySet[ListUpdate]:
    """What people of this school asked for. What the night did is for every school of the house."""
    mine = Q(school=school_of(request)) | Q(school__isnull=True)
    # unscoped: `mine` names the school
    return ListUpdate.objects.filter(mine)


def source_of(request: HttpRequest, name: str) -> Source | None:
    """None, and a word about it, where there is no such source any more."""
    try:
        return services.known(name)
    except services.ListRefused:
        messages.error(request, f"There are no lists called {name} here.")
        return None


def _has_news(source: Source) -> bool:
    return source.updates and source.name != "starter"


def _published(request: HttpRequest) -> dict[str, str]:
    current = current_publication(school_of(request))
    return {source["name"]: source["sha256"] for source in current.lists} if current else {}


def _row(source: Source, published: dict[str, str]) -> dict[str, object]:
    fetched = _moment(source.fetched_at)
    return {
        "source": source,
        "fetched": fetched,
        "days": (timezone.now() - fetched).days if fetched else None,
        "in_force": published.get(source.name) == source.sha256,
        "mended": sum(folder.mended for folder in source.folders.values()),
        "skipped": sum(folder.skipped for folder in source.folders.values()),
        "has_news": _has_news(source),
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
