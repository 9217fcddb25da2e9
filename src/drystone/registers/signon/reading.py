"""The body of a call to the sessions API, read into what it tells. Nothing else reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.overlay import client_text
from drystone.registers.signon.radius import as_event, is_radius
from drystone.registers.signon.services.sessions import Kind, Told

MOST_AT_ONCE = 500
LONGEST = 100
FIELDS = {"type", "id", "address", "user", "at"}


class BadCall(ValueError):
    """The call as a whole cannot be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is told, or why one piece cannot be read, in their order. FreeRADIUS would read an answer's body as
    attributes of its own, so to it nothing is answered."""

    told: list[Told | str]
    radius: bool = False


def read_call(body: bytes, now: datetime) -> Call:
    """Raises BadCall.

    `{"type": "start", "id": "…", "address": "10.1.0.7", "user": "pfell", "at": "2026-11-24T08:30:00Z"}`, or a list of
    such as `{"events": […]}`. Without `at` it is now; without `id` the user at the address stands for it. Or RADIUS
    accounting as FreeRADIUS posts it (radius.py).
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadCall("The body is not JSON") from None
    if not isinstance(content, dict):
        raise BadCall("The body is one JSON object, or {“events”: […]}")
    if is_radius(content):
        event = as_event(content, now)
        return Call([event if isinstance(event, str) else _told(event, now)], radius=True)
    events = content["events"] if set(content) == {"events"} else [content]
    if not isinstance(events, list) or not events:
        raise BadCall("“events” is a list with at least one event")
    if len(events) > MOST_AT_ONCE:
        raise BadCall(f"At most {MOST_AT_ONCE} events in a call")
    return Call([_told(event, now) for event in events])


def _told(event: Any, now: datetime) -> Told | str:
    if not isinstance(event, dict):
        return "an event is an object"
    if unknown := sorted(set(event) - FIELDS):
        return f"there is no field “{unknown[0]}”: they are {', '.join(sorted(FIELDS))}"
    if wrong := [name for name, value in event.items() if not isinstance(value, str) or len(value) > LONGEST]:
        return f"“{wrong[0]}” is text of at most {LONGEST} characters"
    try:
        kind = Kind(event.get("type", ""))
    except ValueError:
        return "“type” is start, interim or stop"
    try:
        return _complete(kind, event, now)
    except ValueError as error:
        return str(error)


def _complete(kind: Kind, event: dict[str, str], now: datetime) -> Told:
    """Raises ValueError with what is missing."""
    reference, user = event.get("id", "").strip(), event.get("user", "").strip()
    address = _address(event.get("address", ""))
    if any("\0" in value or not _is_text(value) for value in event.values()):
        raise ValueError("a NUL, or half a character, stands in no name")
    if kind is not Kind.STOP and not (address and sign_on_name(user)):
        raise ValueError("“address” and “user” say who is where")
    if not reference and not (address and sign_on_name(user)):
        raise ValueError("a stop names its “id”, or “address” and “user”")
    return Told(
        kind, reference or f"{sign_on_name(user)}@{address}"[:LONGEST], address, user, _at(event.get("at", ""), now)
    )


def _is_text(value: str) -> bool:
    """JSON can name half of a character (a lone surrogate), which no database takes: one such name, and who signs on
    to a Wi-Fi chooses theirs, is not to cost all the others of its call."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _address(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return client_text(text.strip().partition("%")[0])
    except ValueError:
        raise ValueError(f"“{text[:50]}” is no address") from None


def _at(text: str, now: datetime) -> datetime:
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"“at” is like 2026-11-24T08:30:00Z, with its time zone, and not “{text[:40]}”") from None
