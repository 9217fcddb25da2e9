"""What the documents register does when another tells of a change."""

from __future__ import annotations

from django.dispatch import receiver

from drystone.registers.documents.services.notices import tell_of_coordinator
from drystone.registers.school.hooks import coordinator_changed
from drystone.registers.school.models import Person, RoleHolding


@receiver(coordinator_changed, dispatch_uid="documents.coordinator_changed")
def coordinator_is_another(holding: RoleHolding, by: Person | None, **_: object) -> None:
    """P02: everybody takes note of it anew."""
    tell_of_coordinator(holding=holding, by=by)
