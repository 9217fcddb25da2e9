"""P62, FM13: monitoring is used with discretion, so looking at somebody's traffic leaves a trace itself."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from drystone.registers.school.models import AuditEntry, Person, School
from drystone.registers.school.services.audit import record

SAME_LOOK = timedelta(minutes=15)  # the next page, or a page that looks again by itself


def note_lookup(*, school: School, by: Person, whom: Person) -> None:
    """Who looked at whose traffic. Turning pages is one look."""
    recent = AuditEntry.objects.filter(
        chain=school.slug,
        actor=by.key,
        verb="look_up_traffic",
        subject=f"{whom._meta.label}:{whom.pk}",
        at__gt=timezone.now() - SAME_LOOK,
    )
    if not recent.exists():
        record(
            school=school,
            by=by,
            verb="look_up_traffic",
            subject=whom,
            summary=f"Looked at the traffic of the person with the key {whom.key}",
            after={"person": whom.key},
        )


def note_export(*, school: School, by: Person, filters: dict[str, str], whom: Person | None) -> None:
    """Traffic left the house as a file."""
    record(
        school=school,
        by=by,
        verb="export_traffic",
        subject=whom or school,
        summary="Downloaded traffic as CSV" + (f" of the person with the key {whom.key}" if whom else ""),
        after=filters,
    )
