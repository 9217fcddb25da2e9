"""Address ranges as people write them, and zones that would share one."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.registers.school.addresses import RangeError, first_overlap, parse_range, parse_ranges


def test_ranges_come_on_lines_or_with_commas():
    assert [str(n) for n in parse_ranges("10.1.0.0/16, 192.168.1.20\nfd00::/64")] == [
        "10.1.0.0/16",
        "192.168.1.20/32",
        "fd00::/64",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.1.0.5/16", "Did you mean 10.1.0.0/16?"),
        ("10.1.0.0/33", "not an address range"),
        ("ICT suite", "not an address range"),
        ("::ffff:10.1.0.0/112", "Write it as IPv4"),
        ("10.1.0.0/16 10.1.2.0/24", "10.1.2.0/24 is part of 10.1.0.0/16"),
        ("10.1.0.0/16 10.1.0.0/16", "give each address once"),
    ],
)
def test_what_is_no_range_is_refused_with_how_to_write_it(text, words):
    with pytest.raises(RangeError, match=words.replace("?", r"\?")):
        parse_ranges(text)


def test_an_overlap_names_both_zones():
    overlap = first_overlap(
        [("Suite", parse_ranges("10.1.0.0/16")), ("Office", parse_ranges("10.2.0.0/16 10.1.9.0/24"))]
    )
    assert str(overlap) == "10.1.9.0/24 of “Office” overlaps 10.1.0.0/16 of “Suite”"


networks = st.builds(
    lambda number, length: ipaddress.ip_network((number >> (32 - length) << (32 - length), length)),
    st.integers(min_value=10 << 24, max_value=(10 << 24) + 0xFFFF),
    st.integers(min_value=16, max_value=32),
)


@given(st.lists(networks, min_size=1, max_size=5), st.lists(networks, min_size=1, max_size=5))
def test_an_overlap_is_found_exactly_when_an_address_is_in_both(one, other):
    shared = any(a.overlaps(b) for a in one for b in other)
    assert (first_overlap([("one", one), ("other", other)]) is not None) == shared


@given(networks)
def test_a_range_reads_back_as_it_prints(network):
    assert parse_range(str(network)) == network
