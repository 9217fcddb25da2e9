"""Classes: which there are, who is in them, and whose they are."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from drystone.engine.roll.years import year_name
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.families import ClassStaffForm, EndClassStaffForm
from drystone.registers.school.models import ClassStaff, SchoolClass
from drystone.registers.school.queries import current, year_of
from drystone.registers.school.reach import classes_for, people_for
from drystone.registers.school.services.teaching import add_class_staff, end_class_staff
from drystone.registers.school.views import person_of, viewer_of, within

PERMISSION = "school.view_classes"


@needs(PERMISSION)
def classes(request: HttpRequest) -> HttpResponse:
    viewer = viewer_of(request)
    here = Q(pupils__left_on__isnull=True) | Q(pupils__left_on__gte=viewer.on)
    found = classes_for(viewer, PERMISSION).annotate(count=Count("pupils", filter=here)).order_by("year_group", "name")
    rows = [(each, year_name(each.year_group)) for each in found.prefetch_related(_staff_today(viewer.on))]
    return render(request, "school/classes.html", {"rows": rows})


@needs(PERMISSION)
def school_class(request: HttpRequest, pk: int) -> HttpResponseBase:
    viewer = viewer_of(request)
    thing = get_object_or_404(classes_for(viewer, PERMISSION).select_related("group"), pk=pk)
    found = current(people_for(viewer, PERMISSION).filter(school_class=thing), viewer.on)
    pupils = found.select_related("school_class").order_by("family_name", "given_names", "pk")
    if request.GET.get("format") == "csv":
        rows = ([p.family_name, p.given_names, p.preferred_name, year_name(year_of(p))] for p in pupils)
        return csv_response("class", ["Family name", "Given names", "Known as", "Year"], rows)
    staff = thing.staff.filter(Q(ends__isnull=True) | Q(ends__gte=viewer.on)).select_related("person")
    context = {
        "thing": thing,
        "year": year_name(thing.year_group),
        "pupils": [(pupil, year_name(year_of(pupil))) for pupil in pupils],
        "staff": staff,
        "today": viewer.on,
    }
    return render(request, "school/class.html", context)


@needs("school.change_people")
def new_class_staff(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, SchoolClass, pk)
    form = ClassStaffForm(request.POST or None, school=thing.school, initial={"starts": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if saved := attempt(form, lambda: add_class_staff(school_class=thing, by=by, **given)):
            messages.success(request, f"{saved.person.name} has the class {thing.name}, and sees its pupils.")
            return redirect("school:class", pk=pk)
    return render(request, "school/form.html", {"form": form, "heading": f"{thing.name}: who teaches or helps"})


@needs("school.change_people")
def end_staff(request: HttpRequest, pk: int) -> HttpResponse:
    line = within(request, ClassStaff, pk, "school_class__school")
    form = EndClassStaffForm(request.POST or None, initial={"ends": line.ends or timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        by, ends = person_of(request), form.cleaned_data["ends"]
        if attempt(form, lambda: end_class_staff(line=line, by=by, ends=ends)):
            messages.success(request, f"The last day is saved for {line.person.name}.")
            return redirect("school:class", pk=line.school_class_id)
    heading = f"{line.person.name} no longer has {line.school_class.name}"
    return render(request, "school/form.html", {"form": form, "heading": heading})


def _staff_today(on: date) -> Prefetch[str]:
    lines = ClassStaff.objects.filter(starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return Prefetch("staff", queryset=lines.select_related("person"), to_attr="here")
