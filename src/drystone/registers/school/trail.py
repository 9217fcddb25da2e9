"""P43: what of the audit trail somebody reads. It tells who did what when; it opens nothing that the reader's roles do
not open on its own page: a date of birth, an address, a child's parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from drystone.registers.school.access import Reach
from drystone.registers.school.models import AuditEntry, Guardianship, Person
from drystone.registers.school.reach import Viewer, kept_from, reaches_of

# Which permission, for the whole school, each field of a person needs.
FIELDS = {
    "date_of_birth": "school.view_births",
    "upn": "school.view_births",
    "email": "school.view_contacts",
    "telephone": "school.view_contacts",
    "key": "monitoring.view_names",  # looks at somebody's traffic name them by it
}
OF_PEOPLE = f"{Person._meta.label}:"
OF_PARENTS = f"{Guardianship._meta.label}:"
HIDDEN = "Not shown to your role"
PARENTS = "A pupil’s parents or carers were changed"
KEPT = "About a child of whom you are told nothing"


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as one reader has it. The hash is of the entry whole."""

    entry: AuditEntry
    summary: str
    before: dict[str, Any]
    after: dict[str, Any]


class Reader:
    """Looks its rights up once, for as many entries as there are."""

    def __init__(self, viewer: Viewer) -> None:
        self.closed = {name for name, asked in FIELDS.items() if Reach.SCHOOL not in reaches_of(viewer, asked)}
        self.parents = Reach.SCHOOL in reaches_of(viewer, "school.view_guardians")
        self.kept = set(kept_from(viewer.person).values_list("pupil", flat=True))
        self.kept_subjects = {f"{OF_PEOPLE}{pupil}" for pupil in self.kept}

    def tell(self, entry: AuditEntry) -> Told:
        if (
            entry.subject in self.kept_subjects
            or {entry.before.get("pupil_id"), entry.after.get("pupil_id")} & self.kept
        ):
            return Told(entry, KEPT, _all(entry.before), _all(entry.after))
        if entry.subject.startswith(OF_PARENTS) and not self.parents:
            return Told(entry, PARENTS, _all(entry.before), _all(entry.after))
        if entry.subject.startswith(OF_PEOPLE) and self.closed:
            return Told(entry, entry.summary, self._open(entry.before), self._open(entry.after))
        return Told(entry, entry.summary, entry.before, entry.after)

    def may_search(self, found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Those whose words this reader sees: a search is no way to learn the others by counting."""
        hidden = Q(subject__in=self.kept_subjects)
        if not self.parents:
            hidden |= Q(subject__startswith=OF_PARENTS)
        return found.exclude(hidden)

    def _open(self, said: dict[str, Any]) -> dict[str, Any]:
        return {name: HIDDEN if name in self.closed and value else value for name, value in said.items()}


def _all(said: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(said, HIDDEN)
