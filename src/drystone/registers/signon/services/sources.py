"""Systems that may tell of sign-ons: their tokens are shown once and kept as digests."""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.addresses import RangeError, parse_ranges
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require
from drystone.registers.signon.models import Session, SessionSource
from drystone.registers.signon.models.sessions import MOST_HOURS

PERMISSION = "signon.change_sources"
MOST_RANGES = 300  # characters
PREFIX = "drystone-sessions-"  # so that a token found lying about says what it is


@transaction.atomic
def add_source(
    *, school: School, by: Person | None, name: str, most_hours: int = 12, calls_from: str = ""
) -> tuple[SessionSource, str]:
    """The source and its token, which nobody sees again. Raises Refused."""
    require(by, PERMISSION, school)
    lock(school)
    plain = " ".join(name.split())
    if not plain:
        raise Refused("Give it a name, like “Wi-Fi controller”", field="name")
    if not 1 <= most_hours <= MOST_HOURS:
        raise Refused(f"Between 1 and {MOST_HOURS} hours", field="most_hours")
    try:
        ranges = ", ".join(str(network) for network in parse_ranges(calls_from))
    except RangeError as error:
        raise Refused(str(error), field="calls_from") from None
    if len(ranges) > MOST_RANGES:
        raise Refused("Those are too many: name the range that they are in", field="calls_from")
    if school.session_sources.filter(name__iexact=plain, revoked_at=None).exists():
        raise Refused(f"There is one called “{plain}” already", field="name")
    token = PREFIX + secrets.token_urlsafe(32)
    source = SessionSource.objects.create(
        school=school,
        name=plain,
        digest=digest(token),
        most_hours=most_hours,
        calls_from=ranges,
        made_by_name=by.name if by else "Drystone",
    )
    audit.record(
        school=school,
        by=by,
        verb="add_session_source",
        subject=source,
        summary=f"“{plain}” may tell of sign-ons",
        after={"name": plain, "most_hours": most_hours, "calls_from": ranges},
    )
    return source, token


@transaction.atomic
def revoke_source(*, source: SessionSource, by: Person | None) -> SessionSource:
    """Its token opens nothing any more, and what it told of ends now."""
    school = source.school
    require(by, PERMISSION, school)
    lock(school)
    source.refresh_from_db()
    if source.revoked_at:
        raise Refused("That token is withdrawn already")
    now = timezone.now()
    source.revoked_at = now
    source.save(update_fields=["revoked_at"])
    Session.objects.filter(source=source, ends_at__gt=now, since__lte=now).update(ends_at=now, stopped=True)
    audit.record(
        school=school,
        by=by,
        verb="revoke_session_source",
        subject=source,
        summary=f"“{source.name}” may not tell of sign-ons any more",
    )
    announce_overlay_change(school=school, by=by)
    return source


def source_of(token: str) -> SessionSource | None:
    """Whose token it is. Looked up by its digest: 256 random bits need no salt, and no guess comes near them."""
    if not token.startswith(PREFIX):
        return None
    return SessionSource.objects.filter(digest=digest(token), revoked_at=None).select_related("school").first()


def digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
