"""CONNECT: TLS to the host that was asked for, and nothing else."""

import contextlib
import socket
import ssl
import subprocess

import pytest

ACCESS_DENIED = b"\x15\x03\x01\x00\x02\x02\x31"


@pytest.fixture
def tls_site(site, certificates):
    """An HTTPS site that says hello."""
    return site(context=certificates.server)


@pytest.fixture
def gate(start, tls_site):
    """A proxy that lets tunnels go to the port of the test's HTTPS site."""
    return start(connect_ports=frozenset({tls_site.port}))


def through(gate, certificates, place: str, name: str) -> ssl.SSLSocket:
    sock, head = gate.tunnel(place)
    assert b" 200 " in head
    return certificates.client.wrap_socket(sock, server_hostname=name)


def test_an_allowed_site_answers_through_the_tunnel_with_its_own_certificate(gate, tls_site, certificates):
    with through(gate, certificates, f"school.example:{tls_site.port}", "school.example") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: school.example\r\nConnection: close\r\n\r\n")
        assert b"hello" in tls.recv(1000)
    gate.wait_for(lambda: len(gate.records()) == 2)
    event, sent = gate.records()
    assert (event.method, event.action, event.host, event.path) == ("CONNECT", "allow", "school.example", "")
    assert sent.bytes > 300  # the certificate at least


def test_curl_and_its_certificate_check_are_content(gate, tls_site, certificates, tmp_path):
    certificate = tmp_path / "site.pem"
    certificate.write_text("".join(ssl.DER_cert_to_PEM_cert(der) for der in certificates.client.get_ca_certs(True)))
    command = ["curl", "-s", "--cacert", certificate, "-x", f"http://127.0.0.1:{gate.port}", "-p"]
    url = f"https://school.example:{tls_site.port}/"
    assert subprocess.run([*command, url], capture_output=True, timeout=20, check=True).stdout == b"hello"


def test_a_blocked_host_is_refused_with_the_block_page_and_never_contacted(gate, tls_site):
    sock, head = gate.tunnel(f"casino.example:{tls_site.port}")
    with sock:
        assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert b"x-drystone-decision: block; category=gambling" in head
        body = b""
        while data := sock.recv(4096):  # ends by itself: a clean close
            body += data
    assert b"filtered by Drystone" in body
    assert tls_site.connections == 0
    assert [(event.action, event.category) for event in gate.events()] == [("block", "gambling")]


def test_another_name_inside_than_was_asked_for_is_cut_off_and_logged(gate, tls_site, tools):
    sock, head = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        assert b" 200 " in head
        sock.sendall(tools.hello("casino.example"))
        assert tools.read_all(sock) == ACCESS_DENIED
    asked, hidden = gate.events()
    assert (asked.host, asked.action) == ("school.example", "allow")
    assert (hidden.host, hidden.action, hidden.rule) == ("casino.example", "block", "gateway:sni")
    assert hidden.zone == "suite"


def test_even_an_allowed_name_must_be_the_one_asked_for(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("other.example"))
        assert tools.read_all(sock) == ACCESS_DENIED


def test_a_hello_that_names_nobody_does_not_pass_for_a_named_host(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello(None))
        assert tools.read_all(sock) == ACCESS_DENIED
    assert gate.events()[-1].rule == "gateway:sni"


def test_names_are_compared_in_their_canonical_spelling(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"School.Example.:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("school.example").replace(b"school.example", b"SCHOOL.example"))
        assert sock.recv(3)[:1] == b"\x16"  # the site's own handshake


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"SSH-2.0-x\r\n", b"\x00\x01\x02\x03", b"\x16\x03\x01\xff\xff"]
)
def test_no_tls_no_tunnel(gate, tls_site, tools, first):
    sock, head = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        assert b" 200 " in head
        sock.sendall(first)
        assert tools.read_all(sock) == b""
    assert gate.events()[-1].rule == "gateway:no-tls"
    assert gate.events()[-1].action == "block"


def test_a_server_that_speaks_first_is_not_heard(start, site, tools):
    def banner(sock, origin):
        sock.sendall(b"220 mail.example ESMTP\r\n")
        sock.recv(100)

    origin = site(banner)
    gate = start(connect_ports=frozenset({origin.port}))
    sock, head = gate.tunnel(f"school.example:{origin.port}")
    with sock:
        assert b" 200 " in head
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_a_hello_split_over_many_segments_and_records_is_read(gate, tls_site, tools):
    hello = tools.hello("school.example")
    body = hello[5:]
    records = b"".join(
        b"\x16\x03\x01" + len(body[at : at + 40]).to_bytes(2, "big") + body[at : at + 40]
        for at in range(0, len(body), 40)
    )
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(records), 7):
            sock.sendall(records[at : at + 7])
        assert sock.recv(3)[:1] == b"\x16"


def test_a_hello_sent_with_the_connect_itself_passes(gate, tls_site, tools):
    place = f"school.example:{tls_site.port}"
    with gate.connect() as sock:
        sock.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode() + tools.hello("school.example"))
        assert b" 200 " in tools.read_head(sock)
        assert sock.recv(3)[:1] == b"\x16"


def test_a_hello_that_drips_is_cut_off_in_time(start, tls_site, tools):
    gate = start(connect_ports=frozenset({tls_site.port}), limits={"header_seconds": 0.4})
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("school.example")[:20])
        assert tools.read_all(sock) == b""
    assert gate.events()[-1].rule == "gateway:no-tls"


def test_a_tunnel_opened_and_dropped_unused_is_no_offence(gate, tls_site):
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    sock.close()
    gate.wait_for(lambda: not gate.server._serving)
    assert [event.action for event in gate.events()] == ["allow"]


def test_an_address_without_a_name_inside_passes_if_the_address_may(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"127.0.0.1:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello(None))
        assert sock.recv(3)[:1] == b"\x16"


def test_an_address_with_a_blocked_name_inside_is_cut_off(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"127.0.0.1:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("casino.example"))
        assert tools.read_all(sock) == ACCESS_DENIED
    assert [(e.host, e.action, e.category) for e in gate.events()] == [
        ("127.0.0.1", "allow", ""),
        ("casino.example", "block", "gambling"),
    ]


def test_an_address_with_an_allowed_name_inside_passes_and_the_name_is_logged(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"127.0.0.1:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("school.example"))
        assert sock.recv(3)[:1] == b"\x16"
    assert [event.host for event in gate.events()] == ["127.0.0.1", "school.example"]


def test_a_search_engine_by_its_address_does_not_escape_safe_search(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"127.0.0.1:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("www.google.co.uk"))
        assert tools.read_all(sock) == ACCESS_DENIED


def test_safe_search_connects_to_the_safe_host_and_leaves_the_name_inside(start, tls_site, tools):
    asked = []

    def lookup(host):
        asked.append(host)
        return ["127.0.0.1"]

    gate = start(connect_ports=frozenset({tls_site.port}), hosts=lookup)
    sock, _ = gate.tunnel(f"www.google.co.uk:{tls_site.port}")
    with sock:
        sock.sendall(tools.hello("www.google.co.uk"))
        assert sock.recv(3)[:1] == b"\x16"
    assert asked == ["forcesafesearch.google.com"]
    assert (gate.events()[0].host, gate.events()[0].action) == ("www.google.co.uk", "safe-search")


@pytest.mark.parametrize("port", [22, 25, 80, 3306, 8080])
def test_tunnels_go_to_https_ports_only(proxy, port):
    sock, head = proxy.tunnel(f"school.example:{port}")
    with sock:
        assert head.startswith(b"HTTP/1.1 403 ")
    assert proxy.events()[0].rule == "gateway:port"


def test_a_connect_to_nowhere_gets_one_clear_sentence(start, tools):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    gate = start(connect_ports=frozenset({nobody}))
    sock, head = gate.tunnel(f"school.example:{nobody}")
    with sock:
        assert head.startswith(b"HTTP/1.1 502 ")
        assert b"The site does not accept connections." in tools.read_all(sock)
    sock, head = gate.tunnel(f"nowhere.example:{nobody}")
    with sock:
        assert head.startswith(b"HTTP/1.1 502 ")
        assert b"cannot be found" in tools.read_all(sock)


@pytest.mark.parametrize("place", ["school.example", ":443", "school.example:", "a@b:443", "http://x:443", "x:99999"])
def test_a_connect_that_cannot_be_read_is_refused(proxy, place):
    sock, head = proxy.tunnel(place)
    with sock:
        assert int(head.split(b" ")[1]) in (400, 403)


def test_a_half_closed_tunnel_still_gets_its_answer(gate, start, site, tools):
    def serve(sock, origin):
        while sock.recv(4096):
            pass
        sock.sendall(b"the end was heard")

    origin = site(serve)
    gate = start(connect_ports=frozenset({origin.port}))
    sock, _ = gate.tunnel(f"school.example:{origin.port}")
    with sock:
        sock.sendall(tools.hello("school.example"))
        sock.shutdown(socket.SHUT_WR)
        assert tools.read_all(sock) == b"the end was heard"
    gate.wait_for(lambda: not gate.server._serving)


def test_an_idle_tunnel_is_closed_and_a_busy_one_is_not(start, site, tools):
    def serve(sock, origin):
        while data := sock.recv(4096):
            sock.sendall(data)

    origin = site(serve)
    gate = start(connect_ports=frozenset({origin.port}), limits={"tunnel_seconds": 0.8})
    sock, _ = gate.tunnel(f"school.example:{origin.port}")
    hello = tools.hello("school.example")
    with sock:
        sock.sendall(hello)
        got = 0
        while got < len(hello):
            got += len(sock.recv(4096))
        for _ in range(6):
            with contextlib.suppress(TimeoutError):
                sock.settimeout(0.3)
                sock.recv(1)
            sock.sendall(b"x")
            sock.settimeout(3)
            assert sock.recv(1) == b"x"
        assert tools.read_all(sock) == b""


def hello_with_ech(outer: bytes) -> bytes:
    """A ClientHello whose real name is encrypted; in the clear stands the outer one (draft-ietf-tls-esni §5)."""

    def sized(data: bytes, size: int = 2) -> bytes:
        return len(data).to_bytes(size, "big") + data

    name = b"\x00\x00" + sized(sized(b"\x00" + sized(outer)))
    ech = b"\xfe\x0d" + sized(b"\x00\x00\x01\x00\x01\x07" + sized(bytes(32)) + sized(bytes(200)))
    body = b"\x03\x03" + bytes(32) + b"\x00" + sized(b"\x13\x01") + b"\x01\x00" + sized(name + ech)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3))


def test_of_an_encrypted_hello_the_outer_name_must_be_the_one_asked_for(gate, tls_site, tools):
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.sendall(hello_with_ech(b"cloudflare-ech.com"))
        assert tools.read_all(sock) == ACCESS_DENIED
    asked, hidden = gate.events()
    assert (hidden.host, hidden.action, hidden.rule) == ("cloudflare-ech.com", "block", "gateway:sni")
    assert tls_site.seen == []


def test_an_encrypted_hello_under_the_name_asked_for_passes(gate, tls_site, tools):
    """Browsers put a made-up one into every hello (GREASE): it must do no harm."""
    sock, _ = gate.tunnel(f"school.example:{tls_site.port}")
    with sock:
        sock.sendall(hello_with_ech(b"school.example"))
        assert sock.recv(1) in (b"\x15", b"\x16")  # the site's own answer
    assert [event.action for event in gate.events()] == ["allow"]
