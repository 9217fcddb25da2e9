"""Schedules: the times that rules can name."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drystone.registers.network.forms import ScheduleForm
from drystone.registers.network.forms.schedules import initial_of
from drystone.registers.network.models import Schedule
from drystone.registers.network.services import schedules as services
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import needs


@needs("network.view_rules")
@require_safe
def schedules(request: HttpRequest) -> HttpResponse:
    standing = Count("rules", filter=Q(rules__withdrawn_at__isnull=True))
    rows = (
        Schedule.objects.filter(school=school_of(request), removed_at__isnull=True)
        .annotate(used=standing)
        .prefetch_related("further")
    )
    return render(request, "network/schedules.html", {"schedules": rows})


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def add_schedule(request: HttpRequest) -> HttpResponse:
    return _ask(request, None)


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def change_schedule(request: HttpRequest, slug: str) -> HttpResponse:
    return _ask(request, _schedule(request, slug))


@needs("network.change_rules")
@require_POST
def remove_schedule(request: HttpRequest, slug: str) -> HttpResponse:
    schedule = _schedule(request, slug)
    try:
        services.remove_schedule(schedule=schedule, by=request.person)  # type: ignore[attr-defined]
    except services.ScheduleRefused as refused:
        messages.error(request, str(refused))
        return redirect("network:change_schedule", slug)
    messages.success(request, f"Removed the schedule {schedule}.")
    return redirect("network:schedules")


def _ask(request: HttpRequest, schedule: Schedule | None) -> HttpResponse:
    if request.method != "POST":
        form = ScheduleForm(initial=initial_of(schedule) if schedule else {"days": list("01234"), "within": "term"})
        return _form(request, form, schedule)
    form = ScheduleForm(request.POST)
    if form.is_valid():
        values, first = form.cleaned_data, form.first()
        try:
            made = services.save_schedule(
                school=school_of(request),
                by=request.person,  # type: ignore[attr-defined]
                name=values["name"],
                days=first[0],
                starts=first[1],
                ends=first[2],
                further=form.further(),
                dates=values["dates"],
                within=Schedule.Within("" if values["within"] == "always" else values["within"]),
                schedule=schedule,
            )
        except services.ScheduleRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, f"Saved the schedule {made}: {made.in_words}.")
            return redirect("network:schedules")
    return _form(request, form, schedule)


def _form(request: HttpRequest, form: ScheduleForm, schedule: Schedule | None) -> HttpResponse:
    context = {"form": form, "schedule": schedule}
    return render(request, "network/schedule_form.html", context, status=422 if form.errors else 200)


def _schedule(request: HttpRequest, slug: str) -> Schedule:
    return get_object_or_404(Schedule, school=school_of(request), slug=slug, removed_at__isnull=True)
