"""What leaves as CSV cannot act in a spreadsheet."""

import csv
import io

import pytest

from drystone.engine.spreadsheet import csv_lines, safe_cell


@pytest.mark.parametrize("text", ["=HYPERLINK('x')", "+1", "-1+2", "@SUM(A1)", "\tx", "\r=1", "\n=1"])
def test_what_begins_like_a_formula_is_shown_as_text(text):
    assert safe_cell(text) == "'" + text


def test_a_negative_number_stays_a_number():
    assert safe_cell(-3) == "-3"


def test_what_hides_behind_a_nul_is_seen():
    assert safe_cell("\0=1") == "'=1"


def test_nothing_is_an_empty_cell():
    assert safe_cell(None) == ""


def test_lines_read_back_as_they_were():
    rows = [["a,b", 'say "hello"', "two\nlines"], ["", "ü", "3"]]
    assert list(csv.reader(io.StringIO("".join(csv_lines(rows)), newline=""))) == rows
