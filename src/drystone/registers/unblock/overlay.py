"""What is open for a while, as the overlay has it: at work within two seconds, and not a second past its end."""

from __future__ import annotations

from datetime import datetime

from drystone.engine.filtering.overlay import Permit
from drystone.engine.filtering.request import Level
from drystone.registers.school.hooks import OverlayPart, overlay_part
from drystone.registers.school.models import Person, School
from drystone.registers.unblock.models import Grant, Whom


@overlay_part
def permits(school: School, at: datetime) -> OverlayPart:
    """P35: allowed on request, without publishing somebody's unfinished draft."""
    grants = Grant.objects.filter(school=school, ended_at__isnull=True, until__gt=at)
    found = grants.select_related("person", "zone", "group", "school_class")
    return OverlayPart(permits=tuple(permit for grant in found if (permit := permit_of(grant)) is not None))


def permit_of(grant: Grant) -> Permit | None:
    """None where the person, class, place or group it was given to is not there any more, or known to nobody."""
    level, key, people = Level.SCHOOL, "", frozenset[str]()
    match grant.level:
        case Whom.PERSON:
            level, people = Level.PERSON, frozenset([grant.person.sign_on if grant.person else ""])
        case Whom.CLASS:
            pupils = Person.objects.filter(school_class=grant.school_class_id) if grant.school_class_id else ()
            level, people = Level.GROUP, frozenset(person.sign_on for person in pupils)
        case Whom.ZONE:
            level, key = Level.ZONE, grant.zone.slug if grant.zone else ""
        case Whom.GROUP:
            level, key = Level.GROUP, grant.group.slug if grant.group else ""
    people -= {""}
    if grant.level != Whom.SCHOOL and not key and not people:
        return None
    return Permit(
        id=str(grant.pk),
        host=grant.host,
        level=level,
        key=key,
        people=people,
        reason=grant.reason,
        since=grant.since,
        until=grant.until,
    )
