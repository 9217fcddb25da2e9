"""P62: signing on at our own proxy, by a proxy password of one's own."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from drystone.engine.filtering import person_key
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.overlay import Device, Overlay, Session, write_overlay
from drystone.engine.filtering.verifier import make_verifier
from drystone.engine.filtering.words import Access
from drystone.gateway.proxy import signon

RULES = """
school: {name: Fellside, timezone: Europe/London, slug: fellside}
categories:
  gambling: {title: Gambling, lists: [gambling]}
groups:
  ks2: {default: allow, safe_search: true}
  staff: {default: allow}
zones:
  suite: {addresses: [127.0.0.0/8, "::1/128"], group: ks2, require_person: true}
people: {asmith: {group: staff}}
rules:
  - {level: school, group: ks2, block: "category:gambling", reason: primary age, by: head}
"""
SECRET = school_key("fellside")
PUPIL, TEACHER = person_key(SECRET, "pfell"), person_key(SECRET, "asmith")
PASSWORD = "river lamp 42"


def offer(user, password, scheme="Basic"):
    return f"Proxy-Authorization: {scheme} {b64encode(f'{user}:{password}'.encode()).decode()}"


def status(answer):
    return int(answer.split(b" ", 2)[1])


@pytest.fixture
def signing(home, start, tools, monkeypatch):
    """A proxy in a zone that requires a person; the pupil and the teacher have a proxy password."""
    monkeypatch.setattr(signon, "WRONG_SECONDS", 0.05)
    tools.publish(home, RULES)
    made = make_verifier(PASSWORD, salt=bytes(16))
    overlay = Overlay(access={PUPIL: Access.OPEN}, verifiers={PUPIL: made, TEACHER: made})
    write_overlay(home.here / "overlay.json", overlay)
    return start()


def test_a_browser_is_asked_for_a_name_told_that_use_is_monitored_and_let_in_with_one(signing, site):
    origin = site()
    asked = signing.get(origin.url())
    assert status(asked) == 407
    assert b'proxy-authenticate: Basic realm="Fellside: sign on. Use is monitored."' in asked
    assert b"The school sees which pages are asked for" in asked
    assert origin.connections == 0
    answer = signing.get(origin.url(), offer("PFell", PASSWORD))
    assert (status(answer), answer[-5:]) == (200, b"hello")
    first, second = signing.events()
    assert (first.action, first.rule, first.level, first.person) == ("block", "sign-on", "access", "")
    assert (second.action, second.person, second.group) == ("allow", PUPIL, "ks2")


def test_the_password_goes_no_further_than_the_proxy_and_into_no_log(signing, site, home):
    origin = site()
    header = offer("pfell", PASSWORD)
    signing.get(origin.url(), header)
    signing.get(origin.url(), offer("pfell", "river lamp 43"))
    seen = b"".join(origin.seen)
    assert b"proxy-authorization" not in seen.lower()
    assert header.split()[-1].encode() not in seen
    logged = b"".join(file.read_bytes() for file in home.root.rglob("*") if file.is_file())
    assert b"river lamp" not in logged
    assert b"river%20lamp" not in logged


def test_a_wrong_password_is_refused_on_record_without_a_name_and_then_slowed(signing, site):
    origin = site()
    for _ in range(5):
        assert status(signing.get(origin.url(), offer("pfell", "guess"))) == 407
    slowed = signing.get(origin.url(), offer("pfell", PASSWORD))
    assert status(slowed) == 407
    assert b"tried too often" in slowed
    assert origin.connections == 0
    assert {(event.action, event.rule, event.level, event.person) for event in signing.events()} == {
        ("block", "gateway:sign-on", "gateway", "")
    }


def test_guesses_side_by_side_are_slowed_as_those_one_after_another(signing, site, monkeypatch):
    """And a browser that opens many connections at once with the right one is let in by one look at it."""
    tries, origin = [], site()
    keeper = signing.server._door.signon._keeper
    outcome = keeper.outcome
    monkeypatch.setattr(keeper, "outcome", lambda *given: tries.append(1) or outcome(*given))

    def answers(passwords):
        with ThreadPoolExecutor(20) as pool:
            return [
                status(answer)
                for answer in pool.map(lambda one: signing.get(origin.url(), offer("pfell", one)), passwords)
            ]

    assert set(answers([PASSWORD] * 20)) == {200}
    assert len(tries) == 1
    assert set(answers([f"guess {number}" for number in range(20)])) == {407}
    assert len(tries) <= 2 + 2 * signon.MOST_OF_ONE


def test_the_rules_of_the_person_count_and_help_needs_no_name(signing, site):
    casino, childline = site(), site()
    pupil = signing.get(casino.url(host="casino.example"), offer("pfell", PASSWORD))
    assert (status(pupil), casino.connections) == (403, 0)
    assert status(signing.get(casino.url(host="casino.example"), offer("asmith", PASSWORD))) == 200
    for fields in ((), (offer("pfell", "wrong"),)):
        assert status(signing.get(childline.url(host="www.childline.org.uk"), *fields)) == 200
    assert all(not event.person for event in signing.events() if event.level == "help")


def test_a_tunnel_is_asked_for_a_name_and_goes_on_the_same_connection(signing, site, certificates, tools):
    origin = site(context=certificates.server)
    sock = signing.connect()
    place = f"school.example:{origin.port}"
    signing.server._door._router._connect_ports = frozenset({origin.port})
    with sock:
        sock.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        head = tools.read_head(sock)
        assert head.startswith(b"HTTP/1.1 407 ")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while length:
            length -= len(sock.recv(length))
        sock.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{offer('pfell', PASSWORD)}\r\n\r\n".encode())
        assert tools.read_head(sock).startswith(b"HTTP/1.1 200 ")
        with certificates.client.wrap_socket(sock, server_hostname="school.example") as secure:
            secure.sendall(b"GET / HTTP/1.1\r\nHost: school.example\r\n\r\n")
            assert secure.recv(1000).startswith(b"HTTP/1.1 200 OK")
    assert [event.person for event in signing.events()] == ["", PUPIL]


@pytest.mark.parametrize(
    "field",
    ["Proxy-Authorization: Basic ???", "Proxy-Authorization: Negotiate YII=", "Proxy-Authorization:", offer("x", "")],
)
def test_what_is_no_name_and_password_is_asked_for_again(signing, site, field):
    origin = site()
    assert status(signing.get(origin.url(), field)) == 407
    assert origin.connections == 0


def test_a_withdrawn_password_stops_at_once(signing, site, home):
    origin = site()
    assert status(signing.get(origin.url(), offer("pfell", PASSWORD))) == 200
    write_overlay(home.here / "overlay.json", Overlay(access={PUPIL: Access.OPEN}))
    signing.wait_for(lambda: status(signing.get(origin.url(), offer("pfell", PASSWORD))) == 407)


def test_where_no_zone_requires_a_name_nobody_is_asked_and_who_offers_one_is_known(home, start, tools, site):
    tools.publish(home, RULES.replace(", require_person: true", ""))
    made = make_verifier(PASSWORD, salt=bytes(16))
    write_overlay(home.here / "overlay.json", Overlay(verifiers={TEACHER: made}))
    proxy, origin = start(), site()
    assert status(proxy.get(origin.url())) == 200
    assert status(proxy.get(origin.url(), offer("asmith", PASSWORD))) == 200
    assert [event.person for event in proxy.events()] == ["", TEACHER]


def test_an_event_names_who_had_the_address_then(home, start, tools, site):
    """By a session of RADIUS or the directory, and where there is none by the device that has the address."""
    tools.publish(home, RULES)
    ends = datetime.now(UTC) + timedelta(seconds=1.2)
    overlay = Overlay(
        access={PUPIL: Access.OPEN},
        sessions={"127.0.0.1": (Session(PUPIL, ends - timedelta(hours=1), ends),)},
        devices=(Device("device-3", "127.0.0.0/8", person=TEACHER, since=ends - timedelta(days=1)),),
    )
    write_overlay(home.here / "overlay.json", overlay)
    proxy, origin = start(), site()
    proxy.get(origin.url())
    proxy.wait_for(lambda: datetime.now(UTC) > ends)
    proxy.get(origin.url())
    assert [(event.person, event.device) for event in proxy.events()] == [(PUPIL, "device-3"), (TEACHER, "device-3")]
