"""Parents and carers of a pupil, and a parent's own page."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from drystone.engine.roll.years import year_name
from drystone.registers.school.access import needs
from drystone.registers.school.finding import find
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.families import NewGuardianForm, RelationFields
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role
from drystone.registers.school.queries import current, year_of
from drystone.registers.school.reach import people_for
from drystone.registers.school.services import families
from drystone.registers.school.services.changes import Refused, edition_of, values
from drystone.registers.school.views import person_of, school_of, seen, viewer_of


@needs("school.view_children")
def my_children(request: HttpRequest) -> HttpResponse:
    """Their own children who are at the school, and nothing of anybody else's."""
    viewer = viewer_of(request)
    taught = ClassStaff.objects.filter(starts__lte=viewer.on).filter(Q(ends__isnull=True) | Q(ends__gte=viewer.on))
    found = current(people_for(viewer, "school.view_children"), viewer.on).select_related("school_class")
    staff = Prefetch("school_class__staff", queryset=taught.select_related("person"), to_attr="here")
    children = found.prefetch_related(staff).order_by("given_names", "pk")
    context = {"children": [(child, year_name(year_of(child))) for child in children], "about": school_of(request)}
    return render(request, "school/my_children.html", context)


@needs("school.change_people")
def choose_guardian(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody whom the school knows already, as by a brother or sister; found by name. Else a new person."""
    thing, text = seen(request, "school.change_people", pk), request.GET.get("text", "").strip()[:100]
    found = find(viewer_of(request), text) if text else None
    there = {line.guardian_id for line in thing.guardianships.all()}
    adults = [
        person
        for person in [*found.people, *found.nearly]
        if person.school_class_id is None
        and person.pk not in there
        and all(held.role != Role.PUPIL for held in person.holdings.all())
    ] if found else []  # fmt: skip
    return render(request, "school/choose_guardian.html", {"thing": thing, "text": text, "adults": adults})


@needs("school.change_people")
def add_guardian(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    thing, chosen = seen(request, "school.change_people", pk), seen(request, "school.change_people", number)
    form = RelationFields(request.POST or None, initial={"order": thing.guardianships.count() + 1})
    if request.method == "POST" and form.is_valid():
        by, given, on = person_of(request), form.cleaned_data, timezone.localdate()
        if attempt(form, lambda: families.add_guardian(pupil=thing, guardian=chosen, by=by, on=on, **given)):
            messages.success(request, f"{chosen.name} is a parent or carer of {thing.name}.")
            return redirect("school:person", pk=pk)
    return _form(request, form, f"{chosen.name}, parent or carer of {thing.name}", thing)


@needs("school.change_people")
def new_guardian(request: HttpRequest, pk: int) -> HttpResponse:
    thing = seen(request, "school.change_people", pk)
    form = NewGuardianForm(request.POST or None, initial={"order": thing.guardianships.count() + 1})
    if request.method == "POST" and form.is_valid():
        by, on = person_of(request), timezone.localdate()
        about, relation = form.person(), form.relation()
        added = attempt(form, lambda: families.add_new_guardian(pupil=thing, by=by, on=on, person=about, **relation))
        if added:
            messages.success(request, f"{added.guardian.name} is a parent or carer of {thing.name}.")
            return redirect("school:person", pk=pk)
    return _form(request, form, f"A new parent or carer of {thing.name}", thing)


@needs("school.change_people")
def change_guardian(request: HttpRequest, pk: int) -> HttpResponse:
    line = _line(request, pk)
    now = values(line)
    form = RelationFields(request.POST or None, initial=now, edition=edition_of(now))
    if request.method == "POST" and form.is_valid():
        by, given, on = person_of(request), form.cleaned_data, timezone.localdate()
        if attempt(form, lambda: families.change_guardian(line=line, by=by, on=on, **given)):
            messages.success(request, f"{line.guardian.name} for {line.pupil.name} is saved.")
            return redirect("school:person", pk=line.pupil_id)
    return _form(request, form, f"{line.guardian.name}, parent or carer of {line.pupil.name}", line.pupil, line)


@needs("school.change_people")
def remove_guardian(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first."""
    line = _line(request, pk)
    if request.method == "POST":
        try:
            families.remove_guardian(line=line, by=person_of(request), on=timezone.localdate())
            messages.success(request, f"{line.guardian.name} is no longer a parent or carer of {line.pupil.name}.")
        except Refused as refusal:
            messages.error(request, f"{refusal}.")
        return redirect("school:person", pk=line.pupil_id)
    return render(request, "school/remove_guardian.html", {"line": line})


def _line(request: HttpRequest, pk: int) -> Guardianship:
    reached = people_for(viewer_of(request), "school.change_people")
    lines = Guardianship.objects.filter(pupil__in=reached.values("pk")).select_related("pupil__school", "guardian")
    return get_object_or_404(lines, pk=pk)


def _form(
    request: HttpRequest, form: RelationFields, heading: str, pupil: Person, line: Guardianship | None = None
) -> HttpResponse:
    return render(request, "school/guardian.html", {"form": form, "heading": heading, "pupil": pupil, "line": line})
