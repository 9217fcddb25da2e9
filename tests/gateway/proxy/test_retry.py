"""A server that asks for a second ClientHello does not open a way to another name."""

import pytest

from drystone.gateway.proxy.retry import RETRY, RetryWatch

ACCESS_DENIED = b"\x15\x03\x01\x00\x02\x02\x31"
CCS = b"\x14\x03\x03\x00\x01\x01"
EARLY = b"\x17\x03\x03\x00\x04data"


def retry_request(size: int = 16384) -> bytes:
    """A HelloRetryRequest for TLS 1.3 and P-256."""
    extensions = b"\x00\x2b\x00\x02\x03\x04" + b"\x00\x33\x00\x02\x00\x17"
    body = b"\x03\x03" + RETRY + b"\x00" + b"\x13\x01" + b"\x00" + len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


@pytest.fixture
def gate(start, site):
    """A tunnel's both ends: an origin that answers its first bytes with a retry and keeps what follows."""

    def retrying(sock, origin):
        origin.seen.append(sock.recv(65536))
        for at in range(0, len(retry_request()), 20):  # in small pieces, as a slow network has it
            sock.sendall(retry_request()[at : at + 20])
        while data := sock.recv(65536):
            origin.seen.append(data)

    origin = site(retrying)
    return start(connect_ports=frozenset({origin.port})), origin


def until_retried(gate, origin, tools, place: str, name: str | None):
    sock, head = gate.tunnel(f"{place}:{origin.port}")
    assert b" 200 " in head
    sock.sendall(tools.hello(name))
    got = b""
    while len(got) < len(retry_request()):
        got += sock.recv(1000)
    assert got == retry_request()
    return sock


@pytest.mark.parametrize("between", [b"", CCS, EARLY + CCS], ids=["alone", "after CCS", "after early data"])
def test_a_second_hello_with_another_name_is_cut_off_and_logged(gate, tools, between):
    gate, origin = gate
    with until_retried(gate, origin, tools, "school.example", "school.example") as sock:
        sock.sendall(between + tools.hello("casino.example"))
        assert tools.read_all(sock) == ACCESS_DENIED
    assert [(event.host, event.rule) for event in gate.events()][1] == ("casino.example", "gateway:sni")
    assert len(origin.seen) == 1  # the first hello, and nothing of the second


@pytest.mark.parametrize("between", [b"", CCS, EARLY + CCS], ids=["alone", "after CCS", "after early data"])
@pytest.mark.parametrize("place", ["school.example", "127.0.0.1"])
def test_a_second_hello_that_does_not_wait_for_the_retry_is_no_way_round(gate, tools, between, place):
    """Whoever knows the server knows its answer, and can send both hellos in one piece."""
    gate, origin = gate
    name = None if place == "127.0.0.1" else place
    sock, _ = gate.tunnel(f"{place}:{origin.port}")
    with sock:
        sock.sendall(tools.hello(name) + between + tools.hello("casino.example"))
        assert tools.read_all(sock).endswith(ACCESS_DENIED)
    assert [(event.host, event.rule) for event in gate.events()][1] == ("casino.example", "gateway:sni")
    assert b"".join(origin.seen).count(b"casino.example") == 0


def test_early_data_reaches_the_server_once_it_has_answered(start, site, tools):
    """TLS 1.3 lets a client that was there before speak at once."""

    def answering(sock, origin):
        origin.seen.append(sock.recv(65536))
        sock.sendall(b"\x16\x03\x03\x00\x2a" + b"\x02" + b"\x00" * 41)  # a server's hello that asks for no retry
        while data := sock.recv(65536):
            origin.seen.append(data)

    origin = site(answering)
    gate = start(connect_ports=frozenset({origin.port}))
    sock, _ = gate.tunnel(f"school.example:{origin.port}")
    with sock:
        sock.sendall(tools.hello("school.example") + CCS + EARLY)
        gate.wait_for(lambda: b"".join(origin.seen[1:]) == CCS + EARLY)


def test_who_leaves_before_the_server_has_answered_leaves_nothing_open(start, site, tools):
    origin = site(lambda sock, origin: origin.seen.append(sock.recv(65536)) or origin.seen.append(sock.recv(1)))
    gate = start(connect_ports=frozenset({origin.port}))
    sock, _ = gate.tunnel(f"school.example:{origin.port}")
    sock.sendall(tools.hello("school.example"))
    gate.wait_for(lambda: origin.seen)
    sock.close()
    gate.wait_for(lambda: not gate.server._serving)


@pytest.mark.parametrize("between", [b"", CCS, EARLY + CCS], ids=["alone", "after CCS", "after early data"])
def test_a_second_hello_with_the_same_name_passes_whole(gate, tools, between):
    gate, origin = gate
    second = between + tools.hello("school.example")
    with until_retried(gate, origin, tools, "school.example", "school.example") as sock:
        for at in range(0, len(second), 100):
            sock.sendall(second[at : at + 100])
        sock.sendall(b"\x17\x03\x03\x00\x03end")
        gate.wait_for(lambda: b"".join(origin.seen[1:]) == second + b"\x17\x03\x03\x00\x03end")
    assert [event.action for event in gate.events()] == ["allow"]


def test_behind_a_bare_address_a_name_cannot_come_with_the_second_hello(gate, tools):
    gate, origin = gate
    with until_retried(gate, origin, tools, "127.0.0.1", None) as sock:
        sock.sendall(tools.hello("casino.example"))
        assert tools.read_all(sock) == ACCESS_DENIED


@pytest.mark.parametrize("second", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x03\x00\x04\x10\x00\x00\x00"])
def test_what_is_no_hello_is_cut_off_and_logged(gate, tools, second):
    gate, origin = gate
    with until_retried(gate, origin, tools, "school.example", "school.example") as sock:
        sock.sendall(second)
        assert tools.read_all(sock) == b""
    assert gate.events()[1].rule == "gateway:no-tls"


def test_a_client_that_leaves_in_between_is_no_offence(gate, tools):
    gate, origin = gate
    until_retried(gate, origin, tools, "school.example", "school.example").close()
    gate.wait_for(lambda: not gate.server._serving)
    assert [event.action for event in gate.events()] == ["allow"]


def test_a_real_retry_between_real_ends_works(start, site, certificates, monkeypatch):
    asked = []
    reading = RetryWatch._read_again
    monkeypatch.setattr(RetryWatch, "_read_again", lambda watch: asked.append(watch) or reading(watch))
    certificates.server.set_ecdh_curve("secp384r1")  # for which no client sends a key share at first
    try:
        origin = site(context=certificates.server)
        gate = start(connect_ports=frozenset({origin.port}))
        sock, _ = gate.tunnel(f"school.example:{origin.port}")
        with certificates.client.wrap_socket(sock, server_hostname="school.example") as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: school.example\r\nConnection: close\r\n\r\n")
            assert tls.version() == "TLSv1.3"
            assert b"hello" in tls.recv(1000)
        assert len(asked) == 1
    finally:
        certificates.server.set_ecdh_curve("prime256v1")
