"""Systems that may tell of sign-ons: integrations with that scope, and how long a sign-on of theirs lasts."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from drystone.registers.school.hooks import announce_overlay_change, integration_ends
from drystone.registers.school.models import Integration, Person, School, Scope
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.integrations import add_integration, integration_of, revoke_integration
from drystone.registers.signon.models import Session, SessionSource
from drystone.registers.signon.models.sessions import MOST_HOURS

PERMISSION = "signon.change_sources"


@transaction.atomic
def add_source(
    *, school: School, by: Person | None, name: str, most_hours: int = 12, calls_from: str = ""
) -> tuple[SessionSource, str]:
    """The source and its token, which nobody sees again. Raises Refused."""
    if not 1 <= most_hours <= MOST_HOURS:
        raise Refused(f"Between 1 and {MOST_HOURS} hours", field="most_hours")
    made, token = add_integration(
        school=school, by=by, name=name, scopes=[Scope.SESSIONS], calls_from=calls_from, permission=PERMISSION
    )
    return SessionSource.objects.create(school=school, integration=made, most_hours=most_hours), token


def revoke_source(*, source: SessionSource, by: Person | None) -> SessionSource:
    """Its token opens nothing any more, and what it told of ends now."""
    revoke_integration(integration=source.integration, by=by, permission=PERMISSION)
    source.refresh_from_db()
    return source


@receiver(integration_ends)
def end_what_it_told(*, integration: Integration, by: Person | None, **_sent: object) -> None:
    now = timezone.now()
    told = Session.objects.filter(source__integration=integration, ends_at__gt=now, since__lte=now)
    if told.update(ends_at=now, stopped=True) or Scope.SESSIONS in integration.scopes:
        announce_overlay_change(school=integration.school, by=by)


def source_of(token: str) -> SessionSource | None:
    """Whose token it is, where it may tell of sign-ons."""
    found = integration_of(token)
    return source_for(found) if found and Scope.SESSIONS in found.scopes else None


def source_for(integration: Integration) -> SessionSource:
    """The source that an integration with the scope is; made at its first call where it came with other scopes."""
    source, _ = SessionSource.objects.select_related("integration", "school").get_or_create(
        integration=integration, defaults={"school": integration.school}
    )
    return source
