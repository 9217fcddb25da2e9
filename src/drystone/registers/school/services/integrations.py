"""Tokens of other systems: shown once, kept as digests, withdrawn for good."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.access import Reach, reaches, roles_of
from drystone.registers.school.addresses import RangeError, parse_ranges
from drystone.registers.school.hooks import integration_ends
from drystone.registers.school.models import Integration, Person, School, Scope
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

PERMISSION = "school.change_integrations"
MOST_RANGES = 300  # characters
PREFIX = "drystone-"  # so that a token found lying about says what it is
NOTED = timedelta(minutes=1)  # a busy system does not write at every call
# Nobody gives a system what they may not see themselves.
SEES = {
    Scope.ROLL: "school.view_people",
    Scope.NUMBERS: "school.view_births",
    Scope.CONTACTS: "school.view_contacts",
}


@transaction.atomic
def add_integration(
    *,
    school: School,
    by: Person | None,
    name: str,
    scopes: Sequence[Scope],
    calls_from: str = "",
    expires_on: date | None = None,
    permission: str = PERMISSION,
) -> tuple[Integration, str]:
    """The integration and its token, which nobody sees again. Raises Refused.

    `permission`: what it needs where a register makes tokens for its own scope alone.
    """
    require(by, permission, school)
    lock(school)
    plain = " ".join(name.split())
    if not plain:
        raise Refused("Give it a name, like “Wi-Fi controller”", field="name")
    if not scopes:
        raise Refused("Choose what it may do", field="scopes")
    if {Scope.NUMBERS, Scope.CONTACTS} & set(scopes) and Scope.ROLL not in scopes:
        raise Refused("Numbers and contacts come with the roll: choose that too", field="scopes")
    if by and (hidden := [scope for scope in scopes if scope in SEES and not _sees_all(by, SEES[scope])]):
        raise Refused(f"You may not see that yourself, so ask the head: {Scope(hidden[0]).label}", field="scopes")
    if expires_on and expires_on < timezone.localdate():
        raise Refused("That day is over", field="expires_on")
    ranges = _ranges(calls_from)
    if school.integrations.filter(name__iexact=plain, revoked_at=None).exists():
        raise Refused(f"There is one called “{plain}” already", field="name")
    token = PREFIX + secrets.token_urlsafe(32)
    made = Integration.objects.create(
        school=school,
        name=plain,
        digest=digest(token),
        scopes=sorted(Scope(scope).value for scope in scopes),
        calls_from=ranges,
        expires_on=expires_on,
        made_by_name=by.name if by else "Drystone",
    )
    audit.record(
        school=school,
        by=by,
        verb="add_integration",
        subject=made,
        summary=f"“{plain}” has a token: {', '.join(made.scopes)}",
        after={"name": plain, "scopes": made.scopes, "calls_from": ranges, "expires_on": str(expires_on or "")},
    )
    return made, token


def _sees_all(by: Person, permission: str) -> bool:
    return any(reaches()[permission].get(role) is Reach.SCHOOL for role in roles_of(by))


def _ranges(text: str) -> str:
    try:
        ranges = ", ".join(str(network) for network in parse_ranges(text))
    except RangeError as error:
        raise Refused(str(error), field="calls_from") from None
    if len(ranges) > MOST_RANGES:
        raise Refused("Those are too many: name the range that they are in", field="calls_from")
    return ranges


@transaction.atomic
def revoke_integration(*, integration: Integration, by: Person | None, permission: str = PERMISSION) -> Integration:
    """Its token opens nothing any more; whoever keeps something by it (`integration_ends`) lets go."""
    school = integration.school
    require(by, permission, school)
    lock(school)
    integration.refresh_from_db()
    if integration.revoked_at:
        raise Refused("That token is withdrawn already")
    integration.revoked_at = timezone.now()
    integration.save(update_fields=["revoked_at"])
    integration_ends.send(sender=Integration, integration=integration, by=by)
    audit.record(
        school=school,
        by=by,
        verb="revoke_integration",
        subject=integration,
        summary=f"The token of “{integration.name}” is withdrawn",
    )
    return integration


def integration_of(token: str) -> Integration | None:
    """Whose token it is, where it still works. Looked up by its digest: 256 random bits need no salt, and no guess
    comes near them."""
    if not token.startswith(PREFIX):
        return None
    found = Integration.objects.filter(digest=digest(token)).select_related("school").first()
    return found if found and found.works_on(timezone.localdate()) else None


def note_use(*, integration: Integration, what: str) -> None:
    """When it last called; and in the audit trail, once a day, that it read what (P43)."""
    now, before = timezone.now(), integration.last_used_at
    if before and now - before < NOTED:
        return
    with transaction.atomic():
        Integration.objects.filter(pk=integration.pk).update(last_used_at=now)
        if before is None or timezone.localdate(before) != timezone.localdate(now):
            audit.record(
                school=integration.school,
                by=None,
                as_name=f"Integration “{integration.name}”",
                verb="use_integration",
                subject=integration,
                summary=f"“{integration.name}” called today: {what}",
            )


def digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
