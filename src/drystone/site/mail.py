"""How mails leave the house: DRYSTONE_MAIL_URL, as smtp://name:password@mail.fellside.example:587."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SECONDS = 15
EXAMPLE = "Write it like smtp://name:password@mail.fellside.example:587, or smtps://… for port 465"


def mail_settings(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings for a mail server; without an address mails are kept as files in `folder`.

    smtp:// begins in the clear and must turn to TLS before it says anything (STARTTLS, RFC 3207); smtps:// is TLS from
    the first byte (RFC 8314); `?tls=no` is for a server on this very machine.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}
    try:
        parts = urlsplit(url)
        port, in_the_clear = parts.port, parse_qs(parts.query, strict_parsing=bool(parts.query)) == {"tls": ["no"]}
    except ValueError as error:
        raise ImproperlyConfigured(f"DRYSTONE_MAIL_URL cannot be read ({error}). {EXAMPLE}") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ImproperlyConfigured(f"DRYSTONE_MAIL_URL names no mail server. {EXAMPLE}")
    if parts.query and not (in_the_clear and parts.scheme == "smtp"):
        raise ImproperlyConfigured(f"DRYSTONE_MAIL_URL: “?{parts.query}” is unknown; only smtp://…?tls=no. {EXAMPLE}")
    if in_the_clear and parts.password:
        raise ImproperlyConfigured("DRYSTONE_MAIL_URL: with ?tls=no a password would go over the network in the clear")
    secure = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": not secure and not in_the_clear,
        "EMAIL_TIMEOUT": SECONDS,
    }
