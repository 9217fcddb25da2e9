"""The queue, one request of it with the engine's explanation, and the answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.filtering.overlay import Permit
from drystone.registers.network.api import category_titles, explain_for, site_facts, would_open
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.explain import why
from drystone.registers.school.models import Group, School, Zone
from drystone.registers.school.moments import ending
from drystone.registers.school.pages import page_of, school_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.school.views import viewer_of
from drystone.registers.unblock.forms import DecisionForm, QueueSearch
from drystone.registers.unblock.models import Kind, SiteRequest
from drystone.registers.unblock.queries import requests_like, visible
from drystone.registers.unblock.services import deciding
from drystone.registers.unblock.sites import covers, is_ending
from drystone.registers.unblock.words import outcome, who

WHOLE = "unblock.decide_for_school"


@needs("unblock.view_requests")
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    search, found = _found(request)
    page, pagination = page_of(request, found)
    context = {
        "search": search,
        "page": page,
        "pagination": pagination,
        "filtered": any(search.cleaned_data.get(name) for name in search.fields if name != "sort"),
        "who": who,
        "titles": category_titles(),
        **_places(school_of(request)),
    }
    return render(request, "unblock/requests.html", context)


@needs("unblock.view_requests")
@require_safe
def requests_csv(request: HttpRequest) -> HttpResponseBase:
    _, found = _found(request)
    titles = category_titles()
    heading = ["Request", "Asked", "Asks that it", "Site", "Category", "Group", "Place", "Who", "Why", "State",
               "Answered", "By", "Answer"]  # fmt: skip
    rows = (
        (
            each.pk,
            timezone.localtime(each.asked_at).isoformat(" ", "minutes"),
            each.get_kind_display(),
            each.host,
            titles.get(each.category, each.category),
            each.group,
            each.zone,
            who(each),
            each.why,
            each.get_state_display(),
            timezone.localtime(each.decided_at).isoformat(" ", "minutes") if each.decided_at else "",
            each.decided_by_name,
            each.answer,
        )
        for each in found.iterator(500)
    )
    return csv_response("requests", heading, rows)


@needs("unblock.view_requests")
@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: HttpRequest, number: int) -> HttpResponse:
    """One request. Whoever may decide answers it on the same page."""
    found = get_object_or_404(visible(school_of(request), request.person), pk=number)  # type: ignore[attr-defined]
    form = _decision_form(request, found) if _may_decide(request, found) else None
    if request.method == "POST" and form is not None:
        try:
            # The form offers no yes to what is mandatory; whoever sends one all the same is on record.
            if found.kind == Kind.OPEN and request.POST.get("decision") in ("allow", "rule"):
                deciding.refuse_mandatory(request=found, by=request.person)  # type: ignore[attr-defined]
            done = _decide(request, found, form) if form.is_valid() else ""
        except (Refused, NotAllowed) as refused:
            field = getattr(refused, "field", None)
            form.add_error(field if field in form.fields else None, str(refused))
        else:
            if done:
                messages.success(request, done)
                return redirect("unblock:requests")
    return render(request, "unblock/request.html", _about(request, found, form), status=_status(form))


def _found(request: HttpRequest) -> tuple[QueueSearch, Any]:
    named = "unblock.view_askers" in request.permissions  # type: ignore[attr-defined]
    sensitive = "unblock.view_sensitive" in request.permissions  # type: ignore[attr-defined]
    search = QueueSearch(request.GET, school=school_of(request), named=named, sensitive=sensitive)
    search.is_valid()  # what is not valid is left out
    found = visible(school_of(request), request.person)  # type: ignore[attr-defined]
    return search, requests_like(found, search.cleaned_data)


def _may_decide(request: HttpRequest, found: SiteRequest) -> bool:
    return found.waiting and "unblock.decide" in request.permissions  # type: ignore[attr-defined]


def _decision_form(request: HttpRequest, found: SiteRequest) -> DecisionForm:
    permissions = request.permissions  # type: ignore[attr-defined]
    return DecisionForm(
        request.POST if request.method == "POST" else None,
        about=found,
        whole=WHOLE in permissions,
        barred=bool(site_facts(found.school, found.host).mandatory),
        named=getattr(found, "named", False),
        alike=len(deciding.same_site(found, request.person)),  # type: ignore[attr-defined]
        classes=deciding.classes_to_open(found.school, request.person),  # type: ignore[attr-defined]
    )


def _decide(request: HttpRequest, found: SiteRequest, form: DecisionForm) -> str:
    """What was done, in words. Raises Refused or NotAllowed."""
    by, values = request.person, form.cleaned_data  # type: ignore[attr-defined]
    reason, others = values["reason"], bool(values.get("others"))
    match values["decision"]:
        case "allow":
            grant = deciding.allow(
                request=found, by=by, whom=form.asked_for(), until=form.ends(timezone.now()), reason=reason,
                others=others,
            )  # fmt: skip
            return f"{grant.host} is open for {grant.whom} within two seconds, until {ending(grant.until)}."
        case "rule":
            words = deciding.make_rule(request=found, by=by, group=values["rule_for"], reason=reason, others=others)
            return f"{words}. It comes into force when you publish the filter."
        case _:
            deciding.refuse(request=found, by=by, reason=reason, others=others)
            return f"Answered: {found.host} stays {'blocked' if found.kind == Kind.OPEN else 'as it is'}."


def _about(request: HttpRequest, found: SiteRequest, form: DecisionForm | None) -> dict[str, Any]:
    school = school_of(request)
    facts = site_facts(school, found.host, found.category)
    now, asks_to_open = timezone.now(), found.kind == Kind.OPEN
    whom = found.asker if getattr(found, "named", False) else None
    explained = (
        explain_for(school, f"http://{found.host}/", zone=found.zone, group=found.group, person=whom)
        if asks_to_open
        else None
    )
    whole = Permit(id="new", host=covers(found.host), since=now)
    openings = would_open(school, whole, now) if found.waiting and not is_ending(found.host) else ()
    return {
        "found": found,
        "form": form,
        "facts": facts,
        "explained": explained,
        "openings": openings,
        "site": whole.host,
        "who": who(found),
        "because": why(viewer_of(request), found.asker, "unblock.view_requests") if found.asker else "",
        "outcome": outcome(found),
        **_places(school),
    }


def _places(school: School) -> dict[str, dict[str, str]]:
    """Names of zones and groups, for their slugs."""
    return {
        "zones": dict(Zone.objects.filter(school=school).values_list("slug", "name")),
        "groups": dict(Group.objects.filter(school=school).values_list("slug", "name")),
    }


def _status(form: DecisionForm | None) -> int:
    return 422 if form is not None and form.errors else 200
