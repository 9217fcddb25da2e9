"""The guide names every column that a table may have, in the words of the screen."""

import re
from pathlib import Path

import pytest

from drystone.engine.roll.mapping import PUPIL_FIELDS, STAFF_FIELDS
from drystone.engine.roll.staging import MOST_PER_SCHOOL

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "roll-files.md"


@pytest.mark.parametrize(("mark", "fields"), [("pupil", PUPIL_FIELDS), ("staff", STAFF_FIELDS)])
def test_the_guides_columns_are_those_of_the_screen(mark, fields):
    table = PAGE.read_text(encoding="utf-8").split(f"<!-- {mark} fields -->\n")[1].split("\n\n")[0]
    told = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]
    assert told == [item.title for item in fields]


def test_the_guides_limits_are_those_of_the_readers():
    assert f"more than {MOST_PER_SCHOOL:,} rows for one school" in PAGE.read_text(encoding="utf-8")
