"""Makes the certificates that Squid shows for blocked hosts (`sslcrtd_program`), as our own proxy makes its own (P35).

In place of Squid's `security_file_certgen`, whose certificates live as long as the authority, name no purpose (Apple's
devices refuse them for it) and use the authority's own key: ours live three days, are for web servers, and have a key
of this process. Nothing is written to disk.

In: `new_certificate LENGTH BODY`, and a newline; BODY is lines `host=…`, `Sign=…`, `SignHash=…`, and then the
authority's certificate and key as Squid read them. Out: `OK LENGTH PEM`, certificate and key, or `BH LENGTH WORDS`;
each answer ends with the byte 1. Squid asks one at a time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from drystone.engine.certificates import Authority, AuthorityError, authority_from, new_leaf_key, private_pem
from drystone.engine.filtering.hosts import HostError, canonical_host

READ_BYTES = 1 << 16
LONGEST_BODY = 64 * 1024
END = b"\x01"
PEM = b"-----BEGIN "


class CannotMake(Exception):
    """No certificate for this request; Squid then closes the connection, and nothing passes."""


class Requests:
    """Cuts what Squid writes into bodies."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are whole. Raises CannotMake where the stream cannot be followed any more."""
        self._pending += data
        found = []
        while self._pending:
            code, *rest = self._pending.lstrip(b"\n").split(b" ", 2)
            if len(rest) < 2:
                if len(self._pending) > LONGEST_BODY:
                    raise CannotMake("a request without an end")
                break
            if code != b"new_certificate" or not rest[0].isdigit() or int(rest[0]) > LONGEST_BODY:
                raise CannotMake("a request that cannot be read")
            length, body = int(rest[0]), rest[1]
            if len(body) < length:
                break
            found.append(body[:length])
            self._pending = body[length:].lstrip(b"\n")
        return found


def answer(body: bytes, key: EllipticCurvePrivateKey, at: datetime) -> bytes:
    """One answer. Never raises for what stands in a body."""
    try:
        code, text = b"OK", certificate(body, key, at)
    except (CannotMake, AuthorityError) as error:
        code, text = b"BH", str(error).encode("utf-8", "replace")
    return b"%s %d %s%s" % (code, len(text), text, END)


def certificate(body: bytes, key: EllipticCurvePrivateKey, at: datetime) -> bytes:
    """Certificate and key as PEM. Raises CannotMake or AuthorityError."""
    head, mark, pem = body.partition(PEM)
    wanted = dict(line.split("=", 1) for line in head.decode("ascii", "replace").splitlines() if "=" in line)
    if wanted.get("Sign", "signTrusted") != "signTrusted":
        raise CannotMake("only certificates of the school's own authority are made here")
    try:
        host = canonical_host(wanted.get("host", "").strip("[]"))
        return _authority(mark + pem).leaf(host, key, at=at) + private_pem(key)
    except (HostError, ValueError):
        raise CannotMake("that is no host") from None


@lru_cache(maxsize=4)
def _authority(pem: bytes) -> Authority:
    return authority_from(pem, "what Squid was given as tls-cert")


def main(argv: Sequence[str]) -> int:  # noqa: ARG001 - as every helper's
    """Until Squid closes the pipe. Exit status 0, and 1 when it no longer speaks as it should: Squid starts another."""
    requests, key = Requests(), new_leaf_key()
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        while chunk := os.read(0, READ_BYTES):
            try:
                bodies = requests.feed(chunk)
            except CannotMake:
                return 1
            out = b"".join(answer(body, key, datetime.now(UTC)) for body in bodies)
            while out:
                out = out[os.write(1, out) :]
    return 0
