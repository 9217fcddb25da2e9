"""P35, P49: why a site is open or closed, for somebody, somewhere, at a time; and why it was, for any past event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from drystone.engine.filtering import BundleError, ListError, RulesError, parse_request, person_key
from drystone.engine.filtering.bundle import Bundle
from drystone.engine.filtering.explain import Explanation, explain_to
from drystone.engine.filtering.overlay import EMPTY_OVERLAY, PERMIT_LEVELS, Overlay, Permit
from drystone.engine.filtering.permits import Permits
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.who import NO_AGREEMENT, NO_ZONE, SIGN_ON, SUSPENDED, Profile
from drystone.registers.network.editions import DRAFT, EditionGone, draft_edition, edition_of, overlay_now
from drystone.registers.network.models import Schedule
from drystone.registers.school.models import Person, School
from drystone.registers.school.pseudonyms import person_secret

if TYPE_CHECKING:
    from drystone.engine.eventlog import Event

GATEWAY = "gateway"  # level of what a door refuses before the filter is asked
_BARRED = {
    "agreement": NO_AGREEMENT,
    "suspended": SUSPENDED,
    "zone": NO_ZONE,
    "switched-off": "The Internet was switched off for the class or group.",
    "overlay": "The list of who may use the Internet could not be read.",
}


class CannotExplain(Exception):
    """In plain words: why there is no answer, and what to do."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A past event, decided again on the edition that it names. `differs` says where the answer is another one."""

    event: Event
    explanation: Explanation | None
    trouble: str = ""
    differs: str = ""


def explain_now(
    school: School,
    url: str,
    *,
    zone: str = "",
    person: Person | None = None,
    group: str = "",
    at: datetime | None = None,
    edition: str = "",
) -> Explanation:
    """The whole chain for an address. `zone` and `group` are slugs; what is left out is worked out from the rest.
    `edition` "" is the one in force, "draft" the draft. Raises CannotExplain."""
    at = at or timezone.now()
    try:
        bundle = draft_edition(school) if edition == DRAFT else edition_of(school, edition)
    except EditionGone as gone:
        raise CannotExplain(str(gone)) from gone
    except (RulesError, ListError, BundleError) as error:
        raise CannotExplain(f"The draft cannot be compiled: {error}") from error
    key = person_key(person_secret(), person.sign_on) if person and person.sign_on else ""
    overlay = overlay_now(school)
    try:
        profile = _asker(bundle, zone, key, group, at, overlay)
    except KeyError as missing:
        raise CannotExplain(
            f"This edition does not have {missing.args[0]}: it was made later. Try the draft, or publish."
        ) from missing
    request = parse_request(url, client="", at=at)
    return explain_to(profile, request.host, request.path, bundle, at, _schedules(school))


def _schedules(school: School) -> dict[str, str]:
    """Names of schedules, of removed ones too: an old edition may have them."""
    return dict(Schedule.objects.filter(school=school).values_list("slug", "name"))


def _asker(bundle: Bundle, zone: str, person: str, group: str, at: datetime, overlay: Overlay | None) -> Profile:
    """Where no zone is named: the first that is filtered as the group (the person's own, where none is named)."""
    wanted = group or bundle.policy.people.get(person, ("", ""))[0]
    if not zone and wanted:
        zone = next((each.key for each in bundle.zones.values() if each.group == wanted), "")
    if group and group not in bundle.groups:
        raise KeyError(f"the group {group}")
    if zone and zone not in bundle.zones:
        raise KeyError(f"the zone {zone}")
    return bundle.profile_as(zone=zone, person=person, at=at, overlay=overlay, group=group)


def explain_event(school: School, event: Event) -> Replay:
    """The same decision again, on the edition that the event names: rules, lists and schedules as they stood then.
    Who had access and what was open for a while stood in no edition; of that the event itself is the record."""
    if event.level == GATEWAY:
        return Replay(event, None)
    try:
        bundle = edition_of(school, event.edition) if event.edition else None
    except EditionGone as gone:
        return Replay(event, None, trouble=str(gone))
    if bundle is None:
        return Replay(event, None, trouble="The event names no edition: nothing had been published.")
    explanation = explain_to(_as_then(bundle, event), event.host, event.path, bundle, event.at, _schedules(school))
    return Replay(event, explanation, differs=_differs(event, explanation))


def _as_then(bundle: Bundle, event: Event) -> Profile:
    zone = event.zone if event.zone in bundle.zones else ""
    group = event.group if event.group in bundle.groups else ""
    profile = bundle.profile_as(zone=zone, person=event.person, at=event.at, overlay=EMPTY_OVERLAY, group=group)
    barred, barred_by, permits = "", "", Permits()
    if event.level == Level.ACCESS:
        sign_on = SIGN_ON.format(zone=bundle.zones[zone].title if zone else "this place")
        barred, barred_by = _BARRED.get(event.rule, sign_on), event.rule
    elif not group:
        barred, barred_by = profile.barred, profile.barred_by
    head, _, number = event.rule.partition(":")
    if head == "permit" and event.level in PERMIT_LEVELS:
        given = Permit(number, event.host, level=event.level, since=event.at, reason="see the requests of that day")
        permits = Permits((given,))
    return replace(profile, barred=barred, barred_by=barred_by, permits=permits)


def _differs(event: Event, explanation: Explanation) -> str:
    found = explanation.decision
    if (event.action, event.rule, event.level) == (str(found.action), found.rule, str(found.level)):
        return ""
    return (
        f"The event says {event.action} by {event.rule or 'no rule'}, and decided again it is {found.action} by "
        f"{found.rule}. The door may have answered at the edge of a schedule, or seen less of the address."
    )
