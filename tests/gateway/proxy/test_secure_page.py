"""P35: a blocked HTTPS site shows the block page where the school's certificate is trusted, and only there."""

import http.client
import ssl
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.certificates import ensure_authority, prepare_next, read_authority, switch_authority
from drystone.engine.https_pages import FILE_NAME, HttpsPages, write_https_pages
from drystone.gateway.proxy import secure
from drystone.gateway.proxy.secure import SecurePages

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACCESS_DENIED = b"\x15\x03\x01\x00\x02\x02\x31"


@pytest.fixture
def trusting(home):
    """A client that trusts the school's authority and nobody else; the page is on in the ICT suite."""
    public = ensure_authority(home.ca, at=datetime.now(UTC))
    write_https_pages(home.here, HttpsPages(zones=frozenset({"suite"})))
    return ssl.create_default_context(cadata=public.pem.decode())


@pytest.fixture
def tls_site(site, certificates):
    return site(context=certificates.server)


@pytest.fixture
def gate(start, trusting, tls_site):
    return start(connect_ports=frozenset({tls_site.port, 443}))


def ask(gate, context, place="casino.example:443", name="casino.example", request=None) -> bytes:
    """The whole answer to a request inside a tunnel."""
    sock, head = gate.tunnel(place)
    assert head.startswith(b"HTTP/1.1 200 ")
    with context.wrap_socket(sock, server_hostname=name, suppress_ragged_eofs=False) as tls:
        tls.sendall(request or f"GET /secret?q=1 HTTP/1.1\r\nHost: {name}\r\nCookie: id=7\r\n\r\n".encode())
        parts = []
        while data := tls.recv(65536):  # raises where the end is not announced: a page cut short
            parts.append(data)
    return b"".join(parts)


def test_a_blocked_site_shows_the_block_page_and_is_never_contacted(gate, trusting, tls_site):
    answer = ask(gate, trusting, place=f"casino.example:{tls_site.port}")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"filtered by Drystone" in answer
    assert tls_site.connections == 0


def test_of_what_was_asked_inside_only_the_host_is_logged_and_shown(gate, trusting):
    answer = ask(gate, trusting)
    assert b"secret" not in answer
    gate.wait_for(lambda: len(gate.records()) == 2)
    (event,) = gate.events()
    assert (event.method, event.host, event.path, event.action) == ("CONNECT", "casino.example", "", "block")
    logged = b"".join(line for file in (gate.home.events).rglob("*.log") for line in [file.read_bytes()])
    assert b"secret" not in logged
    assert b"id=7" not in logged


def test_an_allowed_site_keeps_its_own_certificate(gate, certificates, tls_site):
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with certificates.client.wrap_socket(sock, server_hostname="school.example") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: school.example\r\nConnection: close\r\n\r\n")
        assert b"hello" in tls.recv(1000)


@pytest.mark.parametrize("pages", [HttpsPages(), HttpsPages(zones=frozenset({"office"}))])
def test_without_the_certificate_in_use_the_connection_is_refused_cleanly(start, home, trusting, pages):
    write_https_pages(home.here, pages)
    sock, head = start().tunnel("casino.example:443")
    with sock:
        assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")


@pytest.mark.parametrize("damage", ["no key", "open key", "broken file"])
def test_what_cannot_be_read_decrypts_nothing_and_the_status_says_so(start, home, trusting, damage):
    match damage:
        case "no key":
            (home.ca / "ca.key").unlink()
        case "open key":
            (home.ca / "ca.key").chmod(0o644)
        case "broken file":
            (home.here / FILE_NAME).write_text('{"format": 1, "everywhere": "yes"}')
    gate = start()
    sock, head = gate.tunnel("casino.example:443")
    with sock:
        assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert "not shown on HTTPS" in gate.server._secure.trouble


def test_a_switch_and_a_new_authority_act_while_the_gateway_runs(gate, home, trusting):
    prepare_next(home.ca, at=datetime.now(UTC))
    fresh = ssl.create_default_context(cadata=switch_authority(home.ca).pem.decode())

    def shows() -> bool:
        try:
            return b"filtered by Drystone" in ask(gate, fresh)
        except ssl.SSLError:
            return False

    gate.wait_for(shows)
    write_https_pages(home.here, HttpsPages())

    def refused() -> bool:
        sock, head = gate.tunnel("casino.example:443")
        sock.close()
        return head.startswith(b"HTTP/1.1 403 ")

    gate.wait_for(refused)


def test_a_client_that_does_not_trust_the_authority_gets_no_page(gate, certificates):
    sock, _ = gate.tunnel("casino.example:443")
    with pytest.raises(ssl.SSLCertVerificationError):
        certificates.client.wrap_socket(sock, server_hostname="casino.example")
    assert [event.action for event in gate.events()] == ["block"]
    sock.close()
    gate.wait_for(lambda: gate.server._secure.not_trusted == 1)
    assert gate.server._secure.last_not_trusted == "127.0.0.1"  # for the technician's page


@pytest.mark.parametrize("name", ["school.example", "other.casino.example", None])
def test_another_name_inside_a_blocked_tunnel_is_cut_off_and_logged(gate, tools, name):
    sock, head = gate.tunnel("casino.example:443")
    with sock:
        assert b" 200 " in head
        sock.sendall(tools.hello(name))
        assert tools.read_all(sock) == ACCESS_DENIED
    assert [(event.host, event.rule) for event in gate.events()][1] == (name or "casino.example", "gateway:sni")


def test_no_tls_in_a_blocked_tunnel_is_cut_off_and_logged(gate, tools):
    sock, _ = gate.tunnel("casino.example:443")
    with sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: casino.example\r\n\r\n")
        assert tools.read_all(sock) == b""
    assert [event.rule for event in gate.events()][1] == "gateway:no-tls"


def test_names_below_a_blocked_host_and_in_punycode_get_a_certificate_of_their_own(gate, trusting):
    for name in ("www.casino.example", "xn--80ak6aa92e.casino.example"):
        assert b" 403 " in ask(gate, trusting, place=f"{name}:443", name=name)


def test_a_blocked_address_is_shown_under_a_certificate_for_the_address(start, home, trusting, tools):
    tools.publish(home, tools.rules + '  - {level: school, block: "site:127.0.0.9", reason: trial, by: head}\n')
    gate = start()
    assert b" 403 " in ask(gate, trusting, place="127.0.0.9:443", name="127.0.0.9")


def test_a_blocked_name_behind_an_address_shows_the_page_and_the_address_is_not_contacted(gate, trusting, tls_site):
    answer = ask(gate, trusting, place=f"127.0.0.1:{tls_site.port}", name="casino.example")
    assert b" 403 " in answer
    assert b"casino.example" in answer
    assert tls_site.connections == 0
    assert [(event.host, event.action) for event in gate.events()] == [
        ("127.0.0.1", "allow"),
        ("casino.example", "block"),
    ]


def test_a_request_for_its_head_gets_the_head_alone(gate, trusting):
    answer = ask(gate, trusting, request=b"HEAD / HTTP/1.1\r\nHost: casino.example\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_form_is_answered_without_its_body_being_read(gate, trusting):
    begun = b"POST /login HTTP/1.1\r\nHost: casino.example\r\nContent-Length: 500\r\n\r\npassword="
    assert ask(gate, trusting, request=begun).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 70000])
def test_a_request_inside_that_cannot_be_read_ends_the_connection_and_nothing_else(gate, trusting, request_):
    sock, _ = gate.tunnel("casino.example:443")
    tls = trusting.wrap_socket(sock, server_hostname="casino.example", suppress_ragged_eofs=True)
    with tls:
        tls.sendall(request_)
        while tls.recv(1000):
            pass
    gate.wait_for(lambda: not gate.server._serving)
    assert gate.server._errors == 0


def test_a_client_that_says_nothing_inside_is_let_go_in_time(start, trusting):
    gate = start(limits={"header_seconds": 0.4})
    sock, _ = gate.tunnel("casino.example:443")
    with trusting.wrap_socket(sock, server_hostname="casino.example") as tls:
        assert tls.recv(100) == b""
    gate.wait_for(lambda: not gate.server._serving)


def test_old_clients_of_tls_1_2_see_the_page(gate, trusting):
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    assert b" 403 " in ask(gate, trusting)


def test_a_browser_that_offers_http_2_is_answered_in_http_1(gate, trusting):
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    sock, _ = gate.tunnel("casino.example:443")
    with trusting.wrap_socket(sock, server_hostname="casino.example") as tls:
        assert tls.selected_alpn_protocol() == "http/1.1"
        connection = http.client.HTTPConnection("casino.example")
        connection.sock = tls
        connection.request("GET", "/")
        assert connection.getresponse().status == 403


@given(st.binary(min_size=1, max_size=400), st.integers(0, 500))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hello_that_is_damaged_ends_its_connection_and_nothing_else(fuzz_gate, damage, at):
    gate, hello = fuzz_gate
    broken = bytearray(hello)
    broken[at : at + len(damage)] = damage
    sock, _ = gate.tunnel("casino.example:443")
    with sock:
        sock.sendall(bytes(broken))
        sock.shutdown(1)
        while sock.recv(65536):
            pass
    assert gate.server._errors == 0


@pytest.fixture
def fuzz_gate(gate, tools):
    return gate, tools.hello("casino.example")


# the certificates themselves


@pytest.fixture
def pages(home, trusting):
    made = SecurePages(home.ca, home.here)
    made.refresh()
    return made


def test_a_certificate_is_made_once_for_a_host_and_again_when_it_grows_old(home, trusting):
    now = datetime.now(UTC)
    clock = [now]
    pages = SecurePages(home.ca, home.here, clock=lambda: clock[0])
    pages.refresh()
    first = pages.context("casino.example", "suite")
    assert pages.context("casino.example", "suite") is first
    clock[0] = now + timedelta(hours=13)
    assert pages.context("casino.example", "suite") is not first


def test_a_clock_set_back_makes_a_new_certificate(home, trusting):
    now = datetime.now(UTC)
    clock = [now]
    pages = SecurePages(home.ca, home.here, clock=lambda: clock[0])
    pages.refresh()
    first = pages.context("casino.example", "suite")
    clock[0] = now - timedelta(hours=13)
    assert pages.context("casino.example", "suite") is not first


def test_a_flood_of_names_is_bounded_in_number_and_in_time(pages, monkeypatch):
    monkeypatch.setattr(secure, "monotonic", lambda: time.monotonic() * 0 + 1.0)  # no time passes: no new tokens
    pages._filled = 1.0
    made = [pages.context(f"n{number}.casino.example", "suite") for number in range(300)]
    assert sum(context is not None for context in made) == secure.MADE_AT_ONCE
    assert made[-1] is None
    assert pages.context("n0.casino.example", "suite") is made[0]  # those that are known go on


def test_what_is_kept_is_bounded_and_the_oldest_goes(pages, monkeypatch):
    monkeypatch.setattr(secure, "KEPT", 5)
    for number in range(20):
        assert pages.context(f"n{number}.casino.example", "suite") is not None
    assert isinstance(pages._kept, OrderedDict)
    assert list(pages._kept) == [f"n{number}.casino.example" for number in range(15, 20)]


def test_the_key_of_the_leaf_is_not_that_of_the_authority(home, pages):
    authority = read_authority(home.ca)
    assert pages._leaf_key.public_key() != authority.public.certificate.public_key()
