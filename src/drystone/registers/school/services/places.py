"""Zones and groups: where a request comes from, and whose rules count there."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError

from drystone.registers.school.addresses import RangeError, first_overlap, parse_range, parse_ranges
from drystone.registers.school.hooks import announce_filter_change, place_goes
from drystone.registers.school.models import AddressRange, Group, Person, School, Zone
from drystone.registers.school.queries import free_slug
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values


@transaction.atomic
def add_zone(
    *, school: School, by: Person | None, name: str, group: Group, addresses: str, require_person: bool = False
) -> Zone:
    """P35: rules at the level of an address. Refused when it shares an address with another zone."""
    lock(school)
    _name_is_free(school, name, None)
    slug = free_slug(name, set(school.zones.values_list("slug", flat=True)))
    zone = Zone(school=school, slug=slug, name=name, group=group, require_person=require_person)
    _keep(zone, group, addresses)
    audit.record(
        school=school,
        by=by,
        verb="add_zone",
        subject=zone,
        summary=f"Zone “{name}” added",
        after=zone_values(zone),
    )
    announce_filter_change(school=school, by=by)
    return zone


@transaction.atomic
def change_zone(*, zone: Zone, by: Person, name: str, group: Group, addresses: str, require_person: bool) -> Zone:
    lock(zone.school)
    _name_is_free(zone.school, name, zone)
    before = zone_values(zone)
    zone.name, zone.group, zone.require_person = name, group, require_person
    _keep(zone, group, addresses)
    old, new = differing(before, zone_values(zone))
    if new:
        audit.record(
            school=zone.school,
            by=by,
            verb="change_zone",
            subject=zone,
            summary=f"Zone “{zone.name}” changed",
            before=old,
            after=new,
        )
        announce_filter_change(school=zone.school, by=by)
    return zone


@transaction.atomic
def remove_zone(*, zone: Zone, by: Person) -> None:
    """Its addresses belong to no zone then, and are blocked (or filtered as 'everyone else')."""
    school = lock(zone.school)
    audit.record(
        school=school,
        by=by,
        verb="remove_zone",
        subject=zone,
        summary=f"Zone “{zone.name}” removed",
        before=zone_values(zone),
    )
    _remove(zone, by)
    announce_filter_change(school=school, by=by)


@transaction.atomic
def add_group(*, school: School, by: Person | None, name: str, age_band: str) -> Group:
    """P14: people who are filtered alike."""
    lock(school)
    if school.groups.filter(name__iexact=name).exists():
        raise Refused(f"There is a group called “{name}” already", field="name")
    slug = free_slug(name, set(school.groups.values_list("slug", flat=True)))
    group = Group.objects.create(school=school, slug=slug, name=name, age_band=age_band)
    audit.record(
        school=school,
        by=by,
        verb="add_group",
        subject=group,
        summary=f"Group “{name}” added",
        after=values(group),
    )
    announce_filter_change(school=school, by=by)
    return group


@transaction.atomic
def change_group(*, group: Group, by: Person, name: str, age_band: str) -> Group:
    school = lock(group.school)
    if school.groups.filter(name__iexact=name).exclude(pk=group.pk).exists():
        raise Refused(f"There is a group called “{name}” already", field="name")
    before = values(group)
    group.name, group.age_band = name, age_band
    group.save()
    old, new = differing(before, values(group))
    if new:
        audit.record(
            school=school,
            by=by,
            verb="change_group",
            subject=group,
            summary=f"Group “{name}” changed",
            before=old,
            after=new,
        )
        announce_filter_change(school=school, by=by)
    return group


@transaction.atomic
def remove_group(*, group: Group, by: Person) -> None:
    """Its profile and its rules go with it, and stay on record. Refused while somebody is filtered by it."""
    school = lock(group.school)
    names = [*school.zones.filter(group=group).values_list("name", flat=True)]
    names += school.classes.filter(group=group).values_list("name", flat=True)
    if names:
        raise Refused(f"{', '.join(names)}: filtered as this group. Choose another group for them first")
    audit.record(
        school=school,
        by=by,
        verb="remove_group",
        subject=group,
        summary=f"Group “{group.name}” removed",
        before=values(group),
    )
    _remove(group, by)
    announce_filter_change(school=school, by=by)


def _remove(place: Zone | Group, by: Person) -> None:
    place_goes.send(sender=type(place), place=place, by=by)
    try:
        place.delete()
    except ProtectedError:
        raise Refused(f"“{place}” is still in use elsewhere, as by a device. Change that first") from None


def zone_values(zone: Zone) -> dict[str, object]:
    ranges = sorted(zone.ranges.values_list("network", flat=True)) if zone.pk else []
    return {**values(zone), "addresses": ranges}


def _name_is_free(school: School, name: str, mine: Zone | None) -> None:
    others = school.zones.filter(name__iexact=name)
    if (others.exclude(pk=mine.pk) if mine else others).exists():
        raise Refused(f"There is a zone called “{name}” already", field="name")


def _keep(zone: Zone, group: Group, addresses: str) -> None:
    if group.school_id != zone.school_id:
        raise Refused("That group belongs to another school", field="group")
    try:
        networks = parse_ranges(addresses)
    except RangeError as error:
        raise Refused(str(error), field="addresses") from None
    if not networks:
        raise Refused("Enter the zone's addresses, like 10.1.0.0/16", field="addresses")
    others = zone.school.zones.exclude(pk=zone.pk).prefetch_related("ranges")
    taken = [(other.name, [parse_range(r.network) for r in other.ranges.all()]) for other in others]
    if overlap := first_overlap([*taken, (zone.name, networks)]):
        raise Refused(f"{overlap}: an address belongs to one zone only", field="addresses")
    zone.save()
    zone.ranges.all().delete()
    AddressRange.objects.bulk_create(AddressRange(zone=zone, network=str(network)) for network in networks)
