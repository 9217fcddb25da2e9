"""P35: no rules file switches off what is mandatory."""

from datetime import UTC, datetime

import pytest

from drystone.engine.filtering import RulesError, parse_rules
from drystone.engine.filtering.mandatory import JOURNAL, keep_mandatory, mandatory_lists, note
from tests.engine.filtering.bundles import ask, make_bundle, write_lists

LISTS = {"iwf": {"domains": "abuse.example\n"}, "gambling": {"domains": "bet.example\n"}}
HEAD = """
school: {name: Fellside}
groups: {all: {default: allow}}
everyone_else: {group: all}
"""


def made(tmp_path, categories, *rules):
    return make_bundle(tmp_path, *rules, base=f"{HEAD}{categories}\n", lists=LISTS)


@pytest.mark.parametrize(
    "categories",
    [
        "categories: {illegal: {lists: [iwf], mandatory: false}}",
        "categories: {illegal: {lists: [iwf]}}",
        "categories: {games: {lists: [iwf, gambling]}}",
        "categories: {illegal: {lists: [iwf], mandatory: true}, games: {lists: [iwf]}}",
    ],
)
def test_a_file_that_calls_a_mandatory_list_something_else_is_refused_with_its_line(tmp_path, categories):
    with pytest.raises(RulesError, match="line 5: .*mandatory list iwf: nobody can switch that off"):
        made(tmp_path, categories)


@pytest.mark.parametrize(
    "categories", ["", "categories: {gambling: {lists: [gambling]}}", "categories: {illegal: {lists: [gambling]}}"]
)
def test_a_file_that_leaves_a_mandatory_list_out_has_it_all_the_same(tmp_path, categories):
    bundle = made(tmp_path, categories)
    assert ask(bundle, "http://x.abuse.example/").level == "mandatory"


@pytest.mark.parametrize("categories", ["", "categories: {gambling: {lists: [gambling]}}"])
def test_a_rule_that_opens_one_is_refused(tmp_path, categories):
    with pytest.raises(RulesError, match="mandatory and nothing may open it"):
        made(tmp_path, categories, "level: school, allow: 'category:iwf'")


def test_lists_without_any_mandatory_one_are_as_the_file_says(tmp_path):
    lists = write_lists(tmp_path, {"gambling": LISTS["gambling"]})
    assert mandatory_lists(lists) == {}
    assert mandatory_lists(tmp_path / "nowhere") == {}
    rules = parse_rules(HEAD + "categories: {gambling: {lists: [gambling]}}")
    assert keep_mandatory(lists, rules, rules.categories) == tuple(rules.categories.values())


def test_a_note_is_one_line_whatever_is_in_it(tmp_path):
    for _ in range(2):
        note(tmp_path, at=datetime(2026, 11, 24, tzinfo=UTC), by="x\ny", verb="v", subject="s", summary="a\nb\udc80")
    assert len((tmp_path / JOURNAL).read_bytes().splitlines()) == 2
