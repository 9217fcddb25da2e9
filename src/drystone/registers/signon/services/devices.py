"""P62: the register of devices, and of whose each address is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from drystone.engine.eventlog.event import SELF_TEST
from drystone.registers.school.addresses import RangeError, parse_range
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Group, Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values
from drystone.registers.school.services.permission import require
from drystone.registers.signon.models import Device

PERMISSION = "signon.change_devices"
WIDEST = {4: 20, 6: 64}  # prefix lengths: whatever is wider is a place, not a device


@dataclass(frozen=True, slots=True)
class Described:
    """A device as somebody describes it: a person's or a group's, never both."""

    name: str
    address: str
    person: Person | None = None
    group: Group | None = None
    since: datetime | None = None  # None: now
    until: datetime | None = None
    note: str = ""


@transaction.atomic
def add_device(*, school: School, by: Person | None, described: Described, at: datetime | None = None) -> Device:
    require(by, PERMISSION, school)
    lock(school)
    device = _made(school, described, at or timezone.now())
    _fits(device)
    device.save()
    audit.record(
        school=school,
        by=by,
        verb="add_device",
        subject=device,
        summary=f"Device “{device.name}” at {device.shown_network} added",
        after=values(device),
    )
    announce_overlay_change(school=school, by=by)
    return device


@transaction.atomic
def change_device(*, device: Device, by: Person | None, described: Described, at: datetime | None = None) -> Device:
    """A new owner or address ends this line now and begins another: what was true before stays on record."""
    school = device.school
    require(by, PERMISSION, school)
    lock(school)
    device.refresh_from_db()
    now = at or timezone.now()
    changed = _made(school, described, now)
    if _held(changed) != _held(device) and device.since < now:
        if device.until is not None and device.until <= now:
            raise Refused("That device has ended: add it anew")
        end_device(device=device, by=by, at=now)
        return add_device(school=school, by=by, described=replace(described, since=now), at=now)
    before = values(device)
    for name in ("name", "network", "person", "group", "until", "note"):
        setattr(device, name, getattr(changed, name))
    _fits(device)
    device.save()
    old, new_values = differing(before, values(device))
    if new_values:
        audit.record(
            school=school,
            by=by,
            verb="change_device",
            subject=device,
            summary=f"Device “{device.name}” changed",
            before=old,
            after=new_values,
        )
        announce_overlay_change(school=school, by=by)
    return device


@transaction.atomic
def end_device(*, device: Device, by: Person | None, at: datetime | None = None) -> Device:
    """From now on nobody is known by this address. One that had not begun is removed."""
    school = device.school
    require(by, PERMISSION, school)
    lock(school)
    device.refresh_from_db()
    now = at or timezone.now()
    if device.until is not None and device.until <= now:
        raise Refused("That device has ended already")
    before = values(device)
    audit.record(
        school=school,
        by=by,
        verb="end_device",
        subject=device,
        summary=f"Device “{device.name}” at {device.shown_network} is nobody’s any more",
        before=before,
        after={"until": now.isoformat()},
    )
    if device.since >= now:
        device.delete()
    else:
        device.until = now
        device.save()
    announce_overlay_change(school=school, by=by)
    return device


def _made(school: School, described: Described, now: datetime) -> Device:
    """Raises Refused."""
    try:
        network = parse_range(described.address.strip())
    except RangeError as error:
        raise Refused(str(error), field="address") from None
    if network.prefixlen < WIDEST[network.version]:
        raise Refused(f"{network} is too many addresses for a device: add a zone for it", field="address")
    return Device(
        school=school,
        name=" ".join(described.name.split()),
        network=str(network),
        person=described.person,
        group=described.group,
        since=described.since or now,
        until=described.until,
        note=described.note.strip(),
    )


def _held(device: Device) -> tuple[object, ...]:
    return device.network, device.person_id, device.group_id


def _fits(device: Device) -> None:
    """Raises Refused for what the register cannot hold."""
    if not device.name or device.name.lower() == SELF_TEST:
        raise Refused("Give the device a name, like “Trolley 2, tablet 7”", field="name")
    if (device.person is None) == (device.group is None):
        raise Refused("A device is a person’s or a group’s: choose one of them", field="person")
    owner = device.person or device.group
    if owner is not None and owner.school_id != device.school_id:
        raise Refused("That owner belongs to another school", field="person")
    if device.person is not None and not device.person.sign_on.strip():
        raise Refused(
            f"{device.person.name} has no network sign-on name, so no event can name them: give them one first",
            field="person",
        )
    if device.until is not None and device.until <= device.since:
        raise Refused("It would end before it begins", field="until")
    others = Device.objects.filter(school=device.school, network=device.network).exclude(pk=device.pk)
    others = others.filter(Q(until__isnull=True) | Q(until__gt=device.since))
    if device.until is not None:
        others = others.filter(since__lt=device.until)
    if other := others.first():
        raise Refused(
            f"{device.shown_network} is the address of “{other.name}” already: end that first", field="address"
        )
