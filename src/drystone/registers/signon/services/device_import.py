"""Devices from a CSV file: all of it or nothing, tried first without writing (P62)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.csv import rows_of
from drystone.registers.school.models import Group, Person, School
from drystone.registers.school.services.changes import Refused
from drystone.registers.signon.models import Device
from drystone.registers.signon.services.devices import Described, add_device, change_device

COLUMNS = ("name", "address", "person", "group", "from", "until", "note")
MOST_ROWS = 5_000
FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M")


@dataclass(slots=True)
class Imported:
    """What a file would do or has done. `wrong` are (line, what is wrong with it); with any, nothing is written."""

    added: int = 0
    changed: int = 0
    same: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)


class _Undo(Exception):
    """The transaction is not to be kept."""


def import_devices(*, school: School, by: Person | None, text: str, dry_run: bool) -> Imported:
    """One transaction, which a dry run, or a single wrong line, takes back whole. The same file again changes nothing.

    Raises Refused where the file as a whole cannot be read.
    """
    rows = list(rows_of(text, columns=COLUMNS, needed=("name", "address"), most=MOST_ROWS, what="devices"))
    found = Imported()
    try:
        with transaction.atomic():
            _take_in(school, by, rows, found)
            if dry_run or found.wrong:
                raise _Undo
    except _Undo:
        pass
    return found


def _take_in(school: School, by: Person | None, rows: list[tuple[int, dict[str, str]]], found: Imported) -> None:
    now = timezone.now()
    people = {person.sign_on.lower(): person for person in school.people.exclude(sign_on="")}
    groups = {name.lower(): group for group in school.groups.all() for name in (group.slug, group.name)}
    standing = Q(until__isnull=True) | Q(until__gt=now)
    known = {device.name.lower(): device for device in Device.objects.filter(standing, school=school)}
    seen: dict[str, int] = {}
    for line, row in rows:
        name = row["name"].lower()
        if name in seen:
            found.wrong.append((line, f"“{row['name']}” stands in line {seen[name]} already"))
            continue
        seen[name] = line
        try:
            described = _described(row, people, groups, ZoneInfo(school.time_zone))
            with transaction.atomic():
                _one(school, by, known.get(name), described, now, found)
        except (Refused, ValueError) as error:
            found.wrong.append((line, str(error)))


def _one(
    school: School, by: Person | None, device: Device | None, described: Described, now: datetime, found: Imported
) -> None:
    if device is None:
        add_device(school=school, by=by, described=described, at=now)
        found.added += 1
        return
    before = (device.network, device.person_id, device.group_id, device.until, device.note)
    after = change_device(device=device, by=by, described=described, at=now)
    if before == (after.network, after.person_id, after.group_id, after.until, after.note):
        found.same += 1
    else:
        found.changed += 1


def _described(row: dict[str, str], people: dict[str, Person], groups: dict[str, Group], zone: ZoneInfo) -> Described:
    """Raises Refused or ValueError."""
    person, group = people.get(row["person"].lower()), groups.get(row["group"].lower())
    if row["person"] and person is None:
        raise Refused(f"Nobody here signs on as “{row['person']}”")
    if row["group"] and group is None:
        raise Refused(f"There is no group “{row['group']}”")
    return Described(
        name=row["name"],
        address=row["address"],
        person=person,
        group=group,
        since=_moment(row["from"], zone),
        until=_moment(row["until"], zone),
        note=row["note"],
    )


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    for pattern in FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise Refused(f"“{text}” is not a time: write 2026-11-24 or 2026-11-24 08:30")
