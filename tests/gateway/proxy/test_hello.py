"""The ClientHello reader: never raises anything but NotTls, never reads past the hello, whatever it is fed."""

import os
import ssl
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.certificates import make_authority, new_leaf_key, private_pem
from drystone.gateway.proxy.hello import MAX_HELLO, Hello, HelloReader, NotTls, parse_client_hello
from drystone.gateway.proxy.secure import load


def extension(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def server_name(name: bytes, kind: int = 0) -> bytes:
    entry = bytes([kind]) + len(name).to_bytes(2, "big") + name
    return extension(0, len(entry).to_bytes(2, "big") + entry)


def hello_body(*extensions: bytes) -> bytes:
    block = b"".join(extensions)
    return b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + len(block).to_bytes(2, "big") + block


def message(body: bytes, kind: int = 1) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def records(data: bytes, size: int = 16384) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def read(data: bytes) -> Hello | None:
    return HelloReader().feed(data)


def test_the_name_in_a_hello_of_a_real_client_is_read(tools):
    assert read(tools.hello("www.school.example")) == Hello(sni="www.school.example")


def test_a_hello_without_a_name_names_nobody(tools):
    assert read(tools.hello(None)) == Hello(sni="")


@given(st.data())
def test_a_hello_is_read_the_same_in_pieces_of_any_size(data):
    whole = records(message(hello_body(server_name(b"school.example"), extension(0xFE0D, b"grease"))), size=11)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))))
    reader = HelloReader()
    found = [reader.feed(whole[a:b]) for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    answers = [hello for hello in found if hello is not None]
    assert answers[0] == Hello(sni="school.example", ech=True)
    assert bytes(reader.raw) == whole


@given(st.integers(0, 400))
def test_a_hello_that_is_cut_off_is_never_taken_for_whole(length):
    whole = records(message(hello_body(server_name(b"school.example"))), size=40)
    if length < len(whole):
        assert read(whole[:length]) is None


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waited_for_and_nothing_else_happens(data):
    reader = HelloReader()
    with suppress(NotTls):
        reader.feed(data)
    assert bytes(reader.raw) == data


@given(st.binary(max_size=200), st.integers(0, 120), st.binary(max_size=4))
def test_a_damaged_hello_is_read_or_refused_and_nothing_else_happens(tail, at, damage):
    body = bytearray(hello_body(server_name(b"school.example")) + tail)
    body[at : at + len(damage)] = damage
    with suppress(NotTls):
        hello = parse_client_hello(bytes(body))
        assert hello.sni.isascii()


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x80\x2e\x01\x00\x02",
        b"\x15\x03\x01\x00\x02",
        b"\x16\x02",
    ],
)
def test_what_is_not_tls_is_refused_by_its_first_bytes(first):
    with pytest.raises(NotTls):
        read(first)


def test_another_handshake_message_than_a_hello_is_refused():
    with pytest.raises(NotTls):
        read(records(message(b"\x03\x03", kind=2)))


def test_two_names_are_refused_because_the_server_might_read_the_other():
    twice = hello_body(server_name(b"school.example"), server_name(b"casino.example"))
    entry = b"\x00\x00\x01a" + b"\x00\x00\x01b"
    listed = hello_body(extension(0, len(entry).to_bytes(2, "big") + entry))
    for body in (twice, listed):
        with pytest.raises(NotTls):
            read(records(message(body)))


@pytest.mark.parametrize("name", [b"", b"sch\x00ool.example", b"sch ool", "schöl.example".encode()])
def test_a_name_that_is_empty_or_not_plain_is_refused(name):
    with pytest.raises(NotTls):
        read(records(message(hello_body(server_name(name)))))


def test_bytes_behind_the_hello_in_its_record_are_refused():
    with pytest.raises(NotTls):
        read(records(message(hello_body(server_name(b"a.example"))) + b"\x01"))


def test_early_data_behind_the_hello_is_kept_for_the_site():
    whole = records(message(hello_body(server_name(b"a.example")))) + b"\x17\x03\x03\x00\x04data"
    reader = HelloReader()
    assert reader.feed(whole) == Hello(sni="a.example")
    assert bytes(reader.raw) == whole


def test_a_hello_without_end_is_refused():
    reader = HelloReader()
    endless = records(b"\x01\x00\x7f\xff" + os.urandom(2 * MAX_HELLO))
    pieces = (endless[at : at + 1000] for at in range(0, len(endless), 1000))
    with pytest.raises(NotTls):
        deque(map(reader.feed, pieces), maxlen=0)
    assert len(reader.raw) <= MAX_HELLO + 1000


def test_a_hello_in_very_many_records_is_refused():
    with pytest.raises(NotTls):
        read(records(message(hello_body(server_name(b"school.example"))), size=1))


class _Openssl:
    """What a real TLS server reads in the same bytes: the second opinion."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority, key = make_authority(at=datetime.now(UTC)), new_leaf_key()
        load(self.context, private_pem(key) + authority.leaf("school.example", key, at=datetime.now(UTC)))
        self.names: list[str | None] = []
        self.context.sni_callback = lambda _, name, __: self.names.append(name)

    def names_in(self, data: bytes) -> list[str | None]:
        """The name OpenSSL would serve, [] when it refuses the hello or waits for more."""
        self.names.clear()
        end = ssl.MemoryBIO()
        end.write(data)
        with suppress(ssl.SSLError, UnicodeError):
            self.context.wrap_bio(end, ssl.MemoryBIO(), server_side=True).do_handshake()
        return list(self.names)


OPENSSL = _Openssl()


def agree(data: bytes) -> None:
    """Whatever a server takes for the name, we took the same one or refused: nobody is let in under another name."""
    try:
        ours = read(data)
    except NotTls:
        return
    for served in OPENSSL.names_in(data):
        assert ours is not None
        assert ours.sni.lower() == (served or "").lower()


def test_the_second_opinion_reads_names_at_all(tools):
    assert OPENSSL.names_in(tools.hello("www.school.example")) == ["www.school.example"]
    agree(tools.hello("www.school.example"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_in_a_damaged_hello_openssl_never_reads_another_name_than_we_do(tools, data):
    hello = bytearray(tools.hello("school.example"))
    for _ in range(data.draw(st.integers(1, 3))):
        near = hello.find(b"school.example")
        at = data.draw(st.integers(0, len(hello) - 1) | st.integers(max(near - 12, 0), near + 20))
        piece = data.draw(st.binary(min_size=1, max_size=4))
        hello[at : at + data.draw(st.integers(0, 4))] = piece
    agree(bytes(hello))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0, 10, 13, 16, 43, 51, 0xFE0D, 0x1A1A]), st.binary(max_size=30)), max_size=5
    ),
    st.lists(st.sampled_from([b"school.example", b"casino.example", b"a", b"\xff", b"x" * 255]), max_size=3),
    st.integers(1, 600),
)
def test_in_a_made_up_hello_openssl_never_reads_another_name_than_we_do(others, names, size):
    every = [extension(kind, value) for kind, value in others] + [server_name(name) for name in names]
    agree(records(message(hello_body(*every)), size=size))
