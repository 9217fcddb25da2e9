"""The usual English year, and what does not fit in one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.registers.school.terms import YearPlan, easter_sunday, faults_of, usual_year, usual_year_from


@pytest.mark.parametrize(
    ("year", "easter"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))]
)
def test_easter_falls_when_the_almanac_says(year, easter):
    assert easter_sunday(year) == date(year, *easter)


def test_the_year_2026_to_2027_is_as_councils_published_it():
    year = usual_year_from(2026)
    assert [(term.starts, term.ends) for term in year.terms] == [
        (date(2026, 9, 2), date(2026, 12, 18)),
        (date(2027, 1, 5), date(2027, 3, 25)),  # the day before Good Friday
        (date(2027, 4, 12), date(2027, 7, 21)),
    ]
    assert (year.terms[0].half_term_starts, year.terms[0].half_term_ends) == (date(2026, 10, 26), date(2026, 10, 30))


@given(st.integers(min_value=1990, max_value=2150))
def test_the_usual_year_never_has_a_fault_and_no_lessons_at_easter(autumn):
    year = usual_year_from(autumn)
    assert faults_of(year) == []
    easter = easter_sunday(autumn + 1)
    for holiday in (easter - timedelta(days=2), easter + timedelta(days=1)):
        assert not any(term.starts <= holiday <= term.ends for term in year.terms)
    for term in year.terms:
        assert term.starts.weekday() < 5
        assert term.ends.weekday() < 5


@pytest.mark.parametrize(
    ("today", "name"),
    [
        (date(2026, 9, 1), "2026 to 2027"),
        (date(2027, 7, 1), "2026 to 2027"),
        (date(2027, 8, 10), "2027 to 2028"),
        (date(2027, 1, 1), "2026 to 2027"),
    ],
)
def test_the_year_of_today_in_summer_the_one_to_come(today, name):
    assert usual_year(today).name == name


def bent(number: int, **changes) -> YearPlan:
    year = usual_year_from(2026)
    terms = list(year.terms)
    terms[number] = replace(terms[number], **changes)
    return replace(year, terms=tuple(terms))


@pytest.mark.parametrize(
    ("plan", "place", "words"),
    [
        (bent(1, starts=date(2026, 12, 18)), (1, "starts"), "before Autumn term ends"),
        (bent(0, ends=date(2026, 9, 1)), (0, "ends"), "ends before it starts"),
        (bent(0, starts=date(2026, 8, 30)), (0, "starts"), "not inside the year"),
        (bent(2, half_term_ends=None), (2, "half_term_starts"), "needs both"),
        (bent(2, half_term_ends=date(2027, 5, 1)), (2, "half_term_ends"), "ends before it starts"),
        (bent(2, half_term_starts=date(2027, 4, 1)), (2, "half_term_starts"), "inside Summer term"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(plan, place, words):
    faults = faults_of(plan)
    assert [(number, field) for number, field, _ in faults][:1] == [place]
    assert words in faults[0][2]
