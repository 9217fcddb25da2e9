"""The event: one decision, and the one line that every door writes for it.

Line format 1: fields divided by tabs, each percent-encoded, an empty one written `-`, `at` in Unix
milliseconds (UTC). Two kinds of record:

    1 decision id at school gateway zone client device person group method host path search
      action category rule level edition bytes
    1 bytes id at school gateway bytes

A door that answers before it knows how much it will send writes the decision first and the bytes
afterwards, under the same id. Squid writes one line when the answer is through, with id `-`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from drystone.engine.filtering.request import Decision, Level, Request

VERSION: Final = 1
SELF_TEST: Final = "self-test"  # the device of an event that the filter's own test made

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = 253_402_300_799_999  # the end of year 9999, the last that datetime holds
_MOST_BYTES: Final = 2**63 - 1
_LONGEST_SCHOOL: Final = 60  # bytes of UTF-8: percent-encoded it names a folder of the lake
_PLAIN = re.compile(r"[!-$&-~]+")  # printable ASCII but the space and `%`


class LineError(ValueError):
    """A line that is no event: torn, foreign, or damaged."""


class NewerVersionError(LineError):
    """A line that a newer Drystone wrote."""


@dataclass(frozen=True, slots=True)
class Event:
    """One decision. Empty strings where nothing is known; `at` is aware, in UTC, whole milliseconds.

    `client` is an address; `person` is the pseudonymous key, never a name; `bytes` is None until known.
    """

    at: datetime
    school: str
    gateway: str
    id: str = ""
    zone: str = ""
    client: str = ""
    device: str = ""
    person: str = ""
    group: str = ""
    method: str = ""
    host: str = ""
    path: str = ""
    search: str = ""
    action: str = ""
    category: str = ""
    rule: str = ""
    level: str = ""
    edition: str = ""
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """How much was sent in answer to the event of this id. `at` is the event's own, so that both lie in one day."""

    at: datetime
    school: str
    gateway: str
    id: str
    bytes: int


# fmt: off
DECISION_FIELDS: Final = (
    "id", "at", "school", "gateway", "zone", "client", "device", "person", "group", "method", "host", "path", "search",
    "action", "category", "rule", "level", "edition", "bytes",
)
# fmt: on
BYTES_FIELDS: Final = ("id", "at", "school", "gateway", "bytes")
AT, SCHOOL, DEVICE, LEVEL = (DECISION_FIELDS.index(name) for name in ("at", "school", "device", "level"))
HIDDEN_FROM_HELP: Final = tuple(
    DECISION_FIELDS.index(name) for name in ("client", "device", "person", "path", "search")
)

if set(DECISION_FIELDS) != {field.name for field in fields(Event)}:  # a field added to one and forgotten in the other
    raise AssertionError("the fields of Event and of its line differ")


def new_id() -> str:
    """An id that no other event has: it joins a decision and its bytes."""
    return os.urandom(10).hex()


def event_from(
    decision: Decision,
    request: Request,
    *,
    gateway: str,
    id: str = "",
    device: str = "",
    search: str = "",
    sent: int | None = None,
) -> Event:
    """The event of one decision; visits to the help sites lose here all that could tell who it was."""
    event = Event(
        at=whole_ms(request.at),
        school=decision.school,
        gateway=gateway,
        id=id,
        zone=decision.zone,
        client=request.client,
        device=device or decision.device,
        person=decision.person,
        group=decision.group,
        method=request.method,
        host=decision.host or request.host,
        path=request.path,
        search=search,
        action=str(decision.action),
        category=decision.category,
        rule=decision.rule,
        level=str(decision.level),
        edition=decision.edition,
        bytes=sent,
    )
    return without_traces(event) if decision.level == Level.HELP else event


def without_traces(event: Event) -> Event:
    """A child who looks for help is not to be found out: no person, device or path, and no address (a device too).

    The filter's test of itself is no child, and stays known for what it is: else it would look like one."""
    return replace(
        event, client="", device=event.device if event.device == SELF_TEST else "", person="", path="", search=""
    )


def whole_ms(at: datetime) -> datetime:
    """The same moment in UTC, cut to the millisecond that a line holds."""
    return at_ms(to_ms(at))


def to_ms(at: datetime) -> int:
    """Unix milliseconds of an aware time."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def at_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def format_event(event: Event) -> bytes:
    """The line of a decision, with its newline."""
    sent = "-" if event.bytes is None else str(event.bytes)
    values = (
        "1\tdecision",
        _encode(event.id),
        str(to_ms(event.at)),
        _encode(event.school),
        _encode(event.gateway),
        _encode(event.zone),
        _encode(event.client),
        _encode(event.device),
        _encode(event.person),
        _encode(event.group),
        _encode(event.method),
        _encode(event.host),
        _encode(event.path),
        _encode(event.search),
        _encode(event.action),
        _encode(event.category),
        _encode(event.rule),
        _encode(event.level),
        _encode(event.edition),
        sent,
    )
    return ("\t".join(values) + "\n").encode("ascii")


def format_bytes(event: Event, sent: int) -> bytes:
    """The second line of an event that has an id: how much was sent. Several such lines add up."""
    if not event.id:
        raise ValueError("bytes can only be told later of an event that has an id: give event_from one (new_id())")
    head = f"1\tbytes\t{_encode(event.id)}\t{to_ms(event.at)}"
    return f"{head}\t{_encode(event.school)}\t{_encode(event.gateway)}\t{sent}\n".encode("ascii")


def parse_line(line: bytes) -> Event | Sent:
    """The record of one line, with or without its newline; raises LineError."""
    kind, values = split_line(line)
    known = dict(zip(_FIELDS_OF[kind], values, strict=True))
    known["at"] = at_ms(known["at"])
    return Event(**known) if kind == "decision" else Sent(**known)


def split_line(line: bytes) -> tuple[str, list[Any]]:
    """Kind and values of one line in the order of its fields, `at` still in milliseconds: what the collector needs."""
    parts = line.rstrip(b"\n").decode("utf-8", "replace").split("\t")
    if parts[0] != "1":
        raise _version_error(parts[0])
    kind = parts[1] if len(parts) > 1 else ""
    names = _FIELDS_OF.get(kind)
    if names is None:
        raise LineError(f"unknown kind of record {kind[:20]!r}")
    if len(parts) != len(names) + 2:
        raise LineError(f"{len(parts)} fields where a {kind} record has {len(names) + 2}")
    values: list[Any] = ["" if part == "-" else part if "%" not in part else _decode(part) for part in parts[2:]]
    values[AT] = _number(values[AT], "at", _LAST_MS)
    values[-1] = _number(values[-1], "bytes", _MOST_BYTES) if kind == "bytes" or values[-1] else None
    if kind == "bytes" and not values[0]:
        raise LineError("a bytes record without an id")
    if len(values[SCHOOL].encode()) > _LONGEST_SCHOOL:
        raise LineError(f"a school's name of {len(values[SCHOOL])} letters")
    return kind, values


def salvage(line: bytes) -> int:
    """Where a whole record begins in a line that a torn one runs into (Squid appends on after a kill); 0 if nowhere."""
    start = max(line.rfind(b"1\tdecision\t"), line.rfind(b"1\tbytes\t"))
    if start <= 0:
        return 0
    try:
        split_line(line[start:])
    except LineError:
        return 0
    return start


_FIELDS_OF: Final = {"decision": DECISION_FIELDS, "bytes": BYTES_FIELDS}


def _version_error(text: str) -> LineError:
    if text.isascii() and text.isdigit():
        return NewerVersionError(
            f"line format {text[:9]} is not known to this Drystone (it reads {VERSION}): update it"
        )
    return LineError("not a line of the event log")


def _number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > most:
        raise LineError(f"{name} is {text[:20]!r}, not a number in range")
    return int(text)


def _encode(text: str) -> str:
    if not text:
        return "-"
    if text != "-" and _PLAIN.fullmatch(text):
        return text
    if text == "-":
        return "%2D"
    return quote(text, safe="!\"#$&'()*+,/:;<=>?@[\\]^`{|}", errors="replace")


def _decode(part: str) -> str:
    return unquote_to_bytes(part).decode("utf-8", "replace")
