"""What must change faster than lists do: who has access, who is switched off, who is signed on where, what is open
for a while.

It stands in `overlay.json` beside `current`, and is read as the bundle is: whole or not at all. A file that is not
byte for byte what `write_overlay` wrote raises OverlayError, and then the caller blocks all but help: P64 would be
broken by guessing. A file that is missing raises OverlayMissing, which is fine only where the bundle's manifest
does not demand an overlay. Format 2 added `devices`, `verifiers` and `permits`; a file of another format is an
OverlayError, and whoever writes overlays writes a new one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

from drystone.engine.filtering.hosts import HostError, canonical_host
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.words import Access

FORMAT = 2
PERMIT_LEVELS = (Level.SCHOOL, Level.GROUP, Level.ZONE, Level.PERSON)
FILE_NAME = "overlay.json"


class OverlayError(Exception):
    """The overlay cannot be trusted: block all but help."""


class OverlayMissing(OverlayError):
    """There is no overlay. The bundle's manifest says whether one may go without."""


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A class or a group whose Internet a teacher has switched off, until a moment (None: until it is put on again).

    `name` is what people read ("Class 3B"). `group` is a group of the rules, or "" where `people` lists the keys of
    those concerned, as for a class.
    """

    name: str
    group: str = ""
    people: frozenset[str] = frozenset()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person is signed on at an address from `since` up to, not including, `until`."""

    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A device that always has the same address, or a range of them, from `since` up to, not including, `until`
    (None: until the register says otherwise). `key` stands for it in events.

    Where nobody has signed on, it is its owner who asks: `person` (a key). `group` is the group of the rules that it
    is filtered as, whatever its zone says; "" leaves that to the person or the zone.
    """

    key: str
    network: str
    person: str = ""
    group: str = ""
    since: datetime = field(kw_only=True)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """A site that is open for a while, as an answer to a request: from `since` up to, not including, `until` (None:
    until it is taken back). It speaks at step 5 of the decision, as a rule `allow: site:…` of its level would.

    `host` is canonical and covers everything below it; with a `path` ("/apply") it covers that part of the host.
    `level` is school, group, zone or person; `key` the group's or the zone's, else "". With `people` (their keys) it
    speaks for these alone: a class is level group with its pupils, a single child level person.
    """

    id: str
    host: str
    path: str = ""
    level: str = Level.SCHOOL
    key: str = ""
    people: frozenset[str] = frozenset()
    reason: str = ""
    since: datetime = field(kw_only=True)
    until: datetime | None = None

    @property
    def rule(self) -> str:
        """What stands as the rule in a decision and its event."""
        return f"permit:{self.id}"

    def speaks_for(self, *, group: str, zone: str, person: str) -> bool:
        """Whether the asker is one it was given to. One given to nobody in particular is for nobody."""
        if self.people:
            return bool(person) and person in self.people
        match self.level:
            case Level.SCHOOL:
                return True
            case Level.GROUP:
                return bool(self.key) and self.key == group
            case Level.ZONE:
                return bool(self.key) and self.key == zone
        return False

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Overlay:
    """People stand here by their keys (identity.person_key), addresses in canonical text.

    `verifiers` say by which proxy password a person is known (verifier.verify). Permits are in the order of their ids,
    devices in that of their keys.
    """

    access: Mapping[str, Access] = field(default_factory=dict)
    switched_off: tuple[SwitchedOff, ...] = ()
    sessions: Mapping[str, tuple[Session, ...]] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()
    verifiers: Mapping[str, str] = field(default_factory=dict)
    permits: tuple[Permit, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Overlay:
        """Raises OverlayMissing, or OverlayError for any file that write_overlay did not write as it is."""
        try:
            raw = Path(path).read_bytes()
        except FileNotFoundError as error:
            raise OverlayMissing(f"{path}: there is no overlay; publish again") from error
        except OSError as error:
            raise OverlayError(f"{path}: cannot be read ({error.strerror})") from error
        try:
            plain = json.loads(raw)
            if plain["format"] != FORMAT:
                raise OverlayError(
                    f"{path}: is of format {plain['format']!r}, this version reads {FORMAT}; publish again"
                )
            overlay = _from_plain(plain["overlay"])
            # One comparison covers truncation, a flipped bit, doubled keys and edits by hand alike.
            whole = to_bytes(overlay) == raw
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
            # OSError: a time that is farther off than the system's calendar reaches
            raise OverlayError(f"{path}: is damaged ({type(error).__name__}); publish again") from error
        if not whole:
            raise OverlayError(f"{path}: is not what was written (its hash does not agree); publish again")
        return overlay

    def access_of(self, person: str) -> Access | None:
        """What the overlay says of the person, who may also stand in the bundle; None: nothing."""
        return self.access.get(person)

    def person_at(self, client: str, at: datetime) -> str:
        """The key of who is signed on at an address, or "". Of sessions that overlap the last to begin counts."""
        begun = [session for session in self.sessions.get(client, ()) if session.since <= at < session.until]
        return max(begun, key=lambda session: session.since).person if begun else ""

    def off(self, *, group: str, person: str, at: datetime) -> SwitchedOff | None:
        """The switch that keeps this group or person from the Internet now, if any."""
        for switch in self.switched_off:
            if (switch.until is None or at < switch.until) and (
                (switch.group and switch.group == group) or (person and person in switch.people)
            ):
                return switch
        return None

    def permits_for(self, *, group: str, zone: str, person: str, at: datetime) -> tuple[Permit, ...]:
        """What is open for this asker now."""
        return tuple(
            permit
            for permit in self.permits
            if permit.holds(at) and permit.speaks_for(group=group, zone=zone, person=person)
        )


EMPTY_OVERLAY = Overlay()


def write_overlay(path: Path, overlay: Overlay) -> None:
    """Write beside and rename: a reader sees the old or the new, whole. Same overlay, same bytes.

    Raises ValueError for an address or a time that cannot be written, and then the old file stays.
    """
    content = to_bytes(overlay)
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def to_bytes(overlay: Overlay) -> bytes:
    """The one way to write this overlay."""
    plain = _to_plain(overlay)
    digest = sha256(_json(plain)).hexdigest()
    return _json({"format": FORMAT, "overlay": plain, "sha256": digest}) + b"\n"


def client_text(address: str) -> str:
    """An address as sessions are keyed: IPv6 normalised, IPv4-mapped IPv6 as IPv4. Raises ValueError."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def _to_plain(overlay: Overlay) -> dict[str, Any]:
    return {
        "access": {person: str(Access(access)) for person, access in overlay.access.items()},
        "off": [
            {
                "name": switch.name,
                "group": switch.group,
                "people": sorted(switch.people),
                "until": _milliseconds(switch.until) if switch.until else None,
            }
            for switch in overlay.switched_off
        ],
        "sessions": _sessions_by_client(overlay),
        "devices": [_device_to_plain(device) for device in sorted(overlay.devices, key=lambda device: device.key)],
        "verifiers": {person: str(text) for person, text in overlay.verifiers.items()},
        "permits": [_permit_to_plain(permit) for permit in sorted(overlay.permits, key=lambda permit: permit.id)],
    }


def _device_to_plain(device: Device) -> dict[str, Any]:
    """Raises ValueError for a range that is none, or that is written otherwise than it is compared."""
    if str(ip_network(device.network)) != device.network:
        raise ValueError(f"device {device.key}: {device.network!r} is written {ip_network(device.network)}")
    return {
        "key": device.key,
        "network": device.network,
        "person": device.person,
        "group": device.group,
        "since": _milliseconds(device.since),
        "until": _milliseconds(device.until) if device.until else None,
    }


def _permit_to_plain(permit: Permit) -> dict[str, Any]:
    """Raises ValueError for a permit that the decision could not read as it was meant."""
    try:
        canonical = canonical_host(permit.host)
    except HostError as error:
        raise ValueError(f"permit {permit.id}: {error}") from error
    if canonical != permit.host:
        raise ValueError(f"permit {permit.id}: host {permit.host!r} is compared as {canonical!r}; write it so")
    if permit.path and not permit.path.startswith("/"):
        raise ValueError(f"permit {permit.id}: path {permit.path!r} does not begin with /")
    if permit.level not in PERMIT_LEVELS:
        raise ValueError(f"permit {permit.id}: no permit has level {permit.level!r}")
    return {
        "id": permit.id,
        "host": permit.host,
        "path": permit.path,
        "level": str(permit.level),
        "key": permit.key,
        "people": sorted(permit.people),
        "reason": permit.reason,
        "since": _milliseconds(permit.since),
        "until": _milliseconds(permit.until) if permit.until else None,
    }


def _sessions_by_client(overlay: Overlay) -> dict[str, list[tuple[str, int, int]]]:
    by_client: dict[str, list[tuple[str, int, int]]] = {}
    for address, sessions in overlay.sessions.items():
        rows = [(session.person, _milliseconds(session.since), _milliseconds(session.until)) for session in sessions]
        by_client.setdefault(client_text(address), []).extend(rows)
    return {client: sorted(rows) for client, rows in by_client.items()}


def _from_plain(plain: dict[str, Any]) -> Overlay:
    return Overlay(
        access={person: Access(access) for person, access in plain["access"].items()},
        switched_off=tuple(
            SwitchedOff(
                name=switch["name"],
                group=switch["group"],
                people=frozenset(switch["people"]),
                until=None if switch["until"] is None else _moment(switch["until"]),
            )
            for switch in plain["off"]
        ),
        sessions={
            address: tuple(Session(person, _moment(since), _moment(until)) for person, since, until in sessions)
            for address, sessions in plain["sessions"].items()
        },
        devices=tuple(Device(**{**device, **_interval(device)}) for device in plain["devices"]),
        verifiers=dict(plain["verifiers"]),
        permits=tuple(
            Permit(**{**permit, "people": frozenset(permit["people"]), **_interval(permit)})
            for permit in plain["permits"]
        ),
    )


def _interval(plain: dict[str, Any]) -> dict[str, datetime | None]:
    until = plain["until"]
    return {"since": _moment(plain["since"]), "until": None if until is None else _moment(until)}


def _milliseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("times in an overlay are aware")
    return round(at.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def _json(plain: object) -> bytes:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _sync_folder(folder: Path) -> None:
    """So that the rename outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
