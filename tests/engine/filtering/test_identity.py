"""Pseudonyms that stand for people."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.identity import person_key, school_key, sign_on_name

KEY = bytes(range(32))


def test_a_key_is_sixteen_hex_digits_and_shows_nothing_of_the_name() -> None:
    key = person_key(KEY, "asmith")
    assert len(key) == 16
    assert set(key) <= set("0123456789abcdef")


def test_a_person_keeps_the_key_they_were_first_given() -> None:
    """A changed formula would cut every event of the lake off from its person."""
    assert person_key(KEY, "asmith") == "b3379e52bce2f008"


def test_one_account_has_one_key_however_the_name_is_typed() -> None:
    keys = {person_key(KEY, name) for name in ("José.Straße", "jose\u0301.strasse", " JOSÉ.STRASSE\t")}
    assert len(keys) == 1


def test_two_people_have_two_keys_and_two_secrets_give_one_person_two() -> None:
    assert len({person_key(KEY, "asmith"), person_key(KEY, "bsmith"), person_key(KEY[::-1], "asmith")}) == 3


def test_nobody_has_no_key() -> None:
    assert person_key(KEY, "") == person_key(KEY, "  ") == ""


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        person_key(b"", "asmith")


def test_a_schools_derived_secret_is_its_own() -> None:
    assert school_key("fellside") == school_key("fellside")
    assert school_key("fellside") != school_key("moorside")
    assert len(school_key("fellside")) == 32


@given(st.text())
def test_a_name_in_its_compared_form_stays_as_it_is(name: str) -> None:
    plain = sign_on_name(name)
    assert sign_on_name(plain) == plain


@given(st.text())
def test_composed_and_decomposed_spellings_are_one_name(name: str) -> None:
    assert sign_on_name(unicodedata.normalize("NFD", name)) == sign_on_name(unicodedata.normalize("NFC", name))
