"""The new school year: when, where each class goes, what becomes of everybody, yes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from drystone.registers.roll.forms.new_year import NewYearForm
from drystone.registers.roll.models import Run, RunKind, RunState
from drystone.registers.roll.rollover import cohorts, pupils_on, usual, usual_day, usual_last_day
from drystone.registers.roll.services.new_year import look_ahead
from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.views import person_of, school_of

EARLIER = 5


@needs("roll.import")
@require_http_methods(["GET", "HEAD", "POST"])
def new_year(request: HttpRequest) -> HttpResponse:
    school, today = school_of(request), timezone.localdate()
    found, classes = cohorts(school, today), list(school.classes.all())
    waiting = _newest(request, RunState.PLANNED, RunState.WAITING)
    begins = waiting.on if waiting else usual_day(school, today)
    initial = {
        "on": begins,
        "last_day": waiting.choices["last_day"] if waiting else usual_last_day(school, begins),
    }
    chosen = usual(found, classes) | (waiting.choices["moves"] if waiting else {})
    form = NewYearForm(request.POST or None, cohorts=found, classes=classes, usual=chosen, initial=initial)
    if request.method == "POST" and form.is_valid():
        by, on, last_day = person_of(request), form.cleaned_data["on"], form.cleaned_data["last_day"]
        run = attempt(
            form,
            lambda: look_ahead(school=school, by=by, on=on, last_day=last_day, moves=form.moves(), today=today),
        )
        if run is not None:
            return redirect("roll:run", number=run.pk)
    context = {
        "form": form,
        "rows": form.rows(),
        "nowhere": pupils_on(school, today).count() - sum(each.pupils for each in found),
        "waiting": waiting,
        "earlier": Run.objects.filter(school=school, kind=RunKind.YEAR, applied_at__isnull=False)[:EARLIER],
    }
    return render(request, "roll/new_year.html", context, status=422 if form.errors else 200)


def _newest(request: HttpRequest, *states: RunState) -> Run | None:
    runs = Run.objects.filter(school=school_of(request), kind=RunKind.YEAR, state__in=states)
    return runs.order_by("-pk").first()
