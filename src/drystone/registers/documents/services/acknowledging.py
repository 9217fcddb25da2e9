"""Taking note of a notice: on screen by oneself, on paper by way of the office. Only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from drystone.registers.documents.models import Acknowledgement, How, Version
from drystone.registers.documents.queries import Asked, Live, asked_of, live_of, notices
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person
from drystone.registers.school.moments import day
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require


@transaction.atomic
def take_note(*, version: Version, person: Person, shown: str) -> Acknowledgement:
    """P02, P47, P48: they have read it, today, on screen, under their own account. `shown` is the hash of what they
    had before them: a version that was replaced meanwhile is not taken note of unseen."""
    require(person, "documents.take_note", version.document.school)
    lock(version.document.school)
    live = _live(version)
    if shown != live.version.hash:
        raise Refused("The notice was changed while you had it open. Read it again, then confirm")
    mine = _asked(live, timezone.localdate(), person)
    if mine is None:
        raise Refused("This notice does not ask you")
    if mine.read:
        return Acknowledgement.objects.get(pk=mine.read.pk)
    taken = _add(live.version, person, read_on=timezone.localdate(), how=How.SCREEN, by=person, note="")
    audit.record(
        school=person.school,
        by=person,
        verb="take_note",
        subject=taken,
        summary=f"{person.name} has read “{live.version.title}”, version {live.version.number}",
        after={"person": person.key, "version": live.version.number, "hash": live.version.hash},
    )
    announce_evidence(school=person.school, by=person)
    return taken


@transaction.atomic
def take_note_on_paper(
    *, version: Version, people: Sequence[Person], read_on: date, note: str, by: Person
) -> list[Acknowledgement]:
    """People who signed on paper that they have read it; `note` says where the paper is kept. One entry in the audit
    trail for all of them."""
    school = version.document.school
    require(by, "documents.record_paper", school)
    lock(school)
    live, today = _live(version), timezone.localdate()
    if version.pk != live.version.pk:
        raise Refused("The notice was changed meanwhile. Open the page again; the paper must carry the text of today")
    if not live.basis.issued_on <= read_on <= today:
        raise Refused(f"The day on the paper lies between {day(live.basis.issued_on)} and today", field="read_on")
    if not note.strip():
        raise Refused("Say where the signed paper is kept", field="note")
    open_to = {row.person: row for row in asked_of(school, [live], today)[live.document.pk] if row.read is None}
    if not people:
        raise Refused("Choose whose signature is on the paper", field="people")
    if done := [person for person in people if person.pk not in open_to]:
        raise Refused(f"{done[0].name} is not among those who have yet to read it", field="people")
    taken = [_add(version, person, read_on=read_on, how=How.PAPER, by=by, note=note.strip()) for person in people]
    audit.record(
        school=school,
        by=by,
        verb="take_note_on_paper",
        subject=version,
        summary=f"{len(taken)} signed on paper that they have read “{version.title}”",
        after={"people": [p.key for p in people], "read_on": str(read_on), "note": note, "hash": version.hash},
    )
    announce_evidence(school=school, by=by)
    return taken


@transaction.atomic
def strike_out(*, acknowledgement: Acknowledgement, by: Person, reason: str) -> Acknowledgement:
    """An entry from paper that was wrong. It stays to be seen, with a line after it that says why it does not count."""
    version = acknowledgement.version
    school = version.document.school
    require(by, "documents.record_paper", school)
    lock(school)
    if acknowledgement.how != How.PAPER or acknowledgement.strikes_id:
        raise Refused("Only what was entered from paper can be struck out; on screen people answer for themselves")
    if Acknowledgement.objects.filter(strikes=acknowledgement).exists():
        raise Refused("This entry is struck out already")
    if not reason.strip():
        raise Refused("Say what was wrong", field="reason")
    line = _add(
        version, acknowledgement.person, read_on=acknowledgement.read_on, how=How.PAPER, by=by, note=reason.strip(),
        strikes=acknowledgement,
    )  # fmt: skip
    audit.record(
        school=school,
        by=by,
        verb="strike_out_acknowledgement",
        subject=acknowledgement,
        summary=f"The paper of {acknowledgement.person.name} for “{version.title}” does not count: {reason.strip()}",
        after={"person": acknowledgement.person.key, "version": version.number, "hash": version.hash},
    )
    announce_evidence(school=school, by=by)
    return line


def _add(version: Version, person: Person, **said: object) -> Acknowledgement:
    return Acknowledgement.objects.create(version=version, hash=version.hash, person=person, **said)


def _live(version: Version) -> Live:
    """As it stands inside the transaction; an ended notice asks nobody."""
    document = notices(version.document.school).get(pk=version.document_id)
    if document.ended_on is not None:
        raise Refused("This notice has ended: nobody is asked for it any more")
    return live_of(document)


def _asked(live: Live, on: date, person: Person) -> Asked | None:
    rows = asked_of(live.document.school, [live], on, person=person)[live.document.pk]
    return rows[0] if rows else None
