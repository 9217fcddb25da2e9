"""Traffic, its download, and what was blocked by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drystone.engine.eventlog import LakeError
from drystone.registers.monitoring import blocks as blocked
from drystone.registers.monitoring import nameless, people, queries
from drystone.registers.monitoring.forms import TrafficForm
from drystone.registers.monitoring.services.lookups import note_export, note_lookup
from drystone.registers.network import api as network
from drystone.registers.school.access import needs
from drystone.registers.school.models import Person, School
from drystone.registers.school.reach import kept_from
from drystone.registers.signon import api as signon

if TYPE_CHECKING:
    from drystone.engine.eventlog.questions import Filters

NAMES = "monitoring.view_names"
AGAIN_SECONDS = 10
MOST_ALIKE = 20


@dataclass(slots=True)
class Asked:
    """What the page was asked for: a form that may be wrong, and what it means for the lake."""

    form: TrafficForm
    filters: Filters
    words: queries.Words
    whom: Person | None = None
    alike: tuple[Person, ...] = ()
    range: str = ""


@needs("monitoring.view_traffic")
@require_safe
def traffic(request: HttpRequest) -> HttpResponse:
    school = _school(request)
    asked = _ask(request, school)
    number = _page_number(request.GET)
    rows: list[queries.Row] = []
    total, trouble, share = 0, "", None
    if not asked.form.errors:
        try:
            share = nameless.today(school)
            rows, total = queries.page(school, asked.filters, number, asked.words)
            if not rows and total:
                number = queries.pages_of(total)
                rows, total = queries.page(school, asked.filters, number, asked.words)
        except LakeError as error:
            trouble = str(error)
    if asked.whom is not None:
        note_lookup(school=school, by=request.person, whom=asked.whom)  # type: ignore[attr-defined]
    context = {
        "form": asked.form,
        "asked": asked,
        "rows": rows,
        "total": total,
        "trouble": trouble,
        "named": NAMES in request.permissions,  # type: ignore[attr-defined]
        "today": share,
        "ranges": _ranges(request),
        "query": _without(request.GET, "page", "again").urlencode(),
        "beyond": total > queries.DEEPEST * queries.PER_PAGE,
        "pagination": _pagination(request.GET, number, queries.pages_of(total)),
        "again": "again" in request.GET,
        "filtered": bool(asked.filters),
        "ever": bool(rows) or bool(asked.filters) and bool(queries.lake().count(school.slug)) if not trouble else True,
    }
    response = render(request, "monitoring/traffic.html", context, status=422 if asked.form.errors else 200)
    if "again" in request.GET:
        response["Refresh"] = str(AGAIN_SECONDS)
    return response


@needs("monitoring.view_traffic")
@require_safe
def traffic_csv(request: HttpRequest) -> HttpResponseBase:
    school = _school(request)
    asked = _ask(request, school)
    if asked.form.errors or asked.alike:
        return traffic(request)
    told = {name: str(value) for name, value in asked.filters.items() if value}
    note_export(school=school, by=request.person, filters=told, whom=asked.whom)  # type: ignore[attr-defined]
    response = StreamingHttpResponse(
        queries.csv_rows(school, asked.filters, asked.words), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="traffic-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


@needs("monitoring.view_traffic")
@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    school = _school(request)
    days = 28 if request.GET.get("days") == "28" else 7
    today = timezone.localdate(timezone=ZoneInfo(school.time_zone))
    try:
        found = blocked.by_day(school, today, days, network.category_titles())
    except LakeError as error:
        return render(request, "monitoring/blocks.html", {"trouble": str(error), "days": days, "found": None})
    return render(request, "monitoring/blocks.html", {"found": found, "days": days, "trouble": ""})


@needs("monitoring.view_traffic")
@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """P62: how much of the traffic has no name on it, by day and place. It names nobody."""
    school = _school(request)
    days = 28 if request.GET.get("days") == "28" else 7
    try:
        found = nameless.by_day(school, timezone.localdate(timezone=ZoneInfo(school.time_zone)), days)
    except LakeError as error:
        return render(request, "monitoring/names.html", {"trouble": str(error), "days": days, "found": None})
    return render(request, "monitoring/names.html", {"found": found, "days": days, "trouble": ""})


def _ask(request: HttpRequest, school: School) -> Asked:
    titles = network.category_titles()
    by: Person = request.person  # type: ignore[attr-defined]
    named = NAMES in request.permissions  # type: ignore[attr-defined]
    form = TrafficForm(request.GET, school=school, titles=titles, named=named)
    known = people.by_key(school, by) if named else {}
    devices = signon.device_names(school, by) if named else {}  # a device's name may say whose it is
    clock = ZoneInfo(school.time_zone)
    hidden = frozenset(kept_from(by).values_list("pupil", flat=True))
    words = queries.Words(form.zones, form.groups, titles, known, clock, devices, named, hidden)
    asked = Asked(form, {}, words)
    if not form.is_valid():
        return asked
    values = form.cleaned_data
    asked.filters = _filters(values)
    asked.range = _quick(request, school, asked)
    if values.get("person"):
        _whom(asked, values["person"], people.like(school, values["person"], by), known)
    return asked


def _filters(values: dict[str, Any]) -> Filters:
    filters: Filters = {}
    for name in ("zone", "group", "category", "action"):
        if values[name]:
            filters[name] = values[name]
    if values["q"].strip():
        filters["text"] = values["q"].strip()
    for name in ("since", "until"):
        if values[name]:
            filters[name] = values[name]  # type: ignore[literal-required]
    return filters


def _quick(request: HttpRequest, school: School, asked: Asked) -> str:
    """A quick range, where no beginning was typed."""
    if "since" in asked.filters:
        return ""
    now = timezone.now().astimezone(ZoneInfo(school.time_zone))
    for key, _, since in queries.quick_ranges(now):
        if request.GET.get("range") == key:
            asked.filters["since"] = since
            return key
    return ""


def _whom(asked: Asked, text: str, like: QuerySet[Person], known: dict[str, Person]) -> None:
    """One person, or an error that says why not: nobody of that name, or several."""
    found = list(like[: MOST_ALIKE + 1])
    exact = [person for person in found if person.sign_on.lower() == text.strip().lower()]
    found = exact or found
    keys = {person.pk: key for key, person in known.items()}
    if len(found) > 1:
        asked.alike = tuple(found[:MOST_ALIKE])
        asked.form.add_error("person", "Several people are called that. Choose one below, or write the sign-on name.")
    elif not found or found[0].pk not in keys:
        why = "Nobody here has that name." if not found else "They have no sign-on name, so no traffic names them."
        asked.form.add_error("person", why)
    else:
        asked.whom, asked.filters["person"] = found[0], keys[found[0].pk]


def _ranges(request: HttpRequest) -> list[dict[str, object]]:
    chosen = request.GET.get("range", "")
    query = _without(request.GET, "page", "since", "until", "range")
    words = [("", "All"), *((key, words) for key, words, _ in queries.quick_ranges(timezone.now()))]
    found = []
    for key, text in words:
        each = query.copy()
        if key:
            each["range"] = key
        found.append({"text": text, "href": f"?{each.urlencode()}", "current": key == chosen})
    return found


def _pagination(query: QueryDict, number: int, of: int) -> dict[str, Any]:
    """Options of govukPagination; empty where one page is all."""
    if of < 2:
        return {}

    def href(page: int) -> str:
        each = query.copy()
        each["page"] = str(page)
        each.pop("again", None)
        return f"?{each.urlencode()}"

    shown = sorted({1, of, *range(max(1, number - 1), min(of, number + 1) + 1)})
    items: list[dict[str, Any]] = []
    for place, each in enumerate(shown):
        if place and each > shown[place - 1] + 1:
            items.append({"ellipsis": True})
        items.append({"number": f"{each:,}", "href": href(each), "current": each == number})
    options: dict[str, Any] = {"items": items, "classes": "ds-no-print"}
    if number > 1:
        options["previous"] = {"href": href(number - 1)}
    if number < of:
        options["next"] = {"href": href(number + 1)}
    return options


def _without(query: QueryDict, *names: str) -> QueryDict:
    each = query.copy()
    for name in names:
        each.pop(name, None)
    return each


def _page_number(query: QueryDict) -> int:
    text = query.get("page", "1")
    return min(max(1, int(text)), queries.DEEPEST) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _school(request: HttpRequest) -> School:
    school: School = request.school  # type: ignore[attr-defined]
    return school
