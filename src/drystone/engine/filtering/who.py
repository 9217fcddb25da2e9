"""Who asks: zone, group, person, and whether access stands (steps 3 and the scopes of rules).

A profile is worked out once for a client and user and kept until something that it hangs on changes: the overlay,
or the moment at which a session, a switch, a device or a permit of the overlay begins or ends.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime

from drystone.engine.filtering.identity import person_key, sign_on_name
from drystone.engine.filtering.overlay import EMPTY_OVERLAY, Device, Overlay, client_text
from drystone.engine.filtering.permits import NO_PERMITS, Permits
from drystone.engine.filtering.policy import BundleGroup, BundleZone, Policy, RuleMasks
from drystone.engine.filtering.ranges import Ranges
from drystone.engine.filtering.words import Access

NO_DEVICE = Device("", "0.0.0.0/0", since=datetime(1970, 1, 1, tzinfo=UTC))
KEPT = 50_000  # profiles of clients and users, before all are worked out afresh

Numbers = dict[tuple[str, int, str, Permits], int]  # by group, rules that hold, what bars, and what is open for now

NO_AGREEMENT = "There is no signed agreement on record, so there is no Internet yet."
SUSPENDED = "Internet access is suspended."
SIGN_ON = "Sign on first: {zone} asks who is there."
NO_ZONE = "This computer's address is in no zone of the school."
SWITCHED_OFF = "The Internet is switched off for {name}."


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about the asker that a decision hangs on. `number` is the same for profiles that are decided alike,
    whoever they are: a result may be kept by it. `holding` are the rules whose scope the asker is in."""

    number: int
    holding: int
    zone: str
    group: str
    person: str
    barred: str = ""  # the reason why nothing but help is open
    barred_by: str = ""  # which part of step 3: agreement, suspended, switched-off, sign-on, zone, overlay
    permits: Permits = NO_PERMITS
    device: str = ""  # key of a registered device at the address


class ZoneIndex:
    """Which zone an address is in: the narrowest range that holds it."""

    __slots__ = ("_ranges",)

    def __init__(self, zones: dict[str, BundleZone]) -> None:
        self._ranges = Ranges((text, zone.key) for zone in zones.values() for text in zone.addresses)

    def find(self, client: str) -> str:
        """The zone's key, or "" for an address in none, or for what is no address."""
        return next(self._ranges.over(client), "")


class DeviceIndex:
    """Which registered device has an address at a time: of those that hold then, the one of the narrowest range, and
    of equals the last to begin."""

    __slots__ = ("_ranges",)

    def __init__(self, overlay: Overlay) -> None:
        newest_first = sorted(overlay.devices, key=lambda device: device.since, reverse=True)
        self._ranges = Ranges((device.network, device) for device in newest_first)

    def find(self, client: str, at: datetime) -> Device:
        for device in self._ranges.over(client):
            if device.since <= at and (device.until is None or at < device.until):
                return device
        return NO_DEVICE


class Roll:
    """Profiles of one bundle under one overlay. `numbers` outlives the roll, so that a number never means another
    profile within one bundle. `shut` is a reason for which nothing but help is open at all."""

    def __init__(
        self, policy: Policy, masks: RuleMasks, key: bytes, overlay: Overlay | None, shut: str, numbers: Numbers
    ) -> None:
        self.overlay = overlay
        self.shut = shut
        self._policy = policy
        self._masks = masks
        self._key = key
        self._settings = overlay or EMPTY_OVERLAY
        self._zones = ZoneIndex(policy.zones)
        self._devices = DeviceIndex(self._settings)
        self._edges = _edges(self._settings)
        self._profiles: dict[tuple[str, str, str], Profile] = {}
        self._numbers = numbers
        self._window = (0.0, 0.0)  # in seconds: within it none of _edges

    def profile(self, client: str, user: str, at: datetime, door: str = "") -> Profile:
        """Cheap when asked again. `user` is a sign-on name or "" and goes before a session at the address, and that
        before the owner of a device which has the address (P62). `door`: the zone whose own door the client came by,
        which tells where an address does not: one that is in another zone stays there."""
        self.window(at.timestamp())
        profile = self._profiles.get((client, user, door))
        if profile is None:
            profile = self._profiles[client, user, door] = self._work_out(client, user, at, door)
        return profile

    def window(self, now: float) -> tuple[float, float]:
        """From when, up to but not including when, everybody's profile is what it is at `now`, in seconds."""
        start, end = self._window
        if not start <= now < end or len(self._profiles) > KEPT:
            self._profiles = {}
            place = bisect_right(self._edges, now)
            self._window = (self._edges[place - 1], self._edges[place])
        return self._window

    def _work_out(self, client: str, user: str, at: datetime, door: str) -> Profile:
        policy = self._policy
        zone = self._zones.find(client)
        if door and door not in policy.zones:  # a door to a zone that the bundle does not have leads nowhere
            return self._profile("", "", "", "", at)
        # P35: anybody may name any port in a browser's settings. A pupil's address is not made the staff's by it.
        zone = zone or door
        device = self._devices.find(client, at)
        person = person_key(self._key, user) if sign_on_name(user) else self._signed_on(client, at) or device.person
        known_group, known_access = policy.people.get(person, ("", ""))
        if not known_group and device.group in policy.groups:
            known_group = device.group
        ours = policy.zones[zone].group if zone else policy.everyone_else
        known_group = policy.people_zones.get(person, {}).get(zone, known_group)
        group = (known_group if ours else "") or ours
        return self._profile(zone, group, person, known_access, at, device.key)

    def zone_of(self, client: str) -> str:
        """The zone's key, or "" for an address in none."""
        return self._zones.find(client)

    def of(self, *, zone: str, person: str, at: datetime, group: str = "") -> Profile:
        """The profile of a person's key in a zone, by no address; of a `group`, where that is known already."""
        known_group, known_access = self._policy.people.get(person, ("", ""))
        known_group = self._policy.people_zones.get(person, {}).get(zone, known_group)
        ours = self._policy.zones[zone].group if zone else self._policy.everyone_else
        return self._profile(zone, group or (known_group if ours else "") or ours, person, known_access, at)

    def _profile(
        self, zone: str, group: str, person: str, known_access: str, at: datetime, device: str = ""
    ) -> Profile:
        barred, barred_by = self._barred(zone, group, person, known_access, at)
        holding = self._masks.holding_for(group=group, zone=zone, person=person)
        permits = Permits(self._settings.permits_for(group=group, zone=zone, person=person, at=at))
        number = self._numbers.setdefault((group, holding, barred, permits), len(self._numbers))
        return Profile(number, holding, zone, group, person, barred, barred_by, permits, device)

    def _signed_on(self, client: str, at: datetime) -> str:
        try:
            return self._settings.person_at(client_text(client), at)
        except ValueError:  # what is no address has no session
            return ""

    def _barred(self, zone: str, group: str, person: str, known_access: str, at: datetime) -> tuple[str, str]:
        """P64 and the rest of step 3: (reason, which part), or ("", "")."""
        if self.shut:
            return self.shut, "overlay"
        if not group:
            return NO_ZONE, "zone"
        settings = self._settings
        access = str(settings.access_of(person) or known_access) if person else ""
        of_group = self._policy.groups[group].access
        if Access.SUSPENDED in (access, of_group):
            return SUSPENDED, "suspended"
        if Access.NONE in (access, of_group):
            return NO_AGREEMENT, "agreement"
        if switch := settings.off(group=group, person=person, at=at):
            return SWITCHED_OFF.format(name=switch.name or self._group(group).title), "switched-off"
        if zone and self._policy.zones[zone].require_person and not access:
            return SIGN_ON.format(zone=self._policy.zones[zone].title), "sign-on"
        return "", ""

    def _group(self, key: str) -> BundleGroup:
        return self._policy.groups[key]


def _edges(overlay: Overlay) -> list[float]:
    """Every moment at which a session, a switch, a device or a permit begins or ends, from the beginning of time to its
    end."""
    moments = {switch.until.timestamp() for switch in overlay.switched_off if switch.until}
    held = [(permit.since, permit.until) for permit in overlay.permits]
    held += [(device.since, device.until) for device in overlay.devices]
    moments |= {end.timestamp() for ends in held for end in ends if end}
    for sessions in overlay.sessions.values():
        for session in sessions:
            moments |= {session.since.timestamp(), session.until.timestamp()}
    return [float("-inf"), *sorted(moments), float("inf")]
