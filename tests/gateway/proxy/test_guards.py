"""What the proxy is attacked with: slow and endless requests, smuggling, ways into the school, faults of its own."""

import time
from datetime import UTC, datetime

import pytest

from drystone.engine.filtering import SELF_TEST_HEADER, sign_check
from drystone.gateway.proxy.judge import Judge

CHUNKED = b"Transfer-Encoding: chunked\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


# smuggling


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 5\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length: 0x4\r\n",
        b"Content-Length : 4\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Host: a\r\nHost: b\r\n",
        b"X: a\rTransfer-Encoding: chunked\r\n",
        b"X: a\x00b\r\n",
    ],
)
def test_a_request_whose_length_could_be_read_in_two_ways_is_refused(proxy, site, fields):
    origin = site()
    host = b"" if fields.startswith(b"Host") else b"Host: x\r\n"
    smuggled = b"GET " + origin.url("/smuggled").encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    request = b"POST " + origin.url().encode() + b" HTTP/1.1\r\n" + host + fields + b"\r\n0\r\n\r\n" + smuggled
    assert status(proxy.ask(request)) in (400, 501)
    assert origin.seen == []


def test_transfer_encoding_in_http_1_0_is_refused(proxy, site):
    origin = site()
    assert status(proxy.ask(b"POST " + origin.url().encode() + b" HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n")) == 400
    assert origin.seen == []


def test_a_broken_chunk_ends_the_request_and_is_not_passed_on_as_whole(proxy, site, tools):
    heard = []

    def serve(sock, origin):
        heard.append(tools.read_all(sock))

    head = b"POST " + site(serve).url().encode() + b" HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n"
    answer = proxy.ask(head + b"4\r\nbodyXX0\r\n\r\n")
    assert status(answer) == 400
    proxy.wait_for(lambda: heard)
    assert not heard[0].endswith(b"0\r\n\r\n")


def test_the_connection_header_cannot_take_the_framing_away(proxy, site, tools):
    origin = site()
    proxy.get(origin.url(), "Connection: close, content-length, host", "Content-Length: 0", method="POST")
    assert b"content-length: 0" in origin.seen[0].lower()
    assert b"host: school.example" in origin.seen[0].lower()


def test_bytes_behind_an_answer_do_not_become_the_next_clients_answer(proxy, site, tools):
    def serve(sock, origin):
        origin.seen.append(tools.read_head(sock))
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        tools.read_head(sock)

    origin = site(serve)
    for _ in range(2):
        assert proxy.get(origin.url()).endswith(b"\r\n\r\nok")
    assert origin.connections == 2


def test_a_site_cannot_forge_what_the_filter_said(proxy, site, tools):
    origin = site(tools.says(b"HTTP/1.1 200 OK\r\nX-Drystone-Decision: block\r\nContent-Length: 0\r\n\r\n"))
    assert b"x-drystone-decision" not in proxy.get(origin.url()).lower()


# garbage and floods


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n\r\n\r\nX\r\n\r\n",
    ],
)
def test_garbage_gets_400_and_the_proxy_goes_on(proxy, site, garbage):
    assert status(proxy.ask(garbage)) == 400
    assert status(proxy.get(site().url())) == 200


@pytest.mark.parametrize("version", ["9.9", "2.0", "0.9"])
def test_another_version_of_http_is_refused(proxy, version):
    assert status(proxy.ask(f"GET http://school.example/ HTTP/{version}\r\nHost: x\r\n\r\n".encode())) == 505


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://", 400),
        ("http:///path", 400),
        ("http://a\\@casino.example/", 400),
        ("http://a@b@casino.example/", 400),
        ("http://casino.example\\.school.example/", 400),
        ("http://school.example:http/", 400),
        ("https://school.example/", 501),
        ("ftp://school.example/", 501),
        ("file:///etc/passwd", 501),
        ("*", 400),
        ("school.example/", 400),
        ("http://school.example:25/", 403),
        ("http://school.example:443/", 403),
        ("http://school.example:22/", 403),
        ("http://school.example:99999/", 403),
        ("http://%zz/", 403),
        ("http://" + "a" * 9000, 414),
    ],
)
def test_an_address_that_is_no_web_page_is_refused(proxy, url, code):
    answer = proxy.get(url)
    assert status(answer) == code
    assert b"</html>" in answer


def test_trace_is_refused(proxy):
    assert status(proxy.get("http://school.example/", method="TRACE")) == 405


def test_a_header_of_ten_megabytes_is_refused_and_not_held(proxy, site):
    with proxy.connect(20) as sock:
        sock.sendall(f"GET {site().url()} HTTP/1.1\r\nHost: x\r\nX: ".encode())
        answer = b""
        try:
            for _ in range(160):
                sock.sendall(b"a" * 65536)
            answer = sock.recv(65536)
        except ConnectionError:
            pass  # closed in our face: fine too
    assert answer == b"" or status(answer) == 431
    assert status(proxy.get(site().url())) == 200


def test_a_header_just_too_large_is_told_so(proxy):
    answer = proxy.get("http://school.example/", "X: " + "a" * 70_000)
    assert status(answer) == 431


def test_slow_loris_gets_408_in_time_and_others_are_served_meanwhile(start, site):
    proxy = start(limits={"header_seconds": 0.6})
    slow = [proxy.connect() for _ in range(50)]
    began = time.monotonic()
    for _ in range(3):
        for sock in slow:
            sock.sendall(b"GET http://school.example/ HTTP/1.1\r\nX: y"[:9])
        assert status(proxy.get(site().url())) == 200
        time.sleep(0.1)
    for sock in slow:
        with sock:
            assert status(sock.recv(65536)) == 408
    assert time.monotonic() - began < 3
    proxy.wait_for(lambda: not proxy.server._serving)


def test_a_client_that_says_nothing_is_closed_in_time(start):
    proxy = start(limits={"header_seconds": 0.3})
    with proxy.connect() as sock:
        assert sock.recv(1) == b""


def test_an_idle_client_is_closed_between_requests(start, site, tools):
    proxy = start(limits={"keep_alive_seconds": 0.3})
    with proxy.connect() as sock:
        sock.sendall(f"GET {site().url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert tools.read_all(sock).endswith(b"hello")


def test_a_body_that_stops_is_given_up_and_so_is_the_site(start, site, tools):
    heard = []
    origin = site(lambda sock, _: heard.append(tools.read_all(sock)))
    proxy = start(limits={"body_seconds": 0.3})
    answer = proxy.get(origin.url(), "Content-Length: 100\r\n\r\nabc", method="POST")
    assert status(answer) == 400
    proxy.wait_for(lambda: heard)


def test_a_site_that_never_answers_gets_504(start, site, tools):
    proxy = start(limits={"answer_seconds": 0.4})
    answer = proxy.get(site(lambda sock, _: tools.read_all(sock)).url())
    assert status(answer) == 504
    assert b"did not answer in time" in answer


def test_a_site_that_talks_nonsense_gets_502(proxy, site, tools):
    for nonsense in (
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"",
        b"HTTP/1.1 101 Switching\r\n\r\n",
    ):
        answer = proxy.get(site(tools.says(nonsense)).url())
        assert status(answer) == 502


def test_one_client_cannot_take_all_connections(start, site):
    proxy = start(limits={"connections_per_client": 5})
    held = [proxy.connect() for _ in range(5)]
    proxy.wait_for(lambda: len(proxy.server._serving) == 5)
    assert status(proxy.ask(b"")) == 503
    for sock in held:
        sock.close()
    proxy.wait_for(lambda: not proxy.server._serving)
    assert status(proxy.get(site().url())) == 200


def test_kept_connections_to_sites_are_bounded(start, site):
    proxy = start(limits={"pool_idle": 3})
    origins = [site() for _ in range(6)]
    for origin in origins:
        assert status(proxy.get(origin.url())) == 200
    assert len(proxy.server._upstream._by_age) == 3


# the way inside


@pytest.mark.parametrize(
    "host", ["10.9.8.7", "inside.example", "both.example", "169.254.169.254", "[fd00::1]", "[::ffff:10.0.0.1]",
             "[64:ff9b::a00:1]", "0x0a000001", "167772161", "0.0.0.0"]
)  # fmt: skip
def test_an_address_inside_the_school_is_refused_and_logged(proxy, host):
    answer = proxy.get(f"http://{host}/")
    assert status(answer) == 403
    assert b"rule=gateway:address" in answer
    (event,) = proxy.events()
    assert (event.action, event.rule, event.level) == ("block", "gateway:address", "gateway")


def test_the_proxy_is_not_a_way_to_itself(proxy):
    for host in ("127.0.0.1", "school.example", "127.1.2.3"):
        assert status(proxy.get(f"http://{host}:{proxy.port}/")) == 403


def test_drystones_other_ports_are_refused_by_any_address_of_this_machine(start, site):
    web = site()
    proxy = start(deny_ports=frozenset({web.port}), connect_ports=frozenset({web.port}))
    assert status(proxy.get(web.url())) == 403
    assert status(proxy.get(web.url(host="127.9.9.9"))) == 403
    sock, head = proxy.tunnel(f"school.example:{web.port}")
    with sock:
        assert status(head) == 403
    assert web.connections == 0


def test_loopback_is_refused_where_the_school_has_not_named_it(start, site):
    origin = site()
    proxy = start(allow_private=())
    assert status(proxy.get(origin.url())) == 403
    assert origin.connections == 0


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(start, site):
    """DNS rebinding: asked twice, the name server would say something else. It is not asked twice."""
    origin = site()
    answers = iter([["127.0.0.1"], ["10.9.8.7"], ["10.9.8.7"]])
    asked = []

    def lookup(host):
        asked.append(host)
        return next(answers)

    proxy = start(hosts=lookup)
    assert status(proxy.get(origin.url(host="rebind.example"))) == 200
    assert asked == ["rebind.example"]


def test_a_name_that_nobody_knows_gets_one_clear_sentence(proxy):
    answer = proxy.get("http://nowhere.example/")
    assert status(answer) == 502
    assert b"The site nowhere.example cannot be found" in answer
    assert b"x-drystone-decision: allow" in answer


def test_a_dead_name_server_does_not_hold_up_other_sites(start, site):
    def lookup(host):
        if host == "slow.example":
            time.sleep(1.5)
        return ["127.0.0.1"]

    proxy = start(hosts=lookup, limits={"resolve_seconds": 0.5})
    with proxy.connect() as waiting:
        waiting.sendall(b"GET http://slow.example/ HTTP/1.1\r\nHost: x\r\n\r\n")
        began = time.monotonic()
        assert status(proxy.get(site().url())) == 200
        assert time.monotonic() - began < 0.5
        assert b"did not answer in time" in waiting.recv(65536)


# its own faults


def test_a_fault_in_the_decision_blocks_the_page_and_is_logged(start, site, monkeypatch):
    origin = site()
    proxy = start()

    def broken(request):
        raise RuntimeError("a fault")

    monkeypatch.setattr(proxy.server.judge._live, "decide", broken)
    answer = proxy.get(origin.url())
    assert status(answer) == 503
    assert b"rule=gateway:undecided" in answer
    assert origin.connections == 0
    assert [(event.action, event.rule) for event in proxy.events()] == [("block", "gateway:undecided")]
    proxy.get("http://www.childline.org.uk/hurt")  # P13: nor does our own fault betray who looks for help
    (_, help_) = proxy.events()
    assert (help_.host, help_.client, help_.path) == ("www.childline.org.uk", "", "")


def test_a_fault_in_reading_the_address_blocks_the_page_and_is_logged(start, site, monkeypatch):
    origin = site()
    proxy = start()

    def broken(url, **_):
        raise RuntimeError("a fault")

    monkeypatch.setattr("drystone.gateway.proxy.judge.parse_request", broken)
    assert status(proxy.get(origin.url())) == 503
    assert origin.connections == 0
    assert [(event.action, event.rule) for event in proxy.events()] == [("block", "gateway:undecided")]


def test_when_the_event_cannot_be_written_nothing_passes_but_help(start, site):
    """Evidence first. The folder of events is gone and cannot be made again: as a full disk would be."""
    origin = site()
    proxy = start()
    folder = proxy.home.events / "proxy"
    for segment in folder.iterdir():
        segment.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    answer = proxy.get(origin.url())
    assert status(answer) == 503
    assert b"rule=gateway:no-evidence" in answer
    assert origin.connections == 0
    assert status(proxy.get(origin.url(host="www.childline.org.uk"))) == 200
    folder.unlink()
    time.sleep(0.3)
    assert status(proxy.get(origin.url())) == 200
    assert [event.action for event in proxy.events()] == ["allow"]


def test_with_no_bundle_everything_is_blocked_but_help(start, site, tmp_path):
    origin = site()
    proxy = start(bundles=tmp_path / "none")
    assert status(proxy.get(origin.url())) == 403
    assert origin.connections == 0
    assert status(proxy.get(origin.url(host="www.childline.org.uk"))) == 200


def test_a_fault_in_serving_ends_that_connection_only(start, site, monkeypatch):
    proxy = start()
    record = Judge.record
    faults = iter([True])

    def sometimes(self, verdict):
        if next(faults, False):
            raise RuntimeError("a fault")
        return record(self, verdict)

    monkeypatch.setattr(Judge, "record", sometimes)
    assert proxy.get(site().url()) == b""
    assert status(proxy.get(site().url())) == 200


# the self-test


def sign(proxy, client: str, at) -> str:
    key = proxy.home.check_key
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(b"k" * 32)
    proxy.wait_for(lambda: proxy.server.judge._check_key)
    return sign_check(b"k" * 32, client, at)


def test_a_signed_self_test_is_decided_as_for_another_zone_and_not_passed_on(proxy, site):
    origin = site()
    check = sign(proxy, "10.2.0.9", datetime.now(UTC))
    answer = proxy.get(origin.url(host="casino.example"), f"{SELF_TEST_HEADER}: {check}")
    assert status(answer) == 200
    assert b"x-drystone-decision: allow" in answer
    assert b"x-drystone-check" not in origin.seen[0].lower()
    (event,) = proxy.events()
    assert (event.zone, event.client, event.device) == ("office", "10.2.0.9", "self-test")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda check: check[:-1] + ("1" if check[-1] == "0" else "0"),
        lambda check: "",
        lambda check: check.replace(";10.", ";11."),
    ],
)
def test_an_unsigned_self_test_is_an_ordinary_request(proxy, site, spoil):
    origin = site()
    check = sign(proxy, "10.2.0.9", datetime.now(UTC))
    answer = proxy.get(origin.url(host="casino.example"), f"{SELF_TEST_HEADER}: {spoil(check)}")
    assert status(answer) == 403
    assert proxy.events()[0].device == ""


# asked as a web server


def test_the_proxy_asked_for_a_page_of_its_own_says_what_it_is_and_gives_a_pac_file(proxy):
    about = proxy.ask(b"GET / HTTP/1.1\r\nHost: gate:3128\r\nConnection: close\r\n\r\n")
    assert status(about) == 200
    assert b"Drystone" in about
    pac = proxy.ask(b"GET /proxy.pac HTTP/1.1\r\nHost: gate:3128\r\nConnection: close\r\n\r\n")
    assert b'return "PROXY gate:3128";' in pac
    assert b"application/x-ns-proxy-autoconfig" in pac
    assert status(proxy.ask(b"GET /etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 404
    assert proxy.events() == []


def test_the_pac_file_cannot_be_made_to_say_something_else(proxy):
    hostile = b'x";alert(1)//'
    pac = proxy.ask(b"GET /proxy.pac HTTP/1.1\r\nHost: " + hostile + b"\r\nConnection: close\r\n\r\n")
    assert status(pac) == 400
    assert b"alert(1)//" not in pac
