"""What notices add to a person's page: what they were asked to read, and whether they have."""

from __future__ import annotations

from drystone.registers.documents.queries import own
from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Person
from drystone.registers.school.reach import Viewer


@person_part(permission="documents.view_register", order=60)
def notices(viewer: Viewer, person: Person) -> PersonPart | None:
    """P02, P47, P48. None for somebody whom no notice asks: a pupil's page has no empty part."""
    rows = own(person, viewer.on)
    return PersonPart("Notices", "documents/_person.html", {"rows": rows, "today": viewer.on}) if rows else None
