"""Single values, as databases and spreadsheets mangle them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.roll.cells import EXCEL_EPOCH, BadCell, clean, day, digits, is_email, name, year_group
from drystone.engine.roll.mapping import DateOrder
from drystone.engine.roll.upn import LETTERS, check_letter, upn_fault


@pytest.mark.parametrize(
    "text", ["2016-09-03", "2016-09-03T00:00:00", "03/09/2016", "3/9/16", "3.9.2016", "3 Sep 2016", "3-Sep-16",
             "3rd September 2016", "42616", "42616.0", "03/09/2016 00:00:00"],
)  # fmt: skip
def test_a_date_is_read_however_it_is_written(text):
    assert day(text, "date of birth") == date(2016, 9, 3)


def test_an_american_file_has_the_month_first():
    assert day("09/03/2016", "date of birth", DateOrder.MONTH_FIRST) == date(2016, 9, 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09/25/2016", "no day of the calendar"),
        ("31/02/2016", "no day of the calendar"),
        ("########", "column was too narrow"),
        ("next week", "cannot be read as a date"),
        ("0016-09-03", "in the year 16"),
        ("99999", "in the year 2173"),
    ],
)
def test_a_date_that_is_none_is_refused_with_its_reason(text, why):
    with pytest.raises(BadCell, match=why):
        day(text, "date of birth")


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_every_day_reads_back_from_every_way_to_write_it(on):
    serial = str((on - EXCEL_EPOCH) // timedelta(days=1))
    for text in (on.isoformat(), f"{on:%d/%m/%Y}", serial):
        assert day(text, "day") == on
    assert day(f"{on:%m/%d/%Y}", "day", DateOrder.MONTH_FIRST) == on


@pytest.mark.parametrize(
    ("text", "year"),
    [("R", 0), ("Reception", 0), ("N2", -1), ("Nursery", -1), ("-1", -1), ("0", 0), ("1", 1), ("Year 6", 6), ("Y4", 4),
     ("Yr 03", 3), ("06", 6), ("KG", 0), ("", None), ("X", None)],
)  # fmt: skip
def test_a_year_group_has_many_names(text, year):
    assert year_group(text) == year


@pytest.mark.parametrize(("text", "why"), [("Year 7", "not a year of a primary school"), ("Purple", "not known")])
def test_a_year_that_no_primary_school_has_is_refused(text, why):
    with pytest.raises(BadCell, match=why):
        year_group(text)


@pytest.mark.parametrize("text", ["O’Brien", "O'Neill", "Smith-Jones", "Ó", "X", "Siân", "Łucja", "Żak", "李"])
def test_names_are_kept_as_they_are_written(text):
    assert name(clean(f"  {text} "), "name") == text


@pytest.mark.parametrize("text", ["", "12345", "x" * 101, "--"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(BadCell):
        name(text, "name")


def test_characters_that_nobody_sees_are_taken_out():
    assert clean("A\u202emy\x00\ufeff  \tBell\n") == "Amy Bell"


def test_two_ways_to_write_an_accent_are_one():
    assert clean("Sia\u0302n") == clean("Siân")


def test_an_address_is_an_address():
    assert is_email("a.b+c@school.example")
    for text in ("a@b", "a b@c.example", "a@@c.example", "@c.example", "a@c..example", "a@b.example,c@d.example"):
        assert not is_email(text)


def test_a_telephone_number_abroad_is_the_one_at_home():
    assert digits("+44 7700 900123") == digits("(07700) 900-123")


@pytest.mark.parametrize("upn", ["B801200005001", "A123456789012", "P207000016049"])
def test_a_right_upn_passes(upn):
    assert upn_fault(upn) is None


@pytest.mark.parametrize(
    ("upn", "why"),
    [
        ("A801200005001", "its digits ask for B"),
        ("8.01E+11", "Excel has made"),
        ("801200005001", "a letter, then 12 digits"),
        ("I801200005001", "a letter, then 12 digits"),
        ("B80120000500", "a letter, then 12 digits"),
        ("B80120000500١", "a letter, then 12 digits"),
    ],
)
def test_a_wrong_upn_is_refused_with_its_reason(upn, why):
    fault = upn_fault(upn)
    assert fault is not None
    assert why in fault[0]


@given(st.from_regex(r"[0-9]{11}[0-9A]", fullmatch=True), st.integers(1, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(rest, place, more):
    upn = check_letter(rest) + rest
    assert upn_fault(upn) is None
    wrong = str((int(upn[place]) + more) % 10)
    assert upn_fault(upn[:place] + wrong + upn[place + 1 :]) is not None
    assert upn[0] in LETTERS
