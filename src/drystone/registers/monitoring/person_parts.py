"""What monitoring adds to a person's page: the way to their traffic, never the traffic itself."""

from __future__ import annotations

from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Person
from drystone.registers.school.reach import Viewer


@person_part(permission="monitoring.view_names", order=60)
def traffic(_viewer: Viewer, person: Person) -> PersonPart | None:
    """P62: it is monitored with discretion. A page opened for something else shows nothing; the look has a trace."""
    return PersonPart("Traffic", "monitoring/person.html") if person.sign_on else None
