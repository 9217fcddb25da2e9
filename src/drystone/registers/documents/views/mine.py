"""One's own notices: what to read, what one has read."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from drystone.registers.documents.models import Document, Version
from drystone.registers.documents.queries import live_of, own
from drystone.registers.documents.queries import notices as notices_of
from drystone.registers.documents.services.acknowledging import take_note
from drystone.registers.documents.words import blocks
from drystone.registers.school.access import needs
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, school_of


@needs("documents.take_note")
def notices(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    return render(request, "documents/mine.html", {"rows": own(person_of(request), today), "today": today})


@needs("documents.take_note")
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """P02, P47, P48: the text whole, and one button below it. Whoever keeps the register may look at it too."""
    today = timezone.localdate()
    mine = next(((live, asked) for live, asked in own(person_of(request), today) if live.document.pk == pk), None)
    if request.method == "POST" and mine:
        return _read(request, mine[0].version.pk, pk)
    if mine is None:
        document = _of_register(request, pk)
        live, asked = live_of(document), None
    else:
        live, asked = mine
    page = {"live": live, "asked": asked, "blocks": blocks(live.version.body), "today": today}
    return render(request, "documents/notice.html", page)


def _read(request: HttpRequest, version: int, pk: int) -> HttpResponse:
    shown = request.POST.get("shown", "")
    try:
        # unscoped: the version was found among this person's own
        take_note(version=Version.objects.get(pk=version), person=person_of(request), shown=shown)
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
        return redirect("documents:notice", pk=pk)
    messages.success(request, "Thank you. It is on record that you have read it.")
    return redirect("home")


def _of_register(request: HttpRequest, pk: int) -> Document:
    permissions: frozenset[str] = request.permissions  # type: ignore[attr-defined]
    document = notices_of(school_of(request)).filter(pk=pk).first()
    if document is None or "documents.view_register" not in permissions:
        raise Http404("no such notice for this reader")
    return document
