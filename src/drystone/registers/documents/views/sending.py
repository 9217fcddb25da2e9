"""Writing a notice, looking at it as readers will, sending it; changing and ending one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.registers.documents.audiences import in_words, names_of
from drystone.registers.documents.built_in import COORDINATOR, Text, built_in
from drystone.registers.documents.forms import ChangeForm, NoticeForm, filled
from drystone.registers.documents.models import Document, Kind, Version
from drystone.registers.documents.queries import asked_of_one, live_of, notices, untold_coordinator, would_be_asked
from drystone.registers.documents.services import notices as verbs
from drystone.registers.documents.words import blocks
from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, school_of

OWN = {"days": 14, "audience": ["staff"]}  # how a notice of the school's own begins


@needs("documents.send")
def send(request: HttpRequest) -> HttpResponse:
    """P47, P48: one that is ready (`?ready=`), in the school's words, or one of the school's own."""
    school, by = school_of(request), person_of(request)
    slug = request.GET.get("ready", "")
    ready = built_in().get(slug)
    if slug and (ready is None or ready.kind != Kind.NOTICE or slug == COORDINATOR):
        return redirect("documents:send")
    initial = OWN if ready is None else _of_text(ready.text)
    form = NoticeForm(request.POST or None, initial=initial)
    return _written(
        request,
        form,
        {"heading": "Send a notice", "ready": ready, "done": "Send it"},
        lambda text: verbs.send_notice(school=school, by=by, text=text, slug=slug),
    )


@needs("documents.send")
@require_POST
def tell(request: HttpRequest) -> HttpResponse:
    """P02: who the co-ordinator is, to everybody with an account, where that was not told when they were named."""
    holding = untold_coordinator(school_of(request), timezone.localdate())
    if holding is not None:
        told = verbs.tell_of_coordinator(holding=holding, by=person_of(request))
        messages.success(request, f"“{told.title}” is sent. It stands on the first page of everybody with an account.")
    return redirect("documents:register")


@needs("documents.send")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    version, by = live_of(document).version, person_of(request)
    form = ChangeForm(request.POST or None, initial=filled(version))
    read = request.POST.get("read", str(version.number))

    def write(text: Text) -> Version:
        anew = form.cleaned_data["anew"] == "anew"
        number = int(read) if read.isdecimal() else 0
        return verbs.change_notice(document=document, by=by, text=text, anew=anew, read=number)

    page = {"heading": f"Change “{version.title}”", "ready": None, "done": "Put it in its place", "read": read}
    return _written(request, form, {**page, "document": document}, write)


@needs("documents.send")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    live = live_of(_document(request, pk))
    if request.method == "POST":
        try:
            verbs.end_notice(document=live.document, by=person_of(request))
            messages.success(request, f"Nobody is asked any more to read “{live.version.title}”.")
        except Refused as refusal:
            messages.error(request, f"{refusal}.")
        return redirect("documents:register")
    missing = sum(row.read is None for row in asked_of_one(live, timezone.localdate()))
    return render(request, "documents/end.html", {"live": live, "missing": missing})


def _written(
    request: HttpRequest, form: NoticeForm, page: dict[str, Any], write: Callable[[Text], Version]
) -> HttpResponse:
    """The form; then the notice as readers will have it, with the same words hidden below; then it is sent."""
    if request.method == "POST" and form.is_valid() and "again" not in request.POST:
        text = form.text()
        if "send" in request.POST:
            if saved := attempt(form, lambda: write(text)):
                messages.success(request, f"“{saved.title}” is sent. It stands on the first page of those it is for.")
                return redirect("documents:who", pk=saved.document_id)
        else:
            asked = would_be_asked(school_of(request), text.audience, timezone.localdate())
            seen = {"text": text, "blocks": blocks(text.body), "asked": asked, "whom": in_words(text.audience)}
            return render(request, "documents/preview.html", {**page, **seen, "form": form})
    return render(request, "documents/write.html", {**page, "form": form})


def _of_text(text: Text) -> dict[str, object]:
    said = {"title": text.title, "body": text.body, "why": text.why, "days": text.days}
    return {**said, "audience": names_of(text.audience)}


def _document(request: HttpRequest, pk: int) -> Document:
    return get_object_or_404(notices(school_of(request)), pk=pk)
