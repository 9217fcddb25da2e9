"""HTTP through the proxy: judged, recorded, and passed on as it is, with nothing added that tells of the pupil."""

import hashlib
import re
import subprocess
import threading
import time

import pytest

from drystone.engine.eventlog import Sent


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_blocked_site_gets_the_childs_page_and_is_never_contacted(proxy, site):
    casino = site()
    answer = proxy.get(casino.url(host="casino.example"))
    assert status(answer) == 403
    assert b"This page is not for school" in answer
    assert b"x-drystone-decision: block; category=gambling; rule=school-1" in answer.lower()
    assert casino.connections == 0


def test_an_allowed_site_loads_and_both_records_are_written(proxy, site):
    origin = site()
    answer = proxy.get(origin.url("/a%20b?q=1"))
    assert status(answer) == 200
    assert body_of(answer) == b"hello"
    proxy.wait_for(lambda: len(proxy.records()) == 2)
    event, sent = proxy.records()
    assert (event.action, event.host, event.path, event.zone) == ("allow", "school.example", "/a b?q=1", "suite")
    assert isinstance(sent, Sent)
    assert (sent.id, sent.bytes) == (event.id, len(answer))


def test_the_event_is_on_disk_before_the_site_sees_the_request(proxy, site, tools):
    seen = []

    def serve(sock, origin):
        tools.read_head(sock)
        seen.extend(proxy.events())
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    proxy.get(site(serve).url("/first"))
    assert [event.path for event in seen] == ["/first"]


def test_the_site_gets_the_path_as_it_was_written_and_the_host_of_the_address(proxy, site):
    origin = site()
    request = f"GET http://user:secret@School.Example:{origin.port}/x/%2e?a#frag HTTP/1.1\r\nHost: casino.example\r\n"
    proxy.ask(request.encode() + b"Connection: close\r\n\r\n")
    head = origin.seen[0]
    assert head.startswith(b"GET /x/%2e?a HTTP/1.1\r\n")
    assert f"\r\nhost: school.example:{origin.port}\r\n".encode() in head.lower()
    assert b"casino" not in head
    assert b"secret" not in head
    assert proxy.events()[0].host == "school.example"


def test_hop_by_hop_fields_and_the_pupils_address_stay_inside(proxy, site):
    origin = site()
    proxy.get(
        origin.url(), "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "X-Forwarded-For: 10.1.2.3",
        "Forwarded: for=10.1.2.3", "Keep-Alive: 5", "TE: trailers", "X-Mine: 1", "Connection: X-Mine", "Accept: */*",
    )  # fmt: skip
    head = origin.seen[0].lower()
    for name in (b"proxy-", b"forwarded", b"keep-alive", b"te:", b"x-mine", b"10.1.2.3", b"127.0.0.1", b"connection"):
        assert name not in head
    assert b"accept: */*" in head
    assert b"via: 1.1 drystone" in head


def test_a_client_keeps_its_connection_and_so_does_the_proxy_to_the_site(proxy, site, tools):
    origin = site()
    with proxy.connect() as sock:
        for _ in range(3):
            sock.sendall(f"GET {origin.url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert b" 200 " in tools.read_head(sock)
            assert sock.recv(5) == b"hello"
    assert len(origin.seen) == 3
    assert origin.connections == 1


def test_pipelined_requests_are_answered_in_their_order(proxy, site):
    origin = site()
    casino = origin.url(host="casino.example")
    asked = [origin.url(), casino, origin.url()]
    requests = "".join(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n" for url in asked)
    last = f"GET {casino} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = proxy.ask((requests + last).encode())
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"403", b"200", b"403"]


def test_a_kept_connection_that_the_site_has_closed_is_replaced_without_the_client_noticing(proxy, site, tools):
    def once(sock, origin):
        origin.seen.append(tools.read_head(sock))
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        tools.read_head(sock)  # takes the next request, and goes without a word

    origin = site(once)
    with proxy.connect() as sock:
        for _ in range(2):
            sock.sendall(f"GET {origin.url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert b" 200 " in tools.read_head(sock)
            assert sock.recv(5) == b"hello"


def test_the_site_sees_a_post_once_even_when_it_goes_without_an_answer(proxy, site, tools):
    def silent(sock, origin):
        origin.seen.append(tools.read_head(sock))

    origin = site(silent)
    answer = proxy.ask(f"POST {origin.url()} HTTP/1.0\r\nContent-Length: 0\r\n\r\n".encode())
    assert status(answer) == 502
    assert len(origin.seen) == 1


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("code", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body_end_where_they_should(proxy, site, tools, method, code):
    origin = site(tools.says(f"HTTP/1.1 {code}\r\nETag: x\r\n\r\n".encode()))
    answer = proxy.get(origin.url(), method=method)
    assert answer.startswith(f"HTTP/1.1 {code}\r\n".encode())
    assert body_of(answer) == b""


def test_head_keeps_the_length_and_sends_no_body(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"))
    answer = proxy.get(origin.url(), method="HEAD")
    assert b"content-length: 999" in answer.lower()
    assert body_of(answer) == b""


def test_head_of_a_blocked_page_has_no_body_and_the_connection_is_kept(proxy, tools):
    with proxy.connect() as sock:
        for _ in range(2):
            sock.sendall(b"HEAD http://casino.example/ HTTP/1.1\r\nHost: x\r\n\r\n")
            head = tools.read_head(sock)
            assert status(head) == 403
            assert b"content-length: " in head
        sock.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert tools.read_all(sock).endswith(b"\r\n\r\n")


def test_a_chunked_answer_and_its_trailers_pass(proxy, site, tools):
    chunks = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\nHost: bad\r\n\r\n"
    origin = site(tools.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunks))
    answer = proxy.get(origin.url())
    assert body_of(answer) == b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n"


def test_a_chunked_answer_reaches_a_client_of_http_1_0_as_plain_bytes(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"))
    answer = proxy.ask(f"GET {origin.url()} HTTP/1.0\r\n\r\n".encode())
    assert body_of(answer) == b"hello"
    assert b"transfer-encoding" not in answer.lower()


def test_an_answer_that_ends_with_its_connection_passes(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.0 200 OK\r\n\r\nold"))
    answer = proxy.get(origin.url())
    assert body_of(answer) == b"3\r\nold\r\n0\r\n\r\n"


def test_an_answer_cut_short_is_not_passed_off_as_whole(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
    answer = proxy.get(origin.url())
    assert b"hello" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_early_hints_pass_before_the_answer(proxy, site, tools):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    origin = site(tools.says(hints + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    answer = proxy.get(origin.url())
    assert answer.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n")
    assert answer.endswith(b"ok")


def read_body(sock, tools):
    """One request with a body by length or in chunks, as an origin reads it."""
    head = tools.read_head(sock)
    if b"transfer-encoding: chunked" in head.lower():
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += sock.recv(65536)
        return head, body
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += sock.recv(65536)
    return head, body


def echo(tools):
    def serve(sock, origin):
        head, body = read_body(sock, tools)
        origin.seen.append(head)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return serve


def test_a_body_by_length_and_one_in_chunks_reach_the_site(proxy, site, tools):
    by_length = proxy.get(site(echo(tools)).url(), "Content-Length: 4\r\n\r\nbody", method="POST")
    assert body_of(by_length) == b"body"
    chunked = "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    assert body_of(proxy.get(site(echo(tools)).url(), chunked, method="POST")) == b"4\r\nbody\r\n0\r\n\r\n"


def test_expect_100_continue_is_the_sites_to_grant(proxy, site, tools):
    def serve(sock, origin):
        head = tools.read_head(sock)
        assert b"expect: 100-continue" in head.lower()
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert sock.recv(4) == b"body"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with proxy.connect() as sock:
        url = site(serve).url()
        sock.sendall(f"POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        assert tools.read_head(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"body")
        assert b" 200 " in tools.read_head(sock)


def test_a_site_that_refuses_the_body_beforehand_is_heard(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"))
    answer = proxy.get(origin.url(), "Content-Length: 400000000", "Expect: 100-continue", method="POST")
    assert status(answer) == 413


def test_a_site_that_ignores_expect_gets_the_body_after_a_moment(proxy, site, tools):
    url = site(echo(tools)).url()
    with proxy.connect() as sock:
        sock.sendall(f"POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        assert b" 100 " in tools.read_head(sock)
        sock.sendall(b"body")
        assert b" 200 " in tools.read_head(sock)
        assert sock.recv(4) == b"body"


def test_a_websocket_passes_after_the_decision(proxy, site, tools):
    def serve(sock, origin):
        origin.seen.append(tools.read_head(sock))
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
        while data := sock.recv(1000):
            sock.sendall(data)

    origin = site(serve)
    with proxy.connect() as sock:
        lines = f"GET {origin.url('/chat')} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        sock.sendall(lines.encode() + b"Sec-WebSocket-Key: abc\r\n\r\n")
        head = tools.read_head(sock)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"upgrade: websocket" in head.lower()
        assert sock.recv(4) == b"\x81\x02hi"
        for frame in (b"\x81\x05hello", b"\x81\x03bye"):
            sock.sendall(frame)
            assert sock.recv(100) == frame
    assert b"sec-websocket-key: abc" in origin.seen[0].lower()
    assert proxy.events()[0].path == "/chat"
    proxy.wait_for(lambda: len(proxy.records()) == 2)
    assert proxy.records()[1].bytes == len(head) + 4 + 7 + 5


def test_a_websocket_to_a_blocked_site_is_blocked(proxy, site):
    casino = site()
    answer = proxy.get(casino.url(host="casino.example"), "Upgrade: websocket", "Connection: Upgrade")
    assert status(answer) == 403
    assert casino.connections == 0


def test_another_upgrade_than_websocket_is_not_offered_to_the_site(proxy, site):
    origin = site()
    assert status(proxy.get(origin.url(), "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")) == 200
    assert b"upgrade" not in origin.seen[0].lower()


def test_a_large_body_streams_both_ways_unharmed(proxy, site, tools):
    size = 24 * 1024 * 1024
    piece = bytes(range(256)) * 256
    digest = hashlib.sha256(piece * (size // len(piece))).hexdigest()

    def serve(sock, origin):
        tools.read_head(sock)
        got, left = hashlib.sha256(), size
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while left:
            data = sock.recv(min(65536, left))
            got.update(data)
            left -= len(data)
            sock.sendall(data)
        origin.seen.append(got.hexdigest().encode())

    origin = site(serve)
    with proxy.connect(30) as sock:
        sock.sendall(f"PUT {origin.url()} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        sender = threading.Thread(target=lambda: [sock.sendall(piece) for _ in range(size // len(piece))])
        sender.start()
        tools.read_head(sock)
        got, left = hashlib.sha256(), size
        while left:
            data = sock.recv(min(1 << 20, left))
            assert data
            got.update(data)
            left -= len(data)
        sender.join()
    assert got.hexdigest() == digest
    assert origin.seen == [digest.encode()]


def test_a_client_that_does_not_read_makes_the_site_wait_and_fills_no_memory(proxy, site, tools):
    sent = []

    def serve(sock, origin):
        tools.read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(bytes(65536))
            sent.append(65536)

    with proxy.connect() as sock:
        sock.sendall(f"GET {site(serve).url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        proxy.wait_for(lambda: sent)
        before = -1
        while sum(sent) != before:  # until nothing moves any more
            before = sum(sent)
            time.sleep(0.3)
        held = sum(len(wire._pieces) and wire._held for wire in proxy.server._wires)
    assert sum(sent) < 32 * 1024 * 1024  # kernel buffers and ours, and no more
    assert held <= 1024 * 1024


def test_a_client_that_goes_away_ends_the_request_to_the_site(proxy, site, tools):
    gone = threading.Event()

    def serve(sock, origin):
        tools.read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                sock.sendall(bytes(65536))
        except OSError:
            gone.set()

    with proxy.connect() as sock:
        sock.sendall(f"GET {site(serve).url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sock.recv(100)
    assert gone.wait(5)


def test_help_is_reached_and_leaves_no_trace_of_who_asked(proxy, site):
    assert status(proxy.get(site().url("/worried", host="www.childline.org.uk"))) == 200
    (event,) = proxy.events()
    assert (event.host, event.level) == ("www.childline.org.uk", "help")
    assert (event.client, event.person, event.device, event.path) == ("", "", "", "")


def test_help_that_cannot_be_reached_leaves_no_trace_either(start):
    proxy = start(hosts={"www.childline.org.uk": ["10.9.8.7"]})
    assert status(proxy.get("http://www.childline.org.uk/worried")) == 403
    (event,) = proxy.events()
    assert (event.rule, event.client, event.path) == ("gateway:address", "", "")


def test_curl_sees_what_a_browser_would(proxy, site):
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", f"http://127.0.0.1:{proxy.port}"]
    for url, code in ((site().url(), "200"), ("http://casino.example/", "403")):
        done = subprocess.run([*command, url], capture_output=True, text=True, timeout=20, check=True)
        assert done.stdout == code
