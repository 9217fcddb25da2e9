"""The name inside a tunnel against the name outside: only the same host is the same host."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.gateway.squid.names import answer, same_name

LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)
HOSTS = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("host", "sni"),
    [
        ("river.example", "river.example"),
        ("River.Example", "river.example."),
        ("xn--bcher-kva.example", "XN--BCHER-KVA.example"),
        ("93.184.216.34", "-"),
        ("%5B2001:db8::1%5D", "-"),
        ("[2001:db8::1]", "-"),
    ],
)
def test_the_same_host_however_it_is_spelt(host: str, sni: str) -> None:
    assert same_name(host, sni)


@pytest.mark.parametrize(
    ("host", "sni"),
    [
        ("river.example", "casino.example"),
        ("river.example", "www.river.example"),
        ("river.example", "-"),
        ("river.example", "river.example.casino.example"),
        ("river.example", "river%2Eexample%00"),
        ("93.184.216.34", "casino.example"),
        ("93.184.216.34", "93.184.216.34"),
        ("", ""),
        ("%ff", "%ff"),
    ],
)
def test_any_other_name_is_another(host: str, sni: str) -> None:
    assert not same_name(host, sni)


@given(HOSTS, HOSTS)
def test_two_hosts_agree_only_when_they_are_one(host: str, sni: str) -> None:
    assert same_name(host, sni) is (host == sni)


@given(st.binary(max_size=300))
def test_whatever_comes_in_gets_one_line_and_in_doubt_it_says_no(line: bytes) -> None:
    said = answer(line.replace(b"\n", b""))

    assert said.count(b"\n") == 1
    assert said.split()[1] in (b"OK", b"ERR")
    if len(line.split()) < 4:
        assert said.split()[1] == b"ERR"


def test_before_the_hello_is_read_there_is_nothing_to_compare() -> None:
    assert answer(b"7 river.example - - -") == b"7 OK\n"
    assert answer(b"8 river.example - peek -") == b"8 ERR\n"


def test_it_answers_in_batches_until_its_input_ends() -> None:
    """As a process, as Squid starts it; the end of the input is no fault."""
    asked = b"1 a.example a.example peek -\n2 a.example b.example peek -\n3 a.example - splice -\n"
    code = "import sys; from drystone.gateway.squid.names import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, timeout=30, check=False)

    assert (done.returncode, done.stdout) == (0, b"1 OK\n2 ERR\n3 ERR\n")
