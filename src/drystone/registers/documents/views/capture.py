"""Signatures on paper: a sheet to print and have signed, and what was signed entered by the office."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from drystone.registers.documents.forms import PaperForm, StrikeForm
from drystone.registers.documents.models import Acknowledgement
from drystone.registers.documents.queries import asked_of_one, called, live_of, notices, people_of
from drystone.registers.documents.services import acknowledging as verbs
from drystone.registers.documents.words import blocks
from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.views import person_of, school_of, within

AT_ONCE = 100  # names with a box on one page


@needs("documents.record_paper")
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """P47, P48: for those who do not sign in. What is entered wrongly is struck out, never deleted."""
    school, today = school_of(request), timezone.localdate()
    live = live_of(get_object_or_404(notices(school), pk=pk, ended_on=None))
    missing = [row for row in asked_of_one(live, today) if row.read is None]
    text = request.GET.get("text", "").strip()[:100]
    named = called(school, text) if text else None
    fitting = [row for row in missing if named is None or row.person in named]
    shown, readers = fitting[:AT_ONCE], people_of(school, fitting[:AT_ONCE])
    open_to = [(str(row.person), readers[row.person].name) for row in shown]
    form = PaperForm(request.POST or None, open_to=open_to, initial={"read_on": today})
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, person_of(request)
        people = list(school.people.filter(pk__in=given["people"]))
        taken = attempt(
            form,
            lambda: verbs.take_note_on_paper(
                version=live.version, people=people, read_on=given["read_on"], note=given["note"], by=by
            ),
        )
        if taken is not None:
            messages.success(request, f"{len(taken)} entered from paper.")
            return redirect("documents:who", pk=pk)
    page = {"live": live, "form": form, "text": text, "missing": len(missing), "more": len(fitting) - len(shown)}
    return render(request, "documents/paper.html", {**page, "open_to": open_to, "many": len(missing) > AT_ONCE})


@needs("documents.record_paper")
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The text, and a line to sign for each who has yet to read it."""
    live = live_of(get_object_or_404(notices(school_of(request)), pk=pk, ended_on=None))
    rows = [row for row in asked_of_one(live, timezone.localdate()) if row.read is None]
    people = people_of(school_of(request), rows)
    page = {"live": live, "readers": [people[row.person] for row in rows], "blocks": blocks(live.version.body)}
    return render(request, "documents/sheet.html", page)


@needs("documents.record_paper")
def strike(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Acknowledgement, pk, "version__document__school")
    form = StrikeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, reason = person_of(request), form.cleaned_data["reason"]
        if attempt(form, lambda: verbs.strike_out(acknowledgement=thing, by=by, reason=reason)):
            messages.success(request, f"The entry for {thing.person.name} does not count any more.")
            return redirect("documents:who", pk=thing.version.document_id)
    return render(request, "documents/strike.html", {"thing": thing, "form": form})
