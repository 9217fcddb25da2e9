"""A date in three boxes."""

from datetime import date

import pytest
from django import forms

from drystone.registers.school.dates import DateBoxField


class Form(forms.Form):
    starts = DateBoxField(what="The first day")
    ends = DateBoxField(what="The last day", required=False)


def filled(day, month, year):
    return Form({"starts_day": day, "starts_month": month, "starts_year": year})


@pytest.mark.parametrize("month", ["9", "09", "Sep", "september"])
def test_a_month_is_a_number_or_its_name(month):
    form = filled("2", month, "2026")
    assert form.is_valid()
    assert form.cleaned_data == {"starts": date(2026, 9, 2), "ends": None}


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        (("", "", ""), "The first day is missing"),
        (("2", "", "2026"), "must include a month"),
        (("", "", "2026"), "must include a day and a month"),
        (("31", "6", "2026"), "must be a real date"),
        (("two", "6", "2026"), "must be a real date"),
        (("2", "6", "26"), "a year of four digits"),
        (("2", "6", "99999"), "must be a real date"),
    ],
)
def test_what_is_wrong_is_said_with_the_dates_own_name(boxes, words):
    assert words in filled(*boxes).errors["starts"][0]


def test_a_date_that_is_there_fills_the_boxes():
    assert Form.base_fields["starts"].widget.decompress(date(2026, 9, 2)) == ["2", "9", "2026"]
