"""Reads a TLS ClientHello from the first bytes of a tunnel: whose name does the client really ask for?

RFC 8446 §4.1.2 and §5.1 (records), RFC 6066 §3 (server_name). Pure: bytes in, a value out.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_HELLO = 32 * 1024  # a hello with post-quantum keys and ECH is about 2 kB
MAX_RECORDS = 64  # a hello in more pieces than this is somebody hiding something

HANDSHAKE = 22
CLIENT_HELLO = 1
SERVER_NAME = 0
HOST_NAME = 0
ENCRYPTED_CLIENT_HELLO = 0xFE0D


class NotTls(ValueError):
    """These bytes do not begin a TLS connection; the message says why."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a ClientHello says in the clear. `sni` is "" when it names nobody."""

    sni: str
    ech: bool = False  # an ECH extension (or its GREASE) is there: the outer name still has to agree


class HelloReader:
    """Fed the stream as it comes, in pieces of any size; linear in what it is fed."""

    def __init__(self) -> None:
        self.raw = bytearray()  # all that was fed
        self._at = 0  # start of the first record in `raw` that is not read yet
        self._records = 0
        self._message = bytearray()  # the handshake message, out of its records

    @property
    def rest(self) -> bytes:
        """What was fed beyond the records of the hello."""
        return bytes(self.raw[self._at :])

    @property
    def records(self) -> bytes:
        """The records of the hello, as they came."""
        return bytes(self.raw[: self._at])

    def feed(self, data: bytes) -> Hello | None:
        """The hello once it is whole, None while more is needed. Raises NotTls."""
        self.raw += data
        while (body := self._next_record()) is not None:
            self._message += body
            hello = self._whole_message()
            if hello is not None:
                return hello
        if len(self.raw) > MAX_HELLO:
            raise NotTls("the ClientHello is too long")
        return None

    def _next_record(self) -> bytes | None:
        """The next record's body when all of it is here. The header is judged as soon as it can be."""
        head = self.raw[self._at : self._at + 5]
        if head[:1] and head[0] != HANDSHAKE:
            raise NotTls("the first bytes are not TLS")
        if len(head) > 1 and head[1] != 3:
            raise NotTls("the TLS version cannot be read")
        if len(head) < 5:
            return None
        length = int.from_bytes(head[3:5], "big")
        if not 0 < length <= 16384:
            raise NotTls("a TLS record has an impossible length")
        end = self._at + 5 + length
        if len(self.raw) < end:
            return None
        self._records += 1
        if self._records > MAX_RECORDS or end > MAX_HELLO:
            raise NotTls("the ClientHello is in too many pieces or too long")
        body = bytes(self.raw[self._at + 5 : end])
        self._at = end
        return body

    def _whole_message(self) -> Hello | None:
        message = self._message
        if message[0] != CLIENT_HELLO:
            raise NotTls("the first TLS message is not a ClientHello")
        if len(message) < 4:
            return None
        length = int.from_bytes(message[1:4], "big")
        if length > MAX_HELLO:
            raise NotTls("the ClientHello is too long")
        if len(message) < 4 + length:
            return None
        if len(message) > 4 + length:
            raise NotTls("something follows the ClientHello in its record")
        return parse_client_hello(bytes(message[4:]))


class _Cursor:
    """Takes vectors off a block and never reads past its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise NotTls("the ClientHello ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A vector with its length before it in `size` bytes."""
        return self.take(self.number(size))


def parse_client_hello(body: bytes) -> Hello:
    """The body of a ClientHello (without the handshake header). Raises NotTls."""
    cursor = _Cursor(body)
    if cursor.number(2) >> 8 != 3:
        raise NotTls("the TLS version cannot be read")
    cursor.take(32)  # random
    cursor.vector(1)  # session id
    cursor.vector(2)  # cipher suites
    cursor.vector(1)  # compression methods
    if not cursor.left:
        return Hello(sni="")  # before TLS 1.2 a hello may end here
    extensions = _Cursor(cursor.vector(2))
    if cursor.left:
        raise NotTls("something follows the extensions")
    sni = ""
    seen: set[int] = set()
    while extensions.left:
        kind = extensions.number(2)
        value = extensions.vector(2)
        if kind in seen:  # §4.2: never twice; two names could be read differently by us and by the server
            raise NotTls("an extension appears twice")
        seen.add(kind)
        if kind == SERVER_NAME:
            sni = parse_server_name(value)
    return Hello(sni=sni, ech=ENCRYPTED_CLIENT_HELLO in seen)


def parse_server_name(value: bytes) -> str:
    """The one host name in a server_name extension. Raises NotTls on none, several or another kind."""
    cursor = _Cursor(value)
    names = _Cursor(cursor.vector(2))
    kind = names.number(1)
    name = names.vector(2)
    if cursor.left or names.left or kind != HOST_NAME:
        raise NotTls("the server name is not exactly one host name")
    if not name or not all(0x21 <= byte <= 0x7E for byte in name):
        raise NotTls("the server name cannot be read")
    return name.decode("ascii")
