"""Zones, groups and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from drystone.registers.school.access import needs
from drystone.registers.school.forms import EditedForm, attempt
from drystone.registers.school.forms.places import ClassForm, GroupForm, ZoneForm
from drystone.registers.school.models import Group, SchoolClass, Zone
from drystone.registers.school.services import people as class_verbs
from drystone.registers.school.services import places
from drystone.registers.school.services.changes import Refused, edition_of, values
from drystone.registers.school.views import person_of, school_of, within


@needs("school.change_settings")
def new_zone(request: HttpRequest) -> HttpResponse:
    school, by = school_of(request), person_of(request)
    form = ZoneForm(request.POST or None, school=school)
    return _form_page(request, form, "Add a zone", lambda given: places.add_zone(school=school, by=by, **given))


@needs("school.change_settings")
def zone(request: HttpRequest, pk: int) -> HttpResponse:
    thing, by = within(request, Zone, pk), person_of(request)
    now = places.zone_values(thing)
    initial = now | {"group": thing.group_id, "addresses": "\n".join(map(str, now["addresses"]))}  # type: ignore[call-overload]
    form = ZoneForm(request.POST or None, school=thing.school, initial=initial, edition=edition_of(now))
    gone = {"name": "school:zone_gone", "pk": pk, "text": "Remove this zone"}
    return _form_page(
        request, form, thing.name, lambda given: places.change_zone(zone=thing, by=by, **given), gone=gone
    )


@needs("school.change_settings")
def zone_gone(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Zone, pk)
    about = (
        "Its addresses belong to no zone then. With the next edition of the filter, whoever is there reaches nothing "
        "but the help sites. Rules for this zone are withdrawn with it. What was logged stays."
    )
    return _gone(request, "zone", thing, about, lambda: places.remove_zone(zone=thing, by=person_of(request)))


@needs("school.change_settings")
def new_group(request: HttpRequest) -> HttpResponse:
    school, by = school_of(request), person_of(request)
    form = GroupForm(request.POST or None)
    return _form_page(request, form, "Add a group", lambda given: places.add_group(school=school, by=by, **given))


@needs("school.change_settings")
def group(request: HttpRequest, pk: int) -> HttpResponse:
    thing, by = within(request, Group, pk), person_of(request)
    form = GroupForm(request.POST or None, initial=values(thing), edition=edition_of(values(thing)))
    gone = {"name": "school:group_gone", "pk": pk, "text": "Remove this group"}
    return _form_page(
        request, form, thing.name, lambda given: places.change_group(group=thing, by=by, **given), gone=gone
    )


@needs("school.change_settings")
def group_gone(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Group, pk)
    about = "Its profile goes, and rules for this group are withdrawn with it. What was logged stays."
    return _gone(request, "group", thing, about, lambda: places.remove_group(group=thing, by=person_of(request)))


@needs("school.change_settings")
def new_class(request: HttpRequest) -> HttpResponse:
    school, by = school_of(request), person_of(request)
    form = ClassForm(request.POST or None, school=school)
    return _form_page(request, form, "Add a class", lambda given: class_verbs.add_class(school=school, by=by, **given))


@needs("school.change_settings")
def school_class(request: HttpRequest, pk: int) -> HttpResponse:
    thing, by = within(request, SchoolClass, pk), person_of(request)
    initial = values(thing) | {"group": thing.group_id}
    form = ClassForm(request.POST or None, school=thing.school, initial=initial, edition=edition_of(values(thing)))
    return _form_page(
        request, form, thing.name, lambda given: class_verbs.change_class(school_class=thing, by=by, **given)
    )


def _gone(request: HttpRequest, kind: str, thing: Zone | Group, about: str, remove: Callable[[], None]) -> HttpResponse:
    """Asks first; says why where it cannot be."""
    error = ""
    if request.method == "POST":
        try:
            remove()
        except Refused as refusal:
            error = str(refusal)
        else:
            messages.success(request, f"The {kind} “{thing.name}” is removed.")
            return redirect("school:settings")
    context = {"kind": kind, "thing": thing, "about": about, "error": error}
    return render(request, "school/place_gone.html", context, status=422 if error else 200)


def _form_page(
    request: HttpRequest,
    form: EditedForm,
    heading: str,
    write: Callable[[dict[str, Any]], Any],
    gone: dict[str, Any] | None = None,
) -> HttpResponse:
    """One form, saved by one verb; back to the school's page."""
    if request.method == "POST" and form.is_valid():
        saved = attempt(form, lambda: write(form.cleaned_data))
        if saved is not None:
            messages.success(request, f"“{saved}” is saved. The filter takes it up with its next edition.")
            return redirect("school:settings")
    return render(request, "school/form.html", {"form": form, "heading": heading, "gone": gone})
