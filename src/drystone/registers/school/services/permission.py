"""Services check for themselves who asks: a view is not the only way to them."""

from __future__ import annotations

from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.models import Person, School


class NotAllowed(Exception):
    """The person may not do this in this school."""


def require(by: Person | None, permission: str, school: School) -> None:
    """Raises NotAllowed. `by` None is the house itself: the wizard, a schedule, the demo school."""
    if by is None:
        return
    if by.school_id != school.pk or not roles_of(by) & matrix().get(permission, frozenset()):
        raise NotAllowed(f"{by.name} may not do this at {school.name} (it needs “{permission}”).")
