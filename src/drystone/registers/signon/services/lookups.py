"""P62: monitoring is used with discretion, so looking at who was where leaves a trace itself."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from drystone.registers.school.models import AuditEntry, Person, School
from drystone.registers.school.services.audit import record

SAME_LOOK = timedelta(minutes=15)
VERB, FILE = "look_up_sign_ons", "export_sign_ons"


def note_lookup(*, school: School, by: Person, text: str, as_file: bool) -> None:
    """Who looked for whom. Turning pages is one look; a file is always one."""
    verb = FILE if as_file else VERB
    summary = "Downloaded sign-ons as CSV" if as_file else "Looked at sign-ons"
    summary += f", looking for “{text}”" if text else ""
    recent = AuditEntry.objects.filter(
        chain=school.slug, actor=by.key, verb=VERB, summary=summary, at__gt=timezone.now() - SAME_LOOK
    )
    if as_file or not recent.exists():
        record(school=school, by=by, verb=verb, subject=school, summary=summary)
