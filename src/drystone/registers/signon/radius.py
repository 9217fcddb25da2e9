"""RADIUS accounting as FreeRADIUS posts it (rlm_rest with `body = 'json'`), read into what the sessions API takes.

    {"Acct-Status-Type": {"value": ["Start"]}, "User-Name": {"value": ["pfell"]}, …}

RFC 2866 names the attributes. A start often has no address yet: the device gets it afterwards, and the next interim
update has it. `Acct-Delay-Time` is how long the news has been on its way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

STATUS = "Acct-Status-Type"
KINDS = {"start": "start", "1": "start", "stop": "stop", "2": "stop", "interim-update": "interim", "3": "interim",
         "alive": "interim"}  # fmt: skip
IDS = ("Acct-Unique-Session-Id", "Acct-Session-Id")
MOST_DELAY = 7 * 24 * 3600


def is_radius(content: dict[str, Any]) -> bool:
    return STATUS in content


def as_event(content: dict[str, Any], now: datetime) -> dict[str, str] | str:
    """An event as the API takes it, or why there is none."""
    kind = KINDS.get(_value(content, STATUS).lower(), "")
    if not kind:
        return "only start, interim update and stop tell who is where"
    address = _value(content, "Framed-IP-Address") or _value(content, "Framed-IPv6-Address")
    user = _value(content, "User-Name")
    if not user or user.lower().startswith("host/") or user.endswith("$"):
        return "a computer’s own name is nobody’s"
    if not address and kind != "stop":
        return "there is no address yet"
    delay = _value(content, "Acct-Delay-Time")
    late = (
        timedelta(seconds=min(int(delay), MOST_DELAY))
        if delay.isascii() and delay.isdigit() and len(delay) < 10
        else timedelta()
    )
    reference = next(filter(None, (_value(content, name) for name in IDS)), "")
    event = {"type": kind, "id": reference, "address": address, "user": user, "at": (now - late).isoformat()}
    return {name: value for name, value in event.items() if value}


def _value(content: dict[str, Any], name: str) -> str:
    found = content.get(name)
    if isinstance(found, dict):
        found = found.get("value")
    if isinstance(found, list):
        found = found[0] if found else ""
    return str(found).strip() if isinstance(found, str | int) else ""
