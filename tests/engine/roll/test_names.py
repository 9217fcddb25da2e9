"""Names are compared as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.roll.names import fold, search_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O’Brien", "OBRIEN"),
        ("O'Neill", "O`Neill"),
        ("O´Dea", "O’Dea"),
        ("ŉ ϒ", "n υ"),
        ("Smith-Jones", "smith jones"),
        ("Łukasz Żak", "lukasz zak"),
        ("Siân Llŷr", "Sian  Llyr"),
        ("Grøn Straße", "gron strasse"),
    ],
)
def test_two_ways_to_write_a_name_are_one(one, other):
    assert fold(one) == fold(other)


def test_names_of_other_alphabets_do_not_vanish():
    assert fold("李 明") == "李 明"
    assert fold("Ольга") != fold("Игорь")


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_each_word_stands_once_in_what_a_person_is_found_by():
    assert search_text("Aisha Jane", "O’Brien", "Aisha", "A123456789012") == "aisha jane obrien a123456789012"
