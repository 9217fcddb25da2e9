"""Who may open a confidential record (a complaint about one of the staff, child protection): whom its own list names.

No role opens one. The person it concerns never may, nor whoever is barred, whatever their roles; a record about the
head is the chair's. The audit trail tells that a list changed, with a keyed digest of the line, and never whose name it
was: more people read the trail than the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from drystone.registers.school.access import roles_of
from drystone.registers.school.models import ConfidentialRecord, Person, Role, School, Sight, SightEvent
from drystone.registers.school.queries import holdings_on
from drystone.registers.school.reach import Viewer
from drystone.registers.school.seals import digest
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import NotAllowed

NEVER = (Sight.BARRED, Sight.CONCERNED)


def openable(viewer: Viewer, kind: str) -> QuerySet[ConfidentialRecord]:
    """The records of a kind that this viewer may open today; their numbers are the other register's."""
    records = ConfidentialRecord.objects.filter(school=viewer.person.school_id, kind=kind)
    if not viewer.roles:
        return records.none()
    return _open_to(records, viewer.person)


def open_record(*, record: ConfidentialRecord, by: Person) -> None:
    """Call it before anything of the record is shown. Raises NotAllowed; that it was opened goes on record."""
    _need_sight(record, by)
    _record(record, by, "open_confidential", f"A confidential record was opened by {by.name}", {})


@transaction.atomic
def keep(
    *, school: School, kind: str, number: int, by: Person | None, concerned: Iterable[Person] = ()
) -> ConfidentialRecord:
    """A new list: open to the head; to the chair where it concerns the head; to the deputy where there is no head."""
    lock(school)
    if ConfidentialRecord.objects.filter(kind=kind, number=number).exists():
        raise Refused("This record has its list already")
    record = ConfidentialRecord.objects.create(school=school, kind=kind, number=number)
    for person in concerned:
        _write(record, person, Sight.CONCERNED, by, "The record concerns them")
    keepers = _keepers(record, timezone.localdate())
    if not keepers:
        raise Refused("Nobody could open this record: give somebody else the role of head teacher or chair first")
    for person in keepers:
        _write(record, person, Sight.OPENED, by, "By their post")
    return record


@transaction.atomic
def open_to(*, record: ConfidentialRecord, person: Person, by: Person | None, reason: str) -> SightEvent:
    _may_change(record, by)
    latest = _latest(record, person)
    if latest in NEVER:
        raise Refused(f"{person.name} is barred from this record", field="person")
    if latest == Sight.OPENED:
        raise Refused(f"{person.name} may open it already", field="person")
    if not roles_of(person):
        raise Refused(f"{person.name} holds no role at the school today", field="person")
    return _write(record, person, Sight.OPENED, by, reason)


@transaction.atomic
def close_to(*, record: ConfidentialRecord, person: Person, by: Person | None, reason: str) -> SightEvent:
    """They may not open it any more. The last one stays until somebody else may."""
    _may_change(record, by)
    if _latest(record, person) != Sight.OPENED:
        raise Refused(f"{person.name} may not open it as it is", field="person")
    if not (set(_who_may(record)) - {person.pk}):
        raise Refused("Nobody else may open this record: open it to somebody first", field="person")
    return _write(record, person, Sight.CLOSED, by, reason)


@transaction.atomic
def bar(
    *, record: ConfidentialRecord, person: Person, by: Person | None, reason: str, concerned: bool = False
) -> SightEvent:
    """From now on they may not, whatever their role; `concerned` (it is about them) is for good."""
    _may_change(record, by)
    latest = _latest(record, person)
    if latest == Sight.CONCERNED or (latest == Sight.BARRED and not concerned):
        raise Refused(f"{person.name} is barred already", field="person")
    return _write(record, person, Sight.CONCERNED if concerned else Sight.BARRED, by, reason)


@transaction.atomic
def lift_bar(*, record: ConfidentialRecord, person: Person, by: Person | None, reason: str) -> SightEvent:
    """A bar made by mistake. It opens nothing by itself, and whom the record concerns stays out."""
    _may_change(record, by)
    if _latest(record, person) != Sight.BARRED:
        raise Refused(f"{person.name} is not barred, or the record concerns them", field="person")
    return _write(record, person, Sight.LIFTED, by, reason)


def _open_to(records: QuerySet[ConfidentialRecord], person: Person) -> QuerySet[ConfidentialRecord]:
    lines = SightEvent.objects.filter(record=OuterRef("pk"), person=person)
    latest = Subquery(lines.order_by("-id").values("sight")[:1])
    opened = records.annotate(latest=latest).filter(latest=Sight.OPENED)
    return opened.exclude(Exists(lines.filter(sight=Sight.CONCERNED)))


def _latest(record: ConfidentialRecord, person: Person) -> str:
    """How the list stands for somebody; whom the record concerns, it concerns for good."""
    if person.school_id != record.school_id:
        raise Refused("That person is not of this school", field="person")
    lines = SightEvent.objects.filter(record=record, person=person)
    if lines.filter(sight=Sight.CONCERNED).exists():
        return Sight.CONCERNED
    return lines.order_by("-id").values_list("sight", flat=True).first() or ""


def _who_may(record: ConfidentialRecord) -> list[int]:
    """Who may open it and is still here, with a role today."""
    today = timezone.localdate()
    named = Person.objects.filter(school=record.school_id, pk__in=record.events.values("person"))
    one = ConfidentialRecord.objects.filter(pk=record.pk)
    return [person.pk for person in _with_role(named, today) if _open_to(one, person).exists()]


def _with_role(people: QuerySet[Person], on: date) -> QuerySet[Person]:
    here = people.filter(Q(left_on__isnull=True) | Q(left_on__gte=on))
    held = Q(holdings__ends__isnull=True) | Q(holdings__ends__gte=on)
    return here.filter(held, holdings__starts__lte=on).distinct()


def _keepers(record: ConfidentialRecord, on: date) -> list[Person]:
    """Whose it is by their post: the head's; where it concerns the head, the chair's; with no head, the deputy's."""

    def holders(role: Role) -> list[Person]:
        return [holding.person for holding in holdings_on(record.school, role, on)]

    heads = holders(Role.HEAD)
    for post in (heads or holders(Role.DEPUTY_HEAD), holders(Role.CHAIR)):
        able = [person for person in post if _latest(record, person) not in NEVER and roles_of(person)]
        if able:
            return able
    return []


def _may_change(record: ConfidentialRecord, by: Person | None) -> None:
    """Who may open it, rules its list; where nobody is left who may, whose it is by their post."""
    lock(record.school)
    if by is None:
        return
    able = _who_may(record) or [person.pk for person in _keepers(record, timezone.localdate())]
    if by.pk not in able:
        raise NotAllowed(f"{by.name} may not change who opens this record.")


def _need_sight(record: ConfidentialRecord, by: Person) -> None:
    viewer = Viewer(by, roles_of(by), timezone.localdate())
    if not openable(viewer, record.kind).filter(pk=record.pk).exists():
        raise NotAllowed(f"{by.name} may not open this record.")


def _write(record: ConfidentialRecord, person: Person, sight: Sight, by: Person | None, reason: str) -> SightEvent:
    if not reason.strip():
        raise Refused("Say why: it stays on the record’s list", field="reason")
    if person.school_id != record.school_id:
        raise Refused("That person is not of this school", field="person")
    event = SightEvent.objects.create(
        record=record,
        person=person,
        sight=sight,
        reason=reason.strip()[:300],
        by=by,
        by_name=by.name if by else "Drystone",
    )
    line = f"{person.key} {sight} {event.reason}"
    sealed = digest(line, school=record.school, about=f"school.SightEvent:{event.pk}")
    _record(record, by, "change_sight", "Who may open a confidential record was changed", {"line": sealed})
    return event


def _record(record: ConfidentialRecord, by: Person | None, verb: str, summary: str, after: dict[str, str]) -> None:
    subject = f"{record.kind}:{record.number}"
    audit.record(school=record.school, by=by, verb=verb, subject=subject, summary=summary, after=after)
