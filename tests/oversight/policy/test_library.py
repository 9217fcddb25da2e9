"""The template: all 69 promises once, and each mistake named with its line."""

import pytest

from drystone.oversight.policy.library import LibraryError, parse_library, policy_library
from drystone.registers.school.controls import REGISTRY

PROMISE = """
  - id: X1
    kind: coverage
    owner: head
    text: a promise
    kept_when: it is kept
"""
TEMPLATE = "library: x\nedition: '1'\ntitle: X\nsections:\n- id: s\n  title: S\n  promises:" + PROMISE


def test_the_policy_has_every_promise_once_and_in_order():
    assert [promise.id for promise in policy_library()] == [f"P{n:02d}" for n in range(1, 70)]


def test_every_control_that_the_policy_names_exists():
    assert {promise.control for promise in policy_library()} - {""} <= set(REGISTRY)


def test_every_parameter_that_the_policy_sets_is_one_that_its_control_knows():
    for promise in policy_library():
        if promise.control:
            assert set(promise.parameters) <= set(REGISTRY[promise.control].parameters), promise.id


def test_the_promises_that_can_be_answered_now_are_wired():
    """P02, P08, P14, P35, P49, P62."""
    wired = {promise.id for promise in policy_library() if promise.control}
    assert {"P02", "P08", "P14", "P35", "P49", "P62"} <= wired


def test_every_promise_says_who_answers_and_when_it_is_kept():
    for promise in policy_library():
        assert promise.text.endswith(".")
        assert promise.kept_when.endswith(".")
        assert promise.owner.label


def test_a_sound_template_reads():
    assert parse_library(TEMPLATE, source="x.yaml").promise("X1").text == "a promise"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEMPLATE + PROMISE, "x.yaml, line 14: X1 stands already in line 8"),
        (TEMPLATE.replace("owner: head", "owner: king"), "line 8: 'king' is not a role"),
        (TEMPLATE.replace("kind: coverage", "kind: hope"), "line 8: the kind is one of"),
        (TEMPLATE.replace("    kept_when: it is kept\n", ""), "line 8: “kept_when” is missing"),
        (TEMPLATE + "    colour: red\n", "line 8: “colour” is not a key"),
        (TEMPLATE + "    text: again\n", "“text” stands twice"),
        (TEMPLATE + "    parameters: [1]\n", "line 8: parameters are written as a set of keys"),
        (TEMPLATE.replace("edition: '1'\n", ""), "“edition” is missing"),
        ("library: x\n", "a template has the keys"),
        ("a: [", "not YAML"),
        ("", "a template has the keys"),
        ("sections: [3]\nlibrary: a\nedition: b\ntitle: c", "a section has the keys"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, message):
    with pytest.raises(LibraryError) as caught:
        parse_library(text, source="x.yaml")
    assert message in str(caught.value)


def test_all_mistakes_are_listed_at_once():
    with pytest.raises(LibraryError) as caught:
        parse_library(TEMPLATE.replace("owner: head", "owner: king").replace("kind: coverage", "kind: x"), source="x")
    assert len(str(caught.value).splitlines()) == 2
