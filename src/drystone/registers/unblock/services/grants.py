"""Ending early what was opened for a while."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Person
from drystone.registers.school.services.audit import record
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed, require
from drystone.registers.unblock.models import Grant
from drystone.registers.unblock.services.asking import tidy
from drystone.registers.unblock.services.deciding import site_for_audit


def may_end(grant: Grant, by: Person) -> bool:
    """Who decides for the school ends any of them; a teacher ends what they gave."""
    roles = roles_of(by)
    return bool(roles & matrix()["unblock.decide_for_school"]) or (
        grant.by_id == by.pk and bool(roles & matrix()["unblock.decide"])
    )


def end_grant(*, grant: Grant, by: Person | None, reason: str) -> Grant:
    """Closed again within two seconds. It stays on the register. Raises Refused or NotAllowed."""
    require(by, "unblock.decide", grant.school)
    if by is not None and not may_end(grant, by):
        raise NotAllowed(f"{by.name} may end only what they allowed themselves.")
    if not tidy(reason):
        raise Refused("Say why it ends now.", field="reason")
    now = timezone.now()
    with transaction.atomic():
        ended = (
            Grant.objects.filter(pk=grant.pk)
            .open_at(now)
            .update(
                ended_at=now, ended_by=by, ended_by_name=by.name if by else "Drystone", ended_reason=tidy(reason)[:500]
            )
        )
        if not ended:
            raise Refused("It is over already.")
        grant.refresh_from_db()
        record(
            school=grant.school,
            by=by,
            verb="end_allowed_site",
            subject=grant,
            summary=f"Ended early: {_site(grant)} for {grant.whom}",
            after={"reason": tidy(reason)[:500]},
        )
        announce_overlay_change(school=grant.school, by=by)
    return grant


def _site(grant: Grant) -> str:
    """For the audit trail, as when it was allowed."""
    asked = grant.requests.first()
    return site_for_audit(asked) if asked else grant.host
