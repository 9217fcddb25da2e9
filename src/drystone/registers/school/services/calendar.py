"""The school's calendar: years with their terms, days closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from drystone.registers.school.hooks import announce_filter_change
from drystone.registers.school.models import AcademicYear, Closure, Person, School, Term
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock, values
from drystone.registers.school.terms import YearPlan, faults_of


@transaction.atomic
def add_year(*, school: School, by: Person | None, plan: YearPlan) -> AcademicYear:
    lock(school)
    _refuse_faults(plan)
    if school.years.filter(name=plan.name).exists():
        raise Refused(f"The year {plan.name} is in the calendar already")
    if clash := school.years.filter(starts__lte=plan.ends, ends__gte=plan.starts).first():
        raise Refused(f"The year {plan.name} overlaps the year {clash.name}")
    year = AcademicYear.objects.create(school=school, name=plan.name, starts=plan.starts, ends=plan.ends)
    for term in plan.terms:
        _term(year, term)
    for closure in plan.closures:
        Closure.objects.create(year=year, starts=closure.starts, ends=closure.ends, reason=closure.reason)
    audit.record(
        school=school,
        by=by,
        verb="add_year",
        subject=year,
        summary=f"Academic year {year.name} added",
        after=year_values(year),
    )
    announce_filter_change(school=school, by=by)
    return year


@transaction.atomic
def change_terms(*, year: AcademicYear, by: Person, plan: YearPlan) -> AcademicYear:
    """The three terms anew, all or none."""
    lock(year.school)
    _refuse_faults(plan)
    before = year_values(year)
    year.terms.all().delete()
    for term in plan.terms:
        _term(year, term)
    audit.record(
        school=year.school,
        by=by,
        verb="change_terms",
        subject=year,
        summary=f"Terms of {year.name} changed",
        before=before,
        after=year_values(year),
    )
    announce_filter_change(school=year.school, by=by)
    return year


@transaction.atomic
def add_closure(*, year: AcademicYear, by: Person, starts: date, ends: date, reason: str) -> Closure:
    lock(year.school)
    if ends < starts:
        raise Refused("The last day is before the first day", field="ends")
    if not year.starts <= starts <= ends <= year.ends:
        raise Refused(f"These days are not inside the year {year.name}", field="starts")
    if clash := year.closures.filter(starts__lte=ends, ends__gte=starts).first():
        raise Refused(f"The school is closed already then: {clash.reason}", field="starts")
    closure = Closure.objects.create(year=year, starts=starts, ends=ends, reason=reason)
    audit.record(
        school=year.school,
        by=by,
        verb="add_closure",
        subject=closure,
        summary=f"Closed from {starts} to {ends}: {reason}",
        after=values(closure),
    )
    announce_filter_change(school=year.school, by=by)
    return closure


@transaction.atomic
def remove_closure(*, closure: Closure, by: Person) -> None:
    school = closure.year.school
    audit.record(
        school=school,
        by=by,
        verb="remove_closure",
        subject=closure,
        summary=f"No longer closed from {closure.starts} to {closure.ends}: {closure.reason}",
        before=values(closure),
    )
    closure.delete()
    announce_filter_change(school=school, by=by)


def year_values(year: AcademicYear) -> dict[str, Any]:
    terms = [{k: v for k, v in values(term).items() if k != "year_id"} for term in year.terms.order_by("starts")]
    return {**values(year), "terms": terms}


def _term(year: AcademicYear, plan: Any) -> Term:
    return Term.objects.create(
        year=year,
        name=plan.name,
        starts=plan.starts,
        ends=plan.ends,
        half_term_starts=plan.half_term_starts,
        half_term_ends=plan.half_term_ends,
    )


def _refuse_faults(plan: YearPlan) -> None:
    if faults := faults_of(plan):
        raise Refused(faults[0][2])
