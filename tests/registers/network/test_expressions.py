"""P35: an expression is tried before it is a rule, and one that cannot be says why in plain words."""

from datetime import UTC, datetime

import pytest

from drystone.registers.network.expressions import everyday_matches, explain_fault, try_on

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PAGE = "/filtering/rules/expressions/"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "Write the expression"),
        ("((", "opened and not closed"),
        ("a)", "without a ("),
        ("[a", "A [ is opened"),
        ("*.bbc.co.uk", "repeats what stands before it"),
        ("a**", "repeats a repetition"),
        ("a{2000}", "1,000 times at most"),
        ("(?!bbc)x", "Looking ahead"),
        (r"(a)\1", "points back"),
        (r"\k", "has no meaning"),
        ("a\\", "ends with a \\"),
        ("[z-a]", "runs backwards"),
        (".*", "matches everything"),
        ("a|", "matches everything"),
        ("x" * 1001, "1,000 characters"),
    ],
)
def test_a_fault_is_explained(pattern, words):
    assert words in explain_fault(pattern)


def test_one_that_can_be_used_has_no_fault():
    assert explain_fault("[?&]q=casino") == ""


@pytest.mark.parametrize(
    ("pattern", "address", "found"),
    [
        ("casino", "https://www.CASINO.example/Play", "casino"),
        ("[?&]q=.*casino", "www.google.co.uk/search?q=big+casino", "?q=big+casino"),
        ("^casino", "www.casino.example/", ""),
        ("example/a", "http://user@www.example//x/../a", "example/a"),
    ],
)
def test_it_is_tried_on_the_address_as_the_filter_reads_it(pattern, address, found):
    tried = try_on(pattern, address, NOW)
    assert (tried.matches, tried.found) == (bool(found), found)


def test_an_address_that_cannot_be_read_says_so():
    assert "cannot be read" in try_on("a", "http://%zz../", NOW).trouble


def test_one_that_takes_in_pages_of_every_day_is_told_to_be_too_wide():
    assert "www.bbc.co.uk/bitesize" in everyday_matches("bbc|play", NOW)
    assert "childline.org.uk/" in everyday_matches("child", NOW)
    assert everyday_matches("casino", NOW) == []


def test_the_page_shows_matches_faults_and_the_way_to_a_rule(place, as_person):
    client = as_person(place.head)
    text = client.get(PAGE, {"expression": "q=casino", "addresses": "a.example/?q=casino\nb.example"}).content.decode()
    assert "<mark>q=casino</mark>" in text
    assert "Does not match" in text
    assert "/filtering/rules/add/?kind=expression&amp;expression=q%3Dcasino" in text
    assert "Looking ahead" in client.get(PAGE, {"expression": "(?=x)"}).content.decode()
    assert (
        'value="q=casino"' in client.get("/filtering/rules/add/?kind=expression&expression=q%3Dcasino").content.decode()
    )


def test_a_rule_with_a_wide_expression_is_warned_of_before_it_is_added(place, as_person):
    form = {"action": "block", "kind": "expression", "expression": "bbc", "level": "school", "timing": "always",
            "reason": "x"}  # fmt: skip
    text = as_person(place.head).post("/filtering/rules/add/", form).content.decode()
    assert "also matches pages of every day, such as www.bbc.co.uk/bitesize" in text
