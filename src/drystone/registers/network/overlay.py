"""The overlay of a school, put together from what every register says and written beside `current`.

Safe against two at once: a writer takes the file's lock first and reads the database after, so whoever writes last
has read every change that was committed before it. A register that fails leaves the file as it was: what that allows
ends by its own times, and nothing is opened by leaving a part out. A single permit or session that cannot be written
is left out, which closes, so that it does not keep a suspension from taking hold.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from drystone.engine.filtering.identity import person_key
from drystone.engine.filtering.overlay import (
    FILE_NAME,
    Overlay,
    OverlayError,
    Permit,
    Session,
    SwitchedOff,
    client_text,
    to_bytes,
    write_overlay,
)
from drystone.engine.filtering.words import Access
from drystone.registers.school.hooks import OverlayPart, overlay_parts
from drystone.registers.school.models import School
from drystone.registers.school.pseudonyms import person_secret

log = logging.getLogger(__name__)
LOCK = ".overlay.lock"
STRICTEST = (Access.SUSPENDED, Access.NONE, Access.OPEN)


def write_school_overlay(school: School, at: datetime | None = None) -> bool:
    """Whether the file changed. Nothing is written before the first publication has made the school's folder.

    Raises what a register raises, OverlayError, BundleError (no key of people) or OSError; the old file stays then.
    """
    folder = settings.HOME.school_bundles(school.slug)
    if not folder.is_dir():
        return False
    path = folder / FILE_NAME
    with _alone(folder):
        overlay = school_overlay(school, at or timezone.now())
        if _content(path) == to_bytes(overlay):
            return False  # gateways need not read it again
        write_overlay(path, overlay)
    return True


def school_overlay(school: School, at: datetime) -> Overlay:
    """All parts as one, people by their keys."""
    return merged(overlay_parts(school, at), person_secret())


def take_up(sender: object, school: School, **_: object) -> None:  # noqa: ARG001 - a signal's shape
    """On every change that the overlay has, once it is committed. Never raises: the change itself stands, the worker
    tries again each minute, and the log says what is wrong."""
    try:
        write_school_overlay(school)
    except Exception as error:
        log.exception("the overlay of %s could not be written; gateways keep the one they have", school.slug)
        _tell(school, f"{type(error).__name__}: {error}")
    else:
        _tell(school, "")


def trouble(school: School) -> str:
    """Why changes of who has access do not reach gateways just now, for the technician; "" when they do."""
    try:
        return _trouble_file(school).read_text(encoding="utf-8")
    except OSError:
        return ""


def make_sure(school: School) -> None:
    """Before an edition comes into force: one that can be read must be there, or everybody would be shut out.
    A part that fails does not keep lists and rules from being published. Raises OverlayError or OSError."""
    try:
        write_school_overlay(school)
    except Exception as error:
        log.exception("the overlay of %s could not be written", school.slug)
        try:
            Overlay.load(settings.HOME.school_bundles(school.slug) / FILE_NAME)
        except OverlayError:
            raise OverlayError(
                f"who has access could not be put together ({type(error).__name__}: {error}); see the log"
            ) from error


def merged(parts: Iterable[OverlayPart], secret: bytes) -> Overlay:
    parts = list(parts)
    return Overlay(
        access=_access(parts, secret),
        switched_off=tuple(kept for part in parts for off in part.switched_off for kept in _people(off, secret)),
        sessions=_sessions(parts, secret),
        devices=tuple(
            replace(device, person=person_key(secret, device.person)) for part in parts for device in part.devices
        ),
        verifiers=_keyed((item for part in parts for item in part.verifiers.items()), secret),
        permits=tuple(
            kept for part in parts for permit in part.permits for kept in _people(permit, secret) if _fits(kept)
        ),
    )


def _access(parts: list[OverlayPart], secret: bytes) -> dict[str, Access]:
    """P64: of two that speak of one person the stricter counts."""
    access: dict[str, Access] = {}
    for part in parts:
        for key, given in _pairs(part.access, secret):
            access[key] = min(access.get(key, Access.OPEN), Access(given), key=STRICTEST.index)
    return access


def _sessions(parts: list[OverlayPart], secret: bytes) -> dict[str, tuple[Session, ...]]:
    sessions: dict[str, list[Session]] = {}
    for part in parts:
        for address, held in part.sessions.items():
            known = [replace(one, person=key) for one in held if (key := person_key(secret, one.person))]
            known = [one for one in known if one.since < one.until]
            try:
                client = client_text(address)
            except ValueError:
                log.error("the overlay leaves out who is at %r: that is no address", address)
                continue
            if known:
                sessions.setdefault(client, []).extend(known)
    return {address: tuple(held) for address, held in sessions.items()}


def _people(thing: Any, secret: bytes) -> Iterator[Any]:
    """The switch or permit with keys for names; nothing where it named people and none of them can be known."""
    assert isinstance(thing, Permit | SwitchedOff)  # noqa: S101 - both have `people`
    keys = frozenset(filter(None, (person_key(secret, name) for name in thing.people)))
    if keys or not thing.people:
        yield replace(thing, people=keys)


def _fits(permit: Permit) -> bool:
    try:
        to_bytes(Overlay(permits=(permit,)))
    except ValueError as error:
        log.error("the overlay leaves out permit %s: %s", permit.id, error)
        return False
    return True


def _keyed(pairs: Iterable[tuple[str, str]], secret: bytes) -> dict[str, str]:
    """Of two names that come to one key the first counts, as in the rules."""
    keyed: dict[str, str] = {}
    for name, value in pairs:
        if key := person_key(secret, name):
            keyed.setdefault(key, value)
    return keyed


def _pairs(by_name: Mapping[str, Any], secret: bytes) -> Iterator[tuple[str, Any]]:
    return ((key, value) for name, value in by_name.items() if (key := person_key(secret, name)))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _trouble_file(school: School) -> Path:
    path: Path = settings.HOME.run / f"overlay-{school.slug}.trouble"
    return path


def _tell(school: School, text: str) -> None:
    """In a file, for the process that fails need not be the one that is asked."""
    path = _trouble_file(school)
    with suppress(OSError):
        if text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer of this school's overlay at a time, over all processes and threads of the machine."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
