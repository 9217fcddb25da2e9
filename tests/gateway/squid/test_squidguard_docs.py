"""docs/squidguard.md names a test for each row, and each of them exists; and it gives every difference its reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from .differences import DIFFERENT
from .test_squidguard_import import TIMES, constructs

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "squidguard.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)(?:\[([^`]+)\])?`")
CASES = {
    "test_a_construct_answers_as_squidguard_does": constructs(),
    "test_a_time_space_holds_when_squidguards_does": {name.replace("\n", "\\n"): name for name in TIMES},
    "test_where_the_import_differs_it_is_on_purpose": DIFFERENT,
}


def rows() -> list[str]:
    """Of all tables, without their headings."""
    lines = DOCS.splitlines()
    return [
        line
        for number, line in enumerate(lines)
        if line.startswith("| ") and not lines[min(number + 1, len(lines) - 1)].startswith("|---")
    ]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", rows())
def test_a_row_names_tests_that_exist(row: str) -> None:
    named = NAMED.findall(row.rpartition(" | ")[2])
    assert named
    for file, test, case in named:
        assert test in names_in(file), f"tests/{file} has no {test}"
        assert not case or case in CASES[test], f"{test} has no case {case}"


def test_every_difference_stands_there_with_its_reason_and_its_test() -> None:
    for name, difference in DIFFERENT.items():
        (row,) = [row for row in rows() if row.startswith(f"| {difference.reason} |")]
        assert f"test_where_the_import_differs_it_is_on_purpose[{name}]`" in row
