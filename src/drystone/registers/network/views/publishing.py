"""Publishing: what would change, the button, how it goes, the history, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from drystone.registers.network.models import Publication, PublicationState
from drystone.registers.network.models.publications import UNDER_WAY
from drystone.registers.network.services import publishing as services
from drystone.registers.network.services.changes import current_publication, pending_changes
from drystone.registers.network.tasks import publish_now
from drystone.registers.network.views.pages import page_of, school_of
from drystone.registers.school.access import needs

REFRESH_SECONDS = 2
SHOWN_CHANGES = 200


@needs("network.publish")
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    error = ""
    if request.method == "POST":
        try:
            asked = services.ask_to_publish(school=school, by=request.person, note=request.POST.get("note", ""))  # type: ignore[attr-defined]
        except services.CannotPublish as cannot:
            error = str(cannot)
        else:
            publish_now(asked.pk)
            return redirect("network:publication", asked.pk)
    services.give_up_silent(school)
    changes = pending_changes(school)
    context = {
        "current": current_publication(school),
        "changes": changes[:SHOWN_CHANGES],
        "more": max(0, len(changes) - SHOWN_CHANGES),
        "count": len(changes),
        "under_way": Publication.objects.filter(school=school, state__in=UNDER_WAY).first(),
        "error": error,
        "note": request.POST.get("note", ""),
    }
    return render(request, "network/publish.html", context, status=409 if error else 200)


@needs("network.view_rules")
@require_safe
def publications(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    rows = Publication.objects.filter(school=school).select_related("rolled_back_to").defer("rules", "content")
    page, pagination = page_of(request, rows, 20)
    kept = _kept_editions(request, {row.edition for row in page})
    return render(request, "network/publications.html", {"page": page, "pagination": pagination, "kept": kept})


@needs("network.view_rules")
@require_safe
def publication(request: HttpRequest, number: int) -> HttpResponse:
    found = _publication(request, number)
    if found.under_way:
        services.give_up_silent(found.school)
        found.refresh_from_db()
    context = {"publication": found, "kept": _kept_editions(request, {found.edition}), "text": found.rules}
    response = render(request, "network/publication.html", context)
    if found.under_way:
        response["Refresh"] = str(REFRESH_SECONDS)  # a progress bar that moves without a script
    return response


@needs("network.publish")
@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, number: int) -> HttpResponse:
    found = _publication(request, number)
    error = ""
    if request.method == "POST":
        try:
            new = services.roll_back(publication=found, by=request.person, note=request.POST.get("note", ""))  # type: ignore[attr-defined]
        except services.CannotPublish as cannot:
            error = str(cannot)
        else:
            messages.success(request, f"The edition of {found.asked_at:%d.%m.%Y} is in force again.")
            return redirect("network:publication", new.pk)
    later = Publication.objects.filter(school=found.school, state=PublicationState.DONE, asked_at__gt=found.asked_at)
    context = {"publication": found, "error": error, "later": later.count(), "note": request.POST.get("note", "")}
    return render(request, "network/roll_back.html", context, status=422 if error else 200)


def _publication(request: HttpRequest, number: int) -> Publication:
    """404 for a publication of another school."""
    later = Publication.objects.filter(school=OuterRef("school"), is_current=True, edition=OuterRef("edition"))
    known = Publication.objects.annotate(in_force=Exists(later)).select_related("school", "rolled_back_to")
    return get_object_or_404(known, school=school_of(request), pk=number)


def _kept_editions(request: HttpRequest, editions: set[str]) -> set[str]:
    """Those editions that are still on disk."""
    folder = services.bundle_folder(school_of(request))
    return {edition for edition in editions if edition and (folder / edition / "manifest.json").is_file()}
