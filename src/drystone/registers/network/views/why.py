"""Why? For an address and somebody, and for a past event."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from drystone.engine.eventlog import Event, LakeError
from drystone.engine.eventlog.event import at_ms
from drystone.engine.filtering.explain import Explanation
from drystone.registers.network.catalog import catalog
from drystone.registers.network.editions import DRAFT
from drystone.registers.network.forms.why import WhyForm
from drystone.registers.network.models import Publication
from drystone.registers.network.views.pages import school_of
from drystone.registers.network.why import CannotExplain, explain_event, explain_now
from drystone.registers.school.access import needs
from drystone.registers.school.lake import lake
from drystone.registers.school.models import School

NAMES = "monitoring.view_names"
_LAST_MS = 253_402_300_799_999
_LAST_OFFSET = 2**62


@needs("network.explain")
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    asked = bool(request.GET)
    named, by = NAMES in request.permissions, request.person  # type: ignore[attr-defined]
    form = WhyForm(request.GET if asked else None, school=school, named=named, by=by)
    found: Explanation | None = None
    if asked and form.is_valid():
        values = form.cleaned_data
        try:
            found = explain_now(
                school,
                values["url"],
                zone=values["zone"],
                group=values["group"],
                person=values.get("person"),
                at=values["at"],
                edition=values["edition"],
            )
        except CannotExplain as cannot:
            form.add_error(None, str(cannot))
    draft = asked and form.is_valid() and form.cleaned_data["edition"] == DRAFT
    context = {"form": form, "found": found, "draft": draft, **_about(school, found)}
    if found is not None:
        context["whom"] = form.cleaned_data.get("person")
    return render(request, "network/why.html", context, status=422 if asked and form.errors else 200)


@needs("network.explain")
@require_safe
def why_event(request: HttpRequest, at: int, segment: str, offset: int) -> HttpResponse:
    """P62, P49: what a past event was decided by, on the edition that it names."""
    school = school_of(request)
    event = _event(school, at, segment, offset)
    replay = explain_event(school, event)
    today = urlencode(
        {"url": f"http://{event.host}{event.path}", "zone": event.zone, "group": event.group if not event.zone else ""}
    )
    context = {
        "event": event,
        "replay": replay,
        "found": replay.explanation,
        "today": f"{reverse('network:why')}?{today}",
        **_about(school, replay.explanation),
    }
    return render(request, "network/why_event.html", context)


def _event(school: School, at: int, segment: str, offset: int) -> Event:
    if at > _LAST_MS or offset > _LAST_OFFSET:
        raise Http404
    try:
        event = lake().event_at(school.slug, (at_ms(at), segment, offset))
    except LakeError as error:
        raise Http404(str(error)) from error
    if event is None:
        raise Http404("no such event; it may have been deleted by age")
    return event


def _about(school: School, found: Explanation | None) -> dict[str, object]:
    if found is None:
        return {}
    edition = found.decision.edition
    return {
        "category": catalog().title(found.decision.category) if found.decision.category else "",
        "publication": Publication.objects.filter(school=school, edition=edition).only("pk", "finished_at").first(),
    }
