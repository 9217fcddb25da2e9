"""The signed header by which the filter tests itself through a real gateway (P49)."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.selftest import SELF_TEST_HEADER, read_check, sign_check

KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_header_has_the_name_that_gateways_look_for() -> None:
    assert SELF_TEST_HEADER == "X-Drystone-Check"


@pytest.mark.parametrize("client", ["10.1.0.4", "2001:db8::7"])
def test_a_signed_client_is_read_back(client: str) -> None:
    assert read_check(KEY, sign_check(KEY, client, NOW), NOW) == client


@pytest.mark.parametrize(("seconds", "valid"), [(-61, False), (-60, True), (0, True), (60, True), (61, False)])
def test_a_check_is_valid_for_sixty_seconds_each_way(seconds: int, valid: bool) -> None:
    later = NOW + timedelta(seconds=seconds)
    assert (read_check(KEY, sign_check(KEY, "10.1.0.4", NOW), later) == "10.1.0.4") is valid


def test_another_key_reads_nothing() -> None:
    assert read_check(b"x" * 32, sign_check(KEY, "10.1.0.4", NOW), NOW) is None


def test_without_a_key_nothing_is_signed_and_nothing_is_read() -> None:
    """A gateway whose key file is empty must not honour what anyone could sign."""
    with pytest.raises(ValueError, match="empty key"):
        sign_check(b"", "10.1.0.4", NOW)
    claim = f"1;{int(NOW.timestamp() * 1000)};10.1.0.4"
    for key, said in ((KEY, "10.1.0.4"), (b"", None)):
        signature = hmac.new(key, b"drystone self-test\x00" + claim.encode(), "sha256").hexdigest()
        assert read_check(key, f"{claim};{signature}", NOW) == said


def test_a_check_with_one_letter_changed_reads_as_nothing() -> None:
    value = sign_check(KEY, "10.1.0.4", NOW)
    for place in range(len(value)):
        changed = value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]
        assert read_check(KEY, changed, NOW) is None, f"place {place}"


def test_a_check_cut_short_or_drawn_out_reads_as_nothing() -> None:
    value = sign_check(KEY, "10.1.0.4", NOW)
    for wrong in [*(value[:length] for length in range(len(value))), value + "0", value + ";", " " + value]:
        assert read_check(KEY, wrong, NOW) is None, wrong


def test_what_is_not_an_address_is_not_signed() -> None:
    with pytest.raises(ValueError, match="suite"):
        sign_check(KEY, "suite", NOW)


@given(st.text() | st.text(alphabet="1;0.:abcdef", max_size=120))
def test_no_text_at_all_makes_reading_fail(value: str) -> None:
    assert read_check(KEY, value, NOW) is None


def test_lone_surrogates_and_other_alphabets_read_as_nothing() -> None:
    for value in ("\udcff", "1;\udcff;x;y", "1;١٢٣;10.1.0.4;é", "x" * 10_000):
        assert read_check(KEY, value, NOW) is None


def test_a_naive_time_reads_nothing_and_signs_nothing() -> None:
    naive = NOW.replace(tzinfo=None)
    assert read_check(KEY, sign_check(KEY, "10.1.0.4", NOW), naive) is None
    with pytest.raises(ValueError, match="aware"):
        sign_check(KEY, "10.1.0.4", naive)
