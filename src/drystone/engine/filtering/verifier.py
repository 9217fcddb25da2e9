"""Proxy passwords as they stand in an overlay: a salted scrypt verifier (RFC 7914), from which nobody reads one back.

    scrypt$N$r$p$salt$hash        salt and hash in base64, unpadded as it comes

N 16384, r 8, p 1: what RFC 7914 §2 names for signing in, 16 MB and some 50 ms a try. So a door keeps what it has
found right, and slows who guesses (gateway/signon.py).
"""

from __future__ import annotations

import binascii
import hmac
import unicodedata
from base64 import b64decode, b64encode
from hashlib import scrypt

N, R, P = 16384, 8, 1
LENGTH = 32
MOST_MEMORY = 64 * 1024 * 1024  # bytes: a verifier that asks for more is not one of ours
LONGEST = 200  # characters of a password that are looked at


def make_verifier(password: str, *, salt: bytes) -> str:
    """Raises ValueError for no password, or for a salt of less than 16 bytes."""
    if not (plain := _plain(password)):
        raise ValueError("a password has at least one character")
    if len(salt) < 16:
        raise ValueError("a salt has at least 16 bytes")
    found = scrypt(plain, salt=salt, n=N, r=R, p=P, maxmem=MOST_MEMORY, dklen=LENGTH)
    return f"scrypt${N}${R}${P}${b64encode(salt).decode()}${b64encode(found).decode()}"


def verify(password: str, verifier: str) -> bool:
    """False for a wrong password, for none, and for what is no verifier. Takes the same time whatever differs."""
    plain = _plain(password)
    try:
        kind, n, r, p, salt, found = verifier.split("$")
        cost = (int(n), int(r), int(p))
        salted, wanted = b64decode(salt, validate=True), b64decode(found, validate=True)
        if kind != "scrypt" or not plain or len(wanted) != LENGTH or not 1 <= cost[2] <= 16:
            return False
        got = scrypt(plain, salt=salted, n=cost[0], r=cost[1], p=cost[2], maxmem=MOST_MEMORY, dklen=LENGTH)
    except (ValueError, binascii.Error, OverflowError, MemoryError):
        return False
    return hmac.compare_digest(got, wanted)


def _plain(password: str) -> bytes:
    """NFC, without space around: a keyboard that composes é otherwise, or a copied newline, is no other password."""
    if len(password) > LONGEST:
        return b""
    return unicodedata.normalize("NFC", password.strip()).encode("utf-8", "surrogatepass")
