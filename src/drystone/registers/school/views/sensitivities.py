"""What is to be borne in mind about a pupil: a page of its own, for the safeguarding lead and their deputies."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.families import SensitivityForm
from drystone.registers.school.models import Person, Sensitivity
from drystone.registers.school.reach import Viewer, people_for
from drystone.registers.school.seals import SealError, unseal
from drystone.registers.school.services import sensitivities as verbs
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import seen, viewer_of


@needs(verbs.PERMISSION)
@never_cache
def sensitivities(request: HttpRequest, pk: int) -> HttpResponse:
    """Their own child's page is not there for them. Opening it leaves a trace."""
    viewer, thing = viewer_of(request), seen(request, verbs.PERMISSION, pk)
    if not verbs.may_open(viewer, thing):
        raise Http404
    form = SensitivityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: _note(viewer, thing, text)):
            messages.success(request, "It is noted.")
            return redirect("school:sensitivities", pk=pk)
    trouble, lines = "", []
    try:
        verbs.note_look(person=thing, by=viewer)
    except SealError as error:  # what leaves no trace is not shown
        trouble = str(error)
    else:
        lines = [(each, *_open(each, thing)) for each in thing.sensitivities.select_related("made_by")]
    context = {"thing": thing, "lines": lines, "form": form, "trouble": trouble}
    return render(request, "school/sensitivities.html", context)


@needs(verbs.PERMISSION)
@require_POST
def end_sensitivity(request: HttpRequest, pk: int) -> HttpResponse:
    viewer = viewer_of(request)
    reached = people_for(viewer, verbs.PERMISSION).values("pk")
    thing = get_object_or_404(Sensitivity.objects.filter(person__in=reached).select_related("person__school"), pk=pk)
    if not verbs.may_open(viewer, thing.person):
        raise Http404
    try:
        verbs.end_sensitivity(sensitivity=thing, by=viewer)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "It is ended, and stays readable as ended.")
    return redirect("school:sensitivities", pk=thing.person_id)


def _note(viewer: Viewer, person: Person, text: str) -> Sensitivity:
    try:
        return verbs.note_sensitivity(person=person, by=viewer, text=text)
    except SealError as error:
        raise Refused(str(error)) from error


def _open(sensitivity: Sensitivity, person: Person) -> tuple[str, str]:
    """The text, or why it cannot be read: one that is lost hides no other."""
    try:
        return unseal(sensitivity.sealed, school=person.school, about=person.key), ""
    except SealError as error:
        return "", str(error)
