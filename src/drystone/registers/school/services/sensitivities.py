"""What the safeguarding lead and their deputies must bear in mind about a pupil; nobody else reads it, not the head.

P43: the text is sealed, and the audit trail, which others read, has neither the text nor whom it is about: a keyed
digest stands for both.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, Person, Role, Sensitivity
from drystone.registers.school.reach import Viewer, may_see
from drystone.registers.school.seals import digest, seal
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import NotAllowed

PERMISSION = "school.view_sensitivities"
SAME_LOOK = timedelta(minutes=15)


def may_open(viewer: Viewer, person: Person) -> bool:
    """By role, and never about themselves or a child that is theirs, whatever the law lets them know otherwise."""
    if person.pk == viewer.person.pk or person.guardianships.filter(guardian=viewer.person).exists():
        return False
    return may_see(viewer, PERMISSION, person)


@transaction.atomic
def note_sensitivity(*, person: Person, by: Viewer, text: str) -> Sensitivity:
    school = lock(person.school)
    _require(by, person)
    if not person.holdings.filter(role=Role.PUPIL).exists():
        raise Refused(f"{person.name} is no pupil: this is for pupils alone")
    made = Sensitivity.objects.create(
        person=person, sealed=seal(text, school=school, about=person.key), made_by=by.person
    )
    audit.record(
        school=school, by=by.person, verb="note_sensitivity", subject=made,
        summary="Something to bear in mind about a pupil was noted",
        after={"digest": digest(text, school=school, about=person.key)},
    )  # fmt: skip
    return made


@transaction.atomic
def end_sensitivity(*, sensitivity: Sensitivity, by: Viewer) -> Sensitivity:
    """It need not be borne in mind any more. It stays, as ended, until retention removes it."""
    school = lock(sensitivity.person.school)
    _require(by, sensitivity.person)
    if sensitivity.ended_at:
        raise Refused("It was ended already")
    sensitivity.ended_at = timezone.now()
    sensitivity.save(update_fields=["ended_at"])
    audit.record(
        school=school, by=by.person, verb="end_sensitivity", subject=sensitivity,
        summary="Something to bear in mind about a pupil was ended",
        after={"ended_at": sensitivity.ended_at.isoformat()},
    )  # fmt: skip
    return sensitivity


def note_look(*, person: Person, by: Viewer) -> None:
    """Reading leaves a trace; turning back to the page within a quarter of an hour is the same look."""
    school = person.school
    _require(by, person)
    about = digest("", school=school, about=person.key)
    recent = AuditEntry.objects.filter(
        chain=school.slug, actor=by.person.key, verb="read_sensitivities", subject=about,
        at__gt=timezone.now() - SAME_LOOK,
    )  # fmt: skip
    if not recent.exists():
        audit.record(
            school=school, by=by.person, verb="read_sensitivities", subject=about,
            summary="Read what is to be borne in mind about a pupil",
        )  # fmt: skip


def _require(by: Viewer, person: Person) -> None:
    if not may_open(by, person):
        raise NotAllowed(f"{by.person.name} may not do this (it needs “{PERMISSION}”, about somebody else’s child).")
