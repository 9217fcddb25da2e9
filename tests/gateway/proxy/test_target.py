"""The request target: what is judged is what is fetched, and what could be read in two ways is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drystone.engine.filtering import HostError, canonical_host, parse_request
from drystone.gateway.proxy.target import BadTarget, Own, Site, parse_target, port_refusal

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NASTY = st.text(alphabet=r"ab.:/\@?#%[]2e0x-;,&~^|`{}<>'" + '"', max_size=30)


@pytest.mark.parametrize(
    ("target", "site"),
    [
        (b"http://a.example", Site("a.example", 80, "/")),
        (b"HTTP://a.example:80/x", Site("a.example", 80, "/x")),
        (b"http://a.example?q", Site("a.example", 80, "/?q")),
        (b"http://a.example:8080/x?y#z", Site("a.example", 8080, "/x?y")),
        (b"http://u:p@a.example/@b", Site("a.example", 80, "/@b")),
        (b"http://[::1]:81/x", Site("[::1]", 81, "/x")),
    ],
)
def test_an_absolute_address_is_taken_apart(target, site):
    assert parse_target("GET", target) == site


def test_a_path_asks_the_proxy_itself():
    assert parse_target("GET", b"/proxy.pac") == Own("/proxy.pac")
    assert parse_target("GET", b"//casino.example/") == Own("//casino.example/")


def test_a_connect_names_host_and_port():
    assert parse_target("CONNECT", b"a.example:443") == Site("a.example", 443)
    assert parse_target("CONNECT", b"[::1]:443").url == "[::1]:443"


@given(NASTY)
@example(r"a\@b")
@example("a@b@c")
@example("a#@b")
@example("a?@b")
@example("[::1]a")
@example("a%2f@b")
def test_the_engine_judges_the_host_that_will_be_connected_to(rest):
    """The engine reads the URL as browsers do; it must find in it the very host that we took out."""
    with suppress(BadTarget):
        site = parse_target("GET", b"http://" + rest.encode())
        assert isinstance(site, Site)
        try:
            host = canonical_host(site.host)
        except HostError:
            host = ""
        assert parse_request(site.url, client="127.0.0.1", at=AT).host == host
        assert parse_request("http://" + rest, client="127.0.0.1", at=AT).host == host


@given(NASTY)
def test_the_engine_judges_the_host_of_the_tunnel(rest):
    with suppress(BadTarget):
        site = parse_target("CONNECT", rest.encode() + b":443")
        assert isinstance(site, Site)
        try:
            host = canonical_host(site.host)
        except HostError:
            host = ""
        assert parse_request(site.url, client="127.0.0.1", at=AT, method="CONNECT").host == host


@given(st.binary(max_size=60), st.sampled_from(["GET", "CONNECT", "POST", "TRACE"]))
def test_any_bytes_are_read_or_refused_with_a_sentence(target, method):
    refused = None
    try:
        parse_target(method, target)
    except BadTarget as error:
        refused = error
    assert refused is None or (400 <= refused.status <= 501 and str(refused).endswith("."))


@pytest.mark.parametrize("port", [80, 280, 488, 591, 777, 1025, 8080, 65535])
def test_http_goes_where_squids_safe_ports_let_it(port):
    assert port_refusal(Site("a", port, "/"), frozenset({443})) == ""


@pytest.mark.parametrize("port", [0, 1, 21, 22, 25, 110, 143, 443, 445, 1024, 65536])
def test_http_goes_to_no_other_service(port):
    assert str(port) in port_refusal(Site("a", port, "/"), frozenset({443}))
