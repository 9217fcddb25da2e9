"""What accounts add to a person's page."""

from __future__ import annotations

from django.utils import timezone

from drystone.registers.accounts.doors import BY_INVITATION, door_of
from drystone.registers.school.access import roles_of
from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Person
from drystone.registers.school.reach import Viewer


@person_part(permission="accounts.view_doors", order=51)
def ways_in(viewer: Viewer, person: Person) -> PersonPart | None:
    """P45: their account, how far they have come with it, and help where they are shut out."""
    if person.user is None and not roles_of(person) & BY_INVITATION:
        return None
    door = door_of(person, on=viewer.on, at=timezone.now())
    return PersonPart("Invitation and second step", "accounts/part.html", {"door": door, "reader": viewer.person})
