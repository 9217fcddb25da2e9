"""Years, terms and days closed."""

from dataclasses import replace
from datetime import date

import pytest

from drystone.registers.school.models import AuditEntry, Role, Term
from drystone.registers.school.services import calendar
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.terms import usual_year_from
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return make_person(make_school(), Role.TECHNICIAN)


@pytest.fixture
def year(ada):
    return calendar.add_year(school=ada.school, by=ada, plan=usual_year_from(2026))


def test_a_year_comes_with_its_terms_and_its_bank_holiday(year):
    assert [term.name for term in year.terms.all()] == ["Autumn", "Spring", "Summer"]
    assert year.closures.get().starts == date(2027, 5, 3)
    assert len(AuditEntry.objects.get(verb="add_year").after["terms"]) == 3


def test_the_same_year_twice_is_refused(ada, year):
    with pytest.raises(Refused, match="already"):
        calendar.add_year(school=ada.school, by=ada, plan=usual_year_from(2026))


def test_years_do_not_overlap(ada, year):
    plan = replace(usual_year_from(2027), starts=date(2027, 8, 1))
    with pytest.raises(Refused, match="overlaps"):
        calendar.add_year(school=ada.school, by=ada, plan=plan)


def test_terms_that_overlap_change_nothing(ada, year):
    plan = usual_year_from(2026)
    crossed = replace(plan, terms=(plan.terms[0], replace(plan.terms[1], starts=date(2026, 12, 1)), plan.terms[2]))
    with pytest.raises(Refused, match="before Autumn term ends"):
        calendar.change_terms(year=year, by=ada, plan=crossed)
    assert Term.objects.get(name="Spring").starts == date(2027, 1, 5)


def test_changed_terms_stand_before_and_after_in_the_trail(ada, year):
    plan = usual_year_from(2026)
    later = replace(plan, terms=(replace(plan.terms[0], starts=date(2026, 9, 3)), *plan.terms[1:]))
    calendar.change_terms(year=year, by=ada, plan=later)
    entry = AuditEntry.objects.get(verb="change_terms")
    assert (entry.before["terms"][0]["starts"], entry.after["terms"][0]["starts"]) == ("2026-09-02", "2026-09-03")


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "before the first"),
        (date(2027, 9, 2), date(2027, 9, 2), "not inside the year"),
        (date(2027, 5, 3), date(2027, 5, 4), "closed already"),
    ],
)
def test_days_closed_that_do_not_fit_are_refused(ada, year, starts, ends, words):
    with pytest.raises(Refused, match=words):
        calendar.add_closure(year=year, by=ada, starts=starts, ends=ends, reason="Snow")


def test_days_closed_come_and_go_on_record(ada, year):
    closure = calendar.add_closure(
        year=year, by=ada, starts=date(2026, 11, 2), ends=date(2026, 11, 3), reason="Training"
    )
    calendar.remove_closure(closure=closure, by=ada)
    assert AuditEntry.objects.get(verb="remove_closure").before["reason"] == "Training"
