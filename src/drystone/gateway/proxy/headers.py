"""Which header fields pass through the proxy, and which end here (RFC 9110 §7.6, RFC 9112 §6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Fields = list[tuple[bytes, bytes]]

CHECK = b"x-drystone-check"  # a self-test's signed request: read here, never passed on
DECISION = b"x-drystone-decision"  # what the filter said: set here only, so nobody can forge it

HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-authentication-info", b"te", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
# A pupil's address inside the school is nobody's business outside.
PRIVATE = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"client-ip", b"x-client-ip"})
_NOT_IN_REQUEST = HOP_BY_HOP | PRIVATE | {CHECK, DECISION, b"host", b"expect"}
_NOT_IN_RESPONSE = HOP_BY_HOP | {CHECK, DECISION}
_NOT_IN_TRAILERS = _NOT_IN_REQUEST | {b"content-length", b"content-encoding", b"content-type", b"authorization"}


class Smuggling(ValueError):
    """Two servers could read this message's length in two ways, so it is not passed on."""


def value_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    return next((value for key, value in headers if key == name), None)


def check_framing(headers: Sequence[tuple[bytes, bytes]], http_version: bytes) -> None:
    """Request smuggling ends here (RFC 9112 §6.3); h11 has refused lengths that differ. Raises Smuggling."""
    names = [key for key, _ in headers]
    if b"transfer-encoding" not in names:
        return
    if b"content-length" in names:
        raise Smuggling("Content-Length and Transfer-Encoding together are refused.")
    if http_version < b"1.1":
        raise Smuggling("Transfer-Encoding does not exist in HTTP/1.0.")
    if names.count(b"transfer-encoding") > 1:
        raise Smuggling("More than one Transfer-Encoding is refused.")


def request_fields(headers: Sequence[tuple[bytes, bytes]], host: bytes, http_version: bytes) -> Fields:
    """For the origin: Host from the address that was judged, whatever the client's Host said."""
    dropped, via = _named_by_connection(headers), b""
    kept: Fields = [(b"host", host)]
    for name, value in headers:
        if name == b"via":
            via += value + b", "
        elif name == b"transfer-encoding":
            kept.append((name, b"chunked"))  # framed anew by us; h11 takes no other coding
        elif name == b"content-length" or (name == b"expect" and value.lower() == b"100-continue"):
            kept.append((name, value))  # framing is not for `Connection: content-length` to take away
        elif name not in _NOT_IN_REQUEST and name not in dropped:
            kept.append((name, value))
    kept.append((b"via", via + http_version + b" drystone"))
    return kept


def response_fields(headers: Sequence[tuple[bytes, bytes]], http_version: bytes) -> Fields:
    """For the client. A length beside a Transfer-Encoding is dropped: the coding is what was read."""
    dropped, via = _named_by_connection(headers), b""
    chunked = value_of(headers, b"transfer-encoding") is not None
    kept: Fields = []
    for name, value in headers:
        if name == b"via":
            via += value + b", "
        elif name == b"content-length":
            if not chunked:
                kept.append((name, value))
        elif name not in _NOT_IN_RESPONSE and name not in dropped:
            kept.append((name, value))
    kept.append((b"via", via + http_version + b" drystone"))
    return kept


def trailer_fields(trailers: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Nothing that frames, routes or authenticates may come in by the back door (RFC 9110 §6.5.1)."""
    return [(name, value) for name, value in trailers if name not in _NOT_IN_TRAILERS]


def wants_websocket(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    upgrade = value_of(headers, b"upgrade")
    return upgrade is not None and upgrade.lower() == b"websocket" and b"upgrade" in _named_by_connection(headers)


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes] | set[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection" or name == b"proxy-connection":
            named.update(token.strip().lower() for token in value.split(b","))
    return named
