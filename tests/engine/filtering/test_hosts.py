"""Hosts and paths in one spelling, as the WHATWG URL standard reads them."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drystone.engine.filtering import HostError, canonical_client, canonical_host, canonical_path, parse_request
from drystone.engine.filtering.hosts import split_url, without_www

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("bbc.co.uk", "bbc.co.uk"),
        ("BBC.co.UK", "bbc.co.uk"),
        ("bbc.co.uk.", "bbc.co.uk"),
        ("bbc.co.uk:443", "bbc.co.uk"),
        ("bbc.co.uk:", "bbc.co.uk"),
        ("bbc.co.uk:00080", "bbc.co.uk"),
        ("bbc.co.uk@casino.example", "casino.example"),
        ("a:b@c@casino.example:8080", "casino.example"),
        ("under_score.example", "under_score.example"),
        ("c%61sino.example", "casino.example"),
        ("casino%2eexample", "casino.example"),
        ("casino%2Eexample%2e", "casino.example"),
        ("ｃａｓｉｎｏ．ｅｘａｍｐｌｅ", "casino.example"),
        ("casino。example", "casino.example"),
        ("casino．example", "casino.example"),
        ("cas\u00adino.example", "casino.example"),
        ("%EF%BD%83asino.example", "casino.example"),
        ("xn--CASINO-9za.example".replace("CASINO-9za", "MNCHEN-3ya"), "xn--mnchen-3ya.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("☕.example", "xn--53h.example"),
        ("93.184.216.34", "93.184.216.34"),
        ("93.184.216.34.", "93.184.216.34"),
        ("1572395042", "93.184.216.34"),
        ("0x5db8d822", "93.184.216.34"),
        ("0X5DB8D822", "93.184.216.34"),
        ("0135.0270.0330.042", "93.184.216.34"),
        ("013556154042", "93.184.216.34"),
        ("93.12113954", "93.184.216.34"),
        ("93.184.55330", "93.184.216.34"),
        ("0x5d.0xb8.0xd8.0x22", "93.184.216.34"),
        ("９３.184.216.34", "93.184.216.34"),
        ("93%2e184%2e216%2e34", "93.184.216.34"),
        ("0x.0.0", "0.0.0.0"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[::ffff:93.184.216.34]", "93.184.216.34"),
        ("[::ffff:5db8:d822]", "93.184.216.34"),
        ("user@[::1]:8080", "::1"),
    ],
)
def test_every_spelling_of_a_host_is_read_as_one(written, read):
    assert canonical_host(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "..",
        "a..b",
        "a.b..",
        ".a.b",
        "user@",
        ":80",
        "bbc.co.uk:99999",
        "bbc.co.uk:8o",
        "bbc.co.uk:-1",
        "bbc.co.uk:١",
        "bbc.co.uk:999999999999999999999",
        "a b.example",
        "a\x00b.example",
        "a%00b.example",
        "a%20b.example",
        "a%252e.example",
        "a%ffb.example",
        "a\ud800.example",
        "a<b.example",
        "a/b",
        "a|b.example",
        "xn--zz--.example",
        "xn--a.example",
        "xn--.example",
        "xn--casino-.example",
        "xn--bcher-kvaé.example",
        "a\u200db.example",
        "\U00017000\u200db.example",  # a character newer than Python's own tables before the joiner
        "\x1a\u200c.example",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.256",
        "4294967296",
        "0x100000000",
        "09.1.1.1",
        "1.2.3.0xg.5",
        "a.09",
        "a.0x",
        "foo.1.2.3.4",
        "1..2",
        "[::1",
        "[::1]x",
        "[::1]:99999",
        "[fe80::1%25eth0]",
        "fe80::1%eth0",
        "[]",
        "[1.2.3.4]",
        "1:2:3",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
        "9" * 100_000,
        "0x" + "f" * 5_000,
        "é" * 100_000,
    ],
)
def test_what_no_host_can_be_is_refused(written):
    with pytest.raises(HostError):
        canonical_host(written)


@given(st.text(max_size=80))
@example("xn--mnchen-3ya.EXAMPLE.")
@example("%78n--mnchen-3ya.example")
@example("[::ffff:1.2.3.4]")
@example("0x7f.1")
def test_a_canonical_host_is_its_own_canonical_host(text):
    try:
        host = canonical_host(text)
    except HostError:
        return
    assert canonical_host(host) == host
    assert host
    assert host.isascii()
    assert host == host.lower()
    assert not host.endswith(".")


@given(st.integers(0, 2**32 - 1))
def test_an_address_is_the_same_in_decimal_octal_and_hex(number):
    dotted = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    octal = ".".join(f"0{number >> shift & 255:o}" for shift in (24, 16, 8, 0))
    spellings = {canonical_host(text) for text in (dotted, octal, str(number), hex(number), f"[::ffff:{dotted}]")}
    assert spellings == {dotted}


@given(st.from_regex(r"[a-z0-9_]{1,20}(\.[a-z0-9_]{1,10}){0,4}\.[a-z]{2,10}", fullmatch=True), st.data())
def test_case_dot_port_user_and_encoding_never_change_a_host(host, data):
    marks = [
        f"%{ord(mark):02x}" if data.draw(st.booleans()) else mark.upper() if data.draw(st.booleans()) else mark
        for mark in host
    ]
    disguised = f"user:p%40ss@{''.join(marks)}.:8080"
    assert canonical_host(disguised) == canonical_host(host)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", "/"),
        ("/a/b", "/a/b"),
        ("/a//b///c", "/a/b/c"),
        ("/a/./b/../c", "/a/c"),
        ("/../../a", "/a"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/a/b/", "/a/b/"),
        ("/%6cotto", "/lotto"),
        ("/%2e%2e/lotto", "/lotto"),
        ("/a%2Fb", "/a/b"),
        ("/%256c", "/%6c"),
        ("\\a\\b", "/a/b"),
        ("/a?q=//x/../y", "/a?q=//x/../y"),
        ("/a?q=%63asino", "/a?q=casino"),
        ("/a#top?x", "/a"),
        ("?q=1", "/?q=1"),
        ("/%ff", "/\ufffd"),
        ("/%", "/%"),
        ("/.well-known/x", "/.well-known/x"),
    ],
)
def test_every_spelling_of_a_path_is_read_as_one(written, read):
    assert canonical_path(written) == read


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("http://casino.example/", "casino.example", "/"),
        ("http://bbc.co.uk@casino.example/", "casino.example", "/"),
        ("http://bbc.co.uk%40casino.example/", "", "/"),
        ("http:\\\\casino.example\\x", "casino.example", "/x"),
        ("http:casino.example/x", "casino.example", "/x"),
        ("http:////casino.example/x", "casino.example", "/x"),
        ("//casino.example/x", "casino.example", "/x"),
        ("HTTP://CASINO.example:80?q=1", "casino.example", "/?q=1"),
        ("  http://casi\tno.exa\nmple/x  ", "casino.example", "/x"),
        ("http://casino.example#@bbc.co.uk/", "casino.example", "/"),
        ("http://casino.example\\@bbc.co.uk/", "casino.example", "/@bbc.co.uk/"),
        ("http://casino.example?@bbc.co.uk/", "casino.example", "/?@bbc.co.uk/"),
        ("http://1572395042/", "93.184.216.34", "/"),
        ("http://[::ffff:1.2.3.4]:80/x", "1.2.3.4", "/x"),
        ("ws://casino.example/chat", "casino.example", "/chat"),
        ("gopher://casino.example/x", "casino.example", "/x"),
        ("casino.example:443", "casino.example", ""),
        ("casino.example", "casino.example", ""),
        ("casino.example/lotto", "casino.example", "/lotto"),
        ("casino.example:8080/lotto", "casino.example", "/lotto"),
        ("urn:x:y", "", ""),
        ("/only/a/path", "", "/only/a/path"),
        ("*", "*", ""),
        ("http:///", "", "/"),
        ("", "", ""),
    ],
)
def test_urls_are_read_as_a_browser_reads_them(url, host, path):
    assert split_url(url) == (host, path)


def test_a_connect_names_a_host_and_shows_no_path():
    request = parse_request("Casino.Example:443", client="10.1.0.7", at=NOON, method="CONNECT")
    assert (request.host, request.path) == ("casino.example", "")
    assert parse_request("casino.example/x:443", client="10.1.0.7", at=NOON, method="CONNECT").host == ""


@given(st.text(max_size=200), st.sampled_from(["GET", "CONNECT"]), st.text(max_size=20))
def test_parsing_a_request_never_raises(url, method, client):
    request = parse_request(url, client=client, at=NOON, method=method)
    assert request.path == "" or request.path.startswith("/")
    if request.host:
        assert canonical_host(request.host) == request.host


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.1.0.7", "10.1.0.7"),
        ("::ffff:10.1.0.7", "10.1.0.7"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[::1]", "::1"),
        ("not:an:address", "not:an:address"),
        ("-", "-"),
    ],
)
def test_a_client_has_one_spelling_too(written, read):
    assert canonical_client(written) == read


def test_www_web_and_ftp_in_front_do_not_count_in_url_entries():
    firsts = ("", "www.", "web.", "ftp.", "www2.", "web10.", "ftp0.")
    assert {without_www(f"{first}casino.example") for first in firsts} == {"casino.example"}
    assert without_www("www2.com") == "www2.com"
    assert without_www("www2a.casino.example") == "www2a.casino.example"
    assert without_www("www.com") == "www.com"
    assert without_www("wwwcasino.example") == "wwwcasino.example"
