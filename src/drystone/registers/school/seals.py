"""P43: text that the database alone does not give away. Sealed with AES-256-GCM (NIST SP 800-38D) under a key that each
school has for itself, drawn by HKDF (RFC 5869) from the house's own, which lies in the home folder and not in the
database: a stolen dump, or a copy of the tables, shows nothing.

A sealed text is bound to what it is about, so that nobody moves it to another record.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from drystone.registers.school.models import School

VERSION = b"\x01"
NONCE = 12


class SealError(Exception):
    """It cannot be sealed or opened; the sentence says what to do."""


def seal(text: str, *, school: School, about: str) -> bytes:
    """The version, a nonce, and the text with its tag. `about` names the record, and is needed to open it."""
    nonce = secrets.token_bytes(NONCE)
    return VERSION + nonce + AESGCM(_key(school, "seal")).encrypt(nonce, text.encode(), about.encode())


def unseal(sealed: bytes | memoryview, *, school: School, about: str) -> str:
    """Raises SealError where the key is another, or the text was changed or belongs to another record."""
    sealed = bytes(sealed)  # a memoryview from PostgreSQL
    version, nonce, text = sealed[:1], sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
    if version != VERSION:
        raise SealError("This text was sealed by a newer Drystone: bring this one up to date")
    try:
        return AESGCM(_key(school, "seal")).decrypt(nonce, text, about.encode()).decode()
    except (InvalidTag, ValueError):
        raise SealError(
            f"This text cannot be opened: it was changed, or {settings.HOME.seal_key} is not the key that sealed it. "
            "Ask the technician to restore that file from the backup"
        ) from None


def digest(text: str, *, school: School, about: str) -> str:
    """What the audit trail holds in place of the text: proof of what it was for who has the key, nothing for others."""
    message = about.encode() + b"\0" + text.encode()
    return hmac.new(_key(school, "digest"), message, hashlib.sha256).hexdigest()


def _key(school: School, use: str) -> bytes:
    try:
        house = settings.HOME.seal_key.read_bytes()
    except OSError as error:
        raise SealError(
            f"{settings.HOME.seal_key} cannot be read ({error.strerror}): restore it from the backup; where nothing "
            "was sealed yet, start Drystone once"
        ) from error
    if len(house) != 32:
        raise SealError(f"{settings.HOME.seal_key} is not a key of 32 bytes: restore it from the backup")
    return HKDF(SHA256(), 32, salt=None, info=f"drystone {use} of {school.slug}".encode()).derive(house)
