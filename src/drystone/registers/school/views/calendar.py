"""Years with their terms, and days closed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.calendar import ClosureForm, TermsForm
from drystone.registers.school.models import AcademicYear, Closure, School
from drystone.registers.school.services.calendar import add_closure, add_year, change_terms, remove_closure, year_values
from drystone.registers.school.services.changes import edition_of
from drystone.registers.school.terms import TermPlan, YearPlan, usual_year, usual_year_from
from drystone.registers.school.views import person_of, school_of, within


@needs("school.view_settings")
def calendar(request: HttpRequest) -> HttpResponse:
    years = school_of(request).years.prefetch_related("terms", "closures").order_by("-starts")
    page = {"years": years, "next_year": next_plan(school_of(request)), "today": timezone.localdate()}
    return render(request, "school/calendar.html", page)


@needs("school.change_settings")
def new_year(request: HttpRequest) -> HttpResponse:
    plan = next_plan(school_of(request))
    form = TermsForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid():
        school, by = school_of(request), person_of(request)
        if attempt(form, lambda: add_year(school=school, by=by, plan=form.chosen())):
            messages.success(request, f"The year {plan.name} is in the calendar.")
            return redirect("school:calendar")
    return render(request, "school/terms.html", {"form": form, "plan": plan, "heading": f"Add the year {plan.name}"})


@needs("school.change_settings")
def year_terms(request: HttpRequest, pk: int) -> HttpResponse:
    year = within(request, AcademicYear, pk)
    plan = plan_of(year)
    form = TermsForm(request.POST or None, plan=plan, edition=edition_of(year_values(year)))
    if request.method == "POST" and form.is_valid():
        by = person_of(request)
        if attempt(form, lambda: change_terms(year=year, by=by, plan=form.chosen())):
            messages.success(request, f"The terms of {year.name} are saved.")
            return redirect("school:calendar")
    return render(request, "school/terms.html", {"form": form, "plan": plan, "heading": f"Terms of {year.name}"})


@needs("school.change_settings")
def new_closure(request: HttpRequest, pk: int) -> HttpResponse:
    year = within(request, AcademicYear, pk)
    form = ClosureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = person_of(request)
        if attempt(form, lambda: add_closure(year=year, by=by, **form.cleaned_data)):
            messages.success(request, "The days closed are saved.")
            return redirect("school:calendar")
    return render(request, "school/closure.html", {"form": form, "year": year})


@needs("school.change_settings")
@require_POST
def closure_gone(request: HttpRequest, pk: int) -> HttpResponse:
    remove_closure(closure=within(request, Closure, pk, "year__school"), by=person_of(request))
    messages.success(request, "Those days are school days again.")
    return redirect("school:calendar")


def next_plan(school: School) -> YearPlan:
    """The usual dates of the first year that is not there yet."""
    last = school.years.order_by("-ends").first()
    return usual_year_from(last.ends.year) if last else usual_year(timezone.localdate())


def plan_of(year: AcademicYear) -> YearPlan:
    terms = tuple(
        TermPlan(t.name, t.starts, t.ends, t.half_term_starts, t.half_term_ends) for t in year.terms.order_by("starts")
    )
    return YearPlan(year.name, year.starts, year.ends, terms)
