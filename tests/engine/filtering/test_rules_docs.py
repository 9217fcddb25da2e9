"""The guide to the rules file says all that the reader takes, and its example is a rules file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drystone.engine.filtering.rules import dump_rules, parse_rules
from drystone.engine.filtering.rules_schema import SECTIONS
from drystone.engine.filtering.words import TargetKind

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "rules-file.md"
HEADINGS = {
    "rules file": "The file",
    "school": "`school`",
    "category": "`categories`, each under its name",
    "group": "`groups`, each under its name",
    "calendar": "`calendar`",
    "zone": "`zones`, each under its name",
    "everyone_else": "`everyone_else`",
    "person": "`people`, each under the sign-on name",
    "schedule": "`schedules`, each under its name",
    "rule": "`rules`",
}


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def table_under(guide: str, heading: str) -> dict[str, str]:
    """Key → what the page says of it."""
    _, found, after = guide.partition(f"\n### {heading}\n")
    assert found, f"the guide has no part called {heading}"
    part = re.split(r"\n##+ ", after)[0]
    return dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", part, flags=re.MULTILINE))


@pytest.mark.parametrize("section", SECTIONS)
def test_the_guide_has_every_key_of_a_table_and_no_other(guide: str, section: str) -> None:
    assert set(table_under(guide, HEADINGS[section])) == set(SECTIONS[section].key_names)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_guide_says_which_keys_must_be_there(guide: str, section: str) -> None:
    said = table_under(guide, HEADINGS[section])
    must = {key for key, text in said.items() if "**must be there.**" in text}
    assert must == {key.name for key in SECTIONS[section].keys if key.required}


def test_the_guide_has_every_kind_of_target(guide: str) -> None:
    targets = guide.partition("\n### Targets\n")[2]
    for kind in TargetKind:
        assert f"`{kind}:" in targets


def example(guide: str) -> str:
    (only,) = re.findall(r"```yaml\n(.+?)```", guide, flags=re.DOTALL)
    return str(only)


def test_the_example_of_the_guide_can_be_read(guide: str) -> None:
    rules = parse_rules(example(guide))
    assert parse_rules(dump_rules(rules)) == rules


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_of_the_guide_shows_every_key(guide: str, section: str) -> None:
    for key in SECTIONS[section].key_names:
        assert re.search(rf"(^|[ {{]){key}:", example(guide), flags=re.MULTILINE), key
