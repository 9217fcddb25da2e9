"""Secrets of one user that the server must read again (the key of an authenticator app, a form kept while a screen is
locked), sealed so that the database alone does not give them away. The key is drawn from the house's own, which lies
in the home folder."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

MARK = "sealed:"


class Unreadable(ValueError):
    """Sealed with another key, or changed."""


def seal(text: str, *, use: str) -> str:
    """`use` names what it is for; what is sealed for one use opens for no other."""
    return MARK + _fernet(use).encrypt(text.encode()).decode()


def unseal(sealed: str, *, use: str) -> str:
    """Raises Unreadable."""
    try:
        return _fernet(use).decrypt(sealed.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        raise Unreadable(
            f"{settings.HOME.keys / 'django.key'} is not the key that sealed this: restore that file from the backup"
        ) from None


def is_sealed(text: str) -> bool:
    return text.startswith(MARK)


def _fernet(use: str) -> Fernet:
    key = hashlib.sha256(f"drystone.accounts.{use}:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
