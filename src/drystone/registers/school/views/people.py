"""People: the list, adding and changing somebody, roles, accounts, the co-ordinator."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.engine.roll.years import NAMES
from drystone.registers.school import listing
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.people import CoordinatorForm, EndRoleForm, PersonForm, PupilForm, RoleForm
from drystone.registers.school.models import Role, RoleHolding
from drystone.registers.school.pages import link, page_of
from drystone.registers.school.person_parts import is_pupil
from drystone.registers.school.queries import coordinator as coordinator_of
from drystone.registers.school.services import people as verbs
from drystone.registers.school.services.accounts import give_first_time_code, make_account
from drystone.registers.school.services.changes import Refused, edition_of, values
from drystone.registers.school.services.leaving import add_pupil
from drystone.registers.school.views import person_of, school_of, seen, viewer_of, within


@needs("school.view_people")
def people(request: HttpRequest) -> HttpResponseBase:
    viewer, classes = viewer_of(request), school_of(request).classes.all()
    asked = listing.Asked.of(request.GET, classes)
    found = listing.people(viewer, asked)
    if request.GET.get("format") == "csv":
        rows = (listing.row(viewer, person).cells for person in found.iterator(500))
        return csv_response("people", listing.HEADINGS, rows)
    page, pagination = page_of(request, found)
    context = {
        "asked": asked,
        "page": page,
        "pagination": pagination,
        "rows": [listing.row(viewer, person) for person in page],
        "roles": Role.choices,
        "classes": classes,
        "years": NAMES,
        "states": listing.STATES,
        "csv": link(request, page=None, format="csv"),
    }
    return render(request, "school/people.html", context)


@needs("school.change_people")
def new_person(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    form = PersonForm(request.POST or None, school=school)
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if saved := attempt(form, lambda: verbs.add_person(school=school, by=by, **given)):
            messages.success(request, f"{saved.name} is added. Without a role they may open nothing yet.")
            return redirect("school:person", pk=saved.pk)
    return render(request, "school/form.html", {"form": form, "heading": "Add an adult"})


@needs("school.change_people")
def new_pupil(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    form = PupilForm(request.POST or None, school=school, initial={"joined_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if saved := attempt(form, lambda: add_pupil(school=school, by=by, **given)):
            messages.success(request, f"{saved.name} is added. Now add the parents or carers.")
            return redirect("school:person", pk=saved.pk)
    return render(request, "school/form.html", {"form": form, "heading": "Add a pupil"})


@needs("school.change_people")
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    thing = seen(request, "school.change_people", pk)
    now = values(thing)
    initial = now | {"school_class": thing.school_class_id}
    kind = PupilForm if is_pupil(thing) else PersonForm
    form = kind(request.POST or None, school=thing.school, initial=initial, edition=edition_of(now))
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if attempt(form, lambda: verbs.change_person(person=thing, by=by, **given)):
            messages.success(request, f"{thing.name} is saved.")
            return redirect("school:person", pk=pk)
    return render(request, "school/form.html", {"form": form, "heading": f"Change {thing.name}"})


@needs("school.change_roles")
def new_role(request: HttpRequest, pk: int) -> HttpResponse:
    thing = seen(request, "school.change_roles", pk)
    form = RoleForm(request.POST or None, initial={"starts": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        role = Role(given.pop("role"))
        if attempt(form, lambda: verbs.give_role(person=thing, role=role, by=by, **given)):
            messages.success(request, f"{thing.name} has the role.")
            return redirect("school:person", pk=pk)
    return render(request, "school/form.html", {"form": form, "heading": f"Give {thing.name} a role"})


@needs("school.change_roles")
def end_role(request: HttpRequest, pk: int) -> HttpResponse:
    holding = within(request, RoleHolding, pk, "person__school")
    form = EndRoleForm(request.POST or None, initial={"ends": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if attempt(form, lambda: verbs.end_role(holding=holding, by=by, **given)):
            messages.success(request, f"The last day is saved for {holding.person.name}.")
            return redirect("school:person", pk=holding.person_id)
    heading = f"{holding.person.name} is no longer {Role(holding.role).label.lower()}"
    return render(request, "school/form.html", {"form": form, "heading": heading})


@needs("school.change_roles")
def coordinator(request: HttpRequest) -> HttpResponse:
    """P02: one named co-ordinator; a change is dated, and everybody is told by the help pages at once."""
    school, today = school_of(request), timezone.localdate()
    form = CoordinatorForm(request.POST or None, school=school, initial={"starts": today})
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if saved := attempt(form, lambda: verbs.change_coordinator(school=school, by=by, **given)):
            messages.success(request, f"{saved.person.name} is the e-safety co-ordinator.")
            return redirect("school:settings")
    page = {"form": form, "present": coordinator_of(school, today)}
    return render(request, "school/coordinator.html", page)


@needs("school.give_accounts")
@require_POST
@never_cache
def give_account(request: HttpRequest, pk: int) -> HttpResponse:
    """P45: an account where there is none, and in any case a new code, shown this once."""
    thing, by = seen(request, "school.give_accounts", pk), person_of(request)
    try:
        if thing.user is None:
            make_account(person=thing, by=by)
        code = give_first_time_code(person=thing, by=by)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("school:person", pk=pk)
    address = request.build_absolute_uri("/account/first-time/")
    return render(request, "school/letter.html", {"thing": thing, "code": code, "address": address})
