"""The school's own page, and its details."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.schools import SchoolForm
from drystone.registers.school.models import Term
from drystone.registers.school.posts import vacant_posts
from drystone.registers.school.queries import coordinator
from drystone.registers.school.services.changes import edition_of, values
from drystone.registers.school.services.schools import change_school
from drystone.registers.school.views import person_of, school_of


@needs("school.view_settings")
def settings(request: HttpRequest) -> HttpResponse:
    school, today = school_of(request), timezone.localdate()
    page = {
        "coordinator": coordinator(school, today),
        "vacant": vacant_posts(school, today),
        "term": Term.objects.filter(year__school=school, ends__gte=today).order_by("starts").first(),
        "today": today,
        "zones": school.zones.select_related("group").prefetch_related("ranges"),
        "groups": school.groups.all(),
        "classes": school.classes.select_related("group"),
    }
    return render(request, "school/settings.html", page)


@needs("school.change_settings")
def details(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    now = values(school) | {"authority": school.authority.name if school.authority else ""}
    form = SchoolForm(request.POST or None, initial=now, edition=edition_of(now))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if attempt(form, lambda: change_school(school=school, by=person_of(request), **given)):
            messages.success(request, "The school’s details are saved.")
            return redirect("school:settings")
    return render(request, "school/details.html", {"form": form})
