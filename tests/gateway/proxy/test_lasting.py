"""P35, P64: a tunnel or a WebSocket ends when it would not be opened any more, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from drystone.engine.filtering.overlay import FILE_NAME as OVERLAY
from drystone.engine.filtering.overlay import Overlay, Permit, Session, SwitchedOff, write_overlay

OPEN = 'block: "category:gambling"'
SHUT = 'block: "site:school.example"'


def echo(sock, origin):
    while data := sock.recv(65536):
        origin.seen.append(data)
        sock.sendall(data)


def answering(sock, origin):
    """As a TLS server: says hello, then repeats what it hears."""
    origin.seen.append(sock.recv(65536))
    sock.sendall(b"\x16\x03\x03\x00\x2a" + b"\x02" + b"\x00" * 41)
    echo(sock, origin)


@pytest.fixture
def gate(start, site, tools):
    """A proxy, and `open(host)`: a tunnel to that host through which bytes go to and fro."""
    origin = site(answering)
    gate = start(connect_ports=frozenset({origin.port}))

    def open_tunnel(host, name=None):
        sock, head = gate.tunnel(f"{host}:{origin.port}")
        assert b" 200 " in head
        sock.sendall(tools.hello(name or host))
        assert len(sock.recv(47)) == 47
        assert works(sock)
        return sock

    gate.open = open_tunnel
    return gate


def works(sock) -> bool:
    try:
        sock.sendall(b"\x17\x03\x03\x00\x04ping")
        return sock.recv(9) == b"\x17\x03\x03\x00\x04ping"
    except OSError:
        return False


def put(gate, **parts) -> None:
    write_overlay(gate.home.here / OVERLAY, Overlay(**parts))


def cut(gate, sock) -> bool:
    gate.wait_for(lambda: not works(sock), 3)
    return True


def test_when_a_class_is_switched_off_its_tunnels_end_and_one_to_help_goes_on(gate):
    with gate.open("school.example") as lesson, gate.open("www.childline.org.uk") as help_:
        put(gate, switched_off=(SwitchedOff("Year 4", group="ks2"),))

        assert cut(gate, lesson)
        assert works(help_)
    last = [event for event in gate.events() if event.action == "block"]
    assert [(event.host, event.rule, event.level) for event in last] == [("school.example", "switched-off", "access")]


def test_a_permit_closes_what_it_opened(gate):
    now = datetime.now(UTC)
    permit = Permit("7", "casino.example", since=now - timedelta(minutes=1), until=now + timedelta(seconds=2))
    put(gate, permits=(permit,))
    gate.wait_for(lambda: gate.server.judge._live.overlay)

    with gate.open("casino.example") as sock, gate.open("school.example") as other:
        assert cut(gate, sock)
        assert works(other)


def test_a_new_edition_ends_what_it_blocks_and_nothing_else(gate, tools):
    with gate.open("school.example") as sock, gate.open("other.example") as other:
        edition = tools.publish(gate.home, tools.rules.replace(OPEN, SHUT))
        gate.wait_for(lambda: gate.server.judge.edition == edition)

        assert cut(gate, sock)
        assert works(other)


def test_behind_an_address_the_name_that_was_found_counts_too(gate, tools):
    with gate.open("127.0.0.1", "school.example") as sock:
        tools.publish(gate.home, tools.rules.replace(OPEN, SHUT))
        assert cut(gate, sock)
    assert gate.events()[-1].host == "school.example"


def test_who_signs_off_takes_the_tunnel_along_where_a_person_is_required(start, site, tools, home):
    rules = tools.rules.replace("group: ks2}\n  office", "group: ks2, require_person: true}\n  office")
    tools.publish(home, rules + "people: {pfell: {group: ks2}}\n")
    origin = site(answering)
    gate = start(connect_ports=frozenset({origin.port}))
    now = datetime.now(UTC)
    person = gate.server.judge._live.person_key("pfell")
    put(gate, sessions={"127.0.0.1": (Session(person, now - timedelta(hours=1), now + timedelta(hours=1)),)})
    gate.wait_for(lambda: gate.server.judge._live.overlay)
    sock, head = gate.tunnel(f"school.example:{origin.port}")
    with sock:
        assert b" 200 " in head
        sock.sendall(tools.hello("school.example"))
        assert len(sock.recv(47)) == 47
        put(gate)
        assert cut(gate, sock)
    assert gate.events()[-1].rule == "sign-on"


def test_a_websocket_ends_as_a_tunnel_does(start, site, tools):
    def talks(sock, origin):
        tools.read_head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        echo(sock, origin)

    origin, gate = site(talks), start()
    with gate.connect() as sock:
        fields = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n"
        sock.sendall(f"GET {origin.url('/game')} HTTP/1.1\r\n{fields}".encode())
        assert b" 101 " in tools.read_head(sock)
        assert works(sock)
        put(gate, switched_off=(SwitchedOff("Year 4", group="ks2"),))
        assert cut(gate, sock)
