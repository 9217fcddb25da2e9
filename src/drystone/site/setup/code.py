"""Who may set the house up: whoever sits at this machine, or has the code that `drystone up` printed."""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets

from django.http import HttpRequest

from drystone.engine.home import Home

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


def make_code(home: Home) -> str:
    """The code of this house, made the first time: 40 bits, and tries are few."""
    path = home.setup_code
    code = "".join(secrets.choice(ALPHABET) for _ in range(8))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{code[:4]}-{code[4:]}\n")
    return f"{code[:4]}-{code[4:]}"


def forget_code(home: Home) -> None:
    """There is a school: the wizard is closed for good."""
    home.setup_code.unlink(missing_ok=True)


def is_the_code(home: Home, typed: str) -> bool:
    try:
        code = home.setup_code.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return False
    plain = typed.upper().replace("-", "").replace(" ", "")
    return hmac.compare_digest(code.replace("-", "").encode(), plain.encode())


def at_this_machine(request: HttpRequest) -> bool:
    """From loopback, and not handed on by a proxy: behind one, everybody comes from loopback."""
    if any(header in request.META for header in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
