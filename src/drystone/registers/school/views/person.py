"""A person's page, to which every register adds its part; and the days on which they come and go."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.utils import timezone
from markupsafe import Markup

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.people import LeaveForm, ReturnForm
from drystone.registers.school.hooks import PersonPart, person_parts
from drystone.registers.school.models import Person
from drystone.registers.school.moments import day
from drystone.registers.school.person_parts import is_pupil
from drystone.registers.school.reach import may_see
from drystone.registers.school.services import leaving
from drystone.registers.school.views import person_of, seen, viewer_of


@needs("school.view_person")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Each part is drawn only for whom its own permission lets see this very person."""
    viewer, thing = viewer_of(request), seen(request, "school.view_person", pk)
    parts = [(part.title, _draw(request, thing, part)) for part in person_parts(viewer, thing)]
    context = {
        "thing": thing,
        "parts": parts,
        "pupil": is_pupil(thing),
        "left": thing.left_on is not None and thing.left_on < viewer.on,
        "never_publish": thing.never_publish and may_see(viewer, "school.view_classes", thing),
        "may_change": may_see(viewer, "school.change_people", thing),
    }
    return render(request, "school/person.html", context)


def _draw(request: HttpRequest, thing: Person, part: PersonPart) -> Markup:
    """With its own context and no other: two parts never read each other's names. Jinja escapes what it prints."""
    about = {"request": request, "permissions": request.permissions, "thing": thing}  # type: ignore[attr-defined]
    return Markup(get_template(part.template).template.render({**part.context, **about}))  # type: ignore[attr-defined] # noqa: S704


@needs("school.change_people")
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    thing, today = seen(request, "school.change_people", pk), timezone.localdate()
    form = LeaveForm(request.POST or None, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        by, on = person_of(request), form.cleaned_data["on"]
        if gone := attempt(form, lambda: leaving.leave(person=thing, by=by, on=on, today=today)):
            with_them = f" So do {', '.join(each.name for each in gone[1:])}." if gone[1:] else ""
            messages.success(request, f"{thing.name} leaves: the last day is {day(on)}.{with_them}")
            return redirect("school:person", pk=pk)
    context = {"form": form, "heading": f"{thing.name} leaves the school", "thing": thing, "pupil": is_pupil(thing)}
    return render(request, "school/leave.html", context)


@needs("school.change_people")
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    """The undo of leaving, before or after the last day."""
    thing = seen(request, "school.change_people", pk)
    initial = {"on": timezone.localdate(), "school_class": thing.school_class_id}
    form = ReturnForm(request.POST or None, school=thing.school, is_pupil=is_pupil(thing), initial=initial)
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if attempt(form, lambda: leaving.come_back(person=thing, by=by, **given)):
            messages.success(request, f"{thing.name} is at the school again.")
            return redirect("school:person", pk=pk)
    return render(request, "school/form.html", {"form": form, "heading": f"{thing.name} comes back"})
