"""Who asks: zone, group, person, and whether access stands (steps 3 and the scopes of rules).

A profile is worked out once for a client and user and kept until something that it hangs on changes: the overlay,
or the moment at which a session, a switch or a permit of the overlay begins or ends.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from drystone.engine.filtering.identity import person_key, sign_on_name
from drystone.engine.filtering.overlay import EMPTY_OVERLAY, Overlay
from drystone.engine.filtering.permits import NO_PERMITS, Permits
from drystone.engine.filtering.policy import BundleGroup, BundleZone, Policy, RuleMasks
from drystone.engine.filtering.words import Access

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


class ZoneIndex:
    """Which zone an address is in: the narrowest range that holds it. One dictionary for each length of prefix."""

    __slots__ = ("_ranges",)

    def __init__(self, zones: dict[str, BundleZone]) -> None:
        ranges: dict[tuple[int, int], dict[int, str]] = {}
        for zone in zones.values():
            for text in zone.addresses:
                network = ip_network(text)
                shift = network.max_prefixlen - network.prefixlen
                ranges.setdefault((network.version, shift), {})[int(network.network_address) >> shift] = zone.key
        self._ranges = sorted(ranges.items(), key=lambda item: item[0][1])

    def find(self, client: str) -> str:
        """The zone's key, or "" for an address in none, or for what is no address."""
        try:
            address = ip_address(client.partition("%")[0])
        except ValueError:
            return ""
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        number, version = int(address), address.version
        for (of, shift), networks in self._ranges:
            if of == version and (zone := networks.get(number >> shift)):
                return zone
        return ""


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
        self._edges = _edges(self._settings)
        self._profiles: dict[tuple[str, str], Profile] = {}
        self._numbers = numbers
        self._window = (0.0, 0.0)  # in seconds: within it none of _edges

    def profile(self, client: str, user: str, at: datetime) -> Profile:
        """Cheap when asked again. `user` is a sign-on name or "" and goes before a session at the address."""
        self.window(at.timestamp())
        profile = self._profiles.get((client, user))
        if profile is None:
            profile = self._profiles[client, user] = self._work_out(client, user, at)
        return profile

    def window(self, now: float) -> tuple[float, float]:
        """From when, up to but not including when, everybody's profile is what it is at `now`, in seconds."""
        start, end = self._window
        if not start <= now < end or len(self._profiles) > KEPT:
            self._profiles = {}
            place = bisect_right(self._edges, now)
            self._window = (self._edges[place - 1], self._edges[place])
        return self._window

    def _work_out(self, client: str, user: str, at: datetime) -> Profile:
        policy = self._policy
        zone = self._zones.find(client)
        person = person_key(self._key, user) if sign_on_name(user) else self._settings.person_at(client, at)
        known_group, known_access = policy.people.get(person, ("", ""))
        ours = policy.zones[zone].group if zone else policy.everyone_else
        group = (known_group if ours else "") or ours
        barred, barred_by = self._barred(zone, group, person, known_access, at)
        holding = self._masks.holding_for(group=group, zone=zone, person=person)
        permits = Permits(self._settings.permits_for(group=group, zone=zone, person=person, at=at))
        number = self._numbers.setdefault((group, holding, barred, permits), len(self._numbers))
        return Profile(number, holding, zone, group, person, barred, barred_by, permits)

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
    """Every moment at which a session, a switch or a permit begins or ends, from the beginning of time to its end."""
    moments = {switch.until.timestamp() for switch in overlay.switched_off if switch.until}
    moments |= {permit.since.timestamp() for permit in overlay.permits}
    moments |= {permit.until.timestamp() for permit in overlay.permits if permit.until}
    for sessions in overlay.sessions.values():
        for session in sessions:
            moments |= {session.since.timestamp(), session.until.timestamp()}
    return [float("-inf"), *sorted(moments), float("inf")]
