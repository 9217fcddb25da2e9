"""Who is asked for which notice, and how that stands. One way to work it out, whatever the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from drystone.engine.roll.names import fold
from drystone.registers.documents.models import Acknowledgement, Document, Kind, Reminder, Version
from drystone.registers.school.models import Person, Role, RoleHolding, School
from drystone.registers.school.queries import coordinator


@dataclass(frozen=True, slots=True)
class Live:
    """A notice in force: what it says now, and the version from which acknowledgements count."""

    document: Document
    version: Version
    basis: Version


@dataclass(frozen=True, slots=True)
class Read:
    pk: int
    on: date
    how: str
    number: int  # of the version they read


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody of whom a notice asks to be read: since when, by when, and whether they have."""

    person: int
    place: int  # among those asked, by family name
    roles: frozenset[Role]  # those by which they are asked
    signs_in: bool
    since: date
    due: date
    read: Read | None

    def late(self, on: date) -> bool:
        return self.read is None and self.due < on


@dataclass(frozen=True, slots=True)
class Tally:
    asked: int
    read: int
    late: int

    @property
    def missing(self) -> int:
        return self.asked - self.read


def tally(asked: Iterable[Asked], on: date) -> Tally:
    rows = list(asked)
    return Tally(len(rows), sum(row.read is not None for row in rows), sum(row.late(on) for row in rows))


def live_notices(school: School, on: date) -> list[Live]:
    """Notices that ask today, the newest first."""
    found = notices(school).filter(Q(ended_on=None) | Q(ended_on__gt=on))
    return sorted((live_of(document) for document in found), key=lambda live: live.version.issued_on, reverse=True)


def live_notice(school: School, slug: str, on: date) -> Live | None:
    return next((live for live in live_notices(school, on) if live.document.slug == slug), None)


def notices(school: School) -> QuerySet[Document]:
    """All of them, ended ones too, each with its versions, the newest first."""
    versions = Version.objects.select_related("issued_by").order_by("-number")
    return Document.objects.filter(school=school, kind=Kind.NOTICE).prefetch_related(
        Prefetch("versions", queryset=versions)
    )


def live_of(document: Document) -> Live:
    """Of a document with its versions at hand, the newest first."""
    versions = list(document.versions.all())
    newest = versions[0]
    return Live(document, newest, next(v for v in versions if v.number == newest.counts_from))


def asked_of(
    school: School, lives: Sequence[Live], on: date, *, person: Person | None = None
) -> dict[int, list[Asked]]:
    """By document: everybody who is asked on that day, by name. Two queries, however many notices and people."""
    if not lives:
        return {}
    held = _held(school, lives, on, person)
    read = _read(lives, person)
    return {live.document.pk: _asked(live, held, read) for live in lives}


@dataclass(slots=True)
class _Holder:
    """A person and the roles by which they may be asked, each with its first day."""

    pk: int
    place: int
    account_since: date | None
    roles: dict[Role, date]


def _held(school: School, lives: Sequence[Live], on: date, person: Person | None) -> list[_Holder]:
    """Bare values, not people: a notice to parents asks well over a thousand, and a page shows fifty."""
    wanted = {role for live in lives for role in live.version.audience}
    found = _holdings(school, wanted, on)
    rows = (
        (found.filter(person=person) if person else found)
        .order_by("person__family_name", "person__given_names", "person_id", "starts")
        .values_list("person_id", "role", "starts", "person__user__is_active", "person__user__made_at")
    )
    roles, holders = {role.value: role for role in Role}, dict[int, _Holder]()
    for pk, role, starts, active, made_at in rows:
        if pk not in holders:
            holders[pk] = _Holder(pk, len(holders), timezone.localdate(made_at) if active else None, {})
        holders[pk].roles.setdefault(roles[role], starts)
    return list(holders.values())


def _read(lives: Sequence[Live], person: Person | None) -> dict[tuple[int, int], Read]:
    """By document and person: the first acknowledgement that counts."""
    found = Acknowledgement.objects.standing().filter(version__document__in=[live.document.pk for live in lives])
    if person:
        found = found.filter(person=person)
    rows = found.order_by("-id").values_list(
        "version__document_id", "person_id", "version__number", "pk", "read_on", "how"
    )
    first = {live.document.pk: live.version.counts_from for live in lives}
    return {
        (document, who): Read(pk, read_on, how, number)
        for document, who, number, pk, read_on, how in rows
        if number >= first[document]
    }


def _asked(live: Live, holders: Iterable[_Holder], read: dict[tuple[int, int], Read]) -> list[Asked]:
    wanted, asked = live.version.roles, []
    for holder in holders:
        roles = {role: starts for role, starts in holder.roles.items() if role in wanted}
        if not roles or (live.version.accounts_only and holder.account_since is None):
            continue
        since = max(min(roles.values()), live.basis.issued_on)
        if live.version.accounts_only and holder.account_since:
            since = max(since, holder.account_since)
        asked.append(
            Asked(
                person=holder.pk,
                place=holder.place,
                roles=frozenset(roles),
                signs_in=holder.account_since is not None,
                since=since,
                due=since + timedelta(days=live.version.days),
                read=read.get((live.document.pk, holder.pk)),
            )
        )
    return asked


def asked_of_one(live: Live, on: date) -> list[Asked]:
    """Everybody who is asked for one notice."""
    return asked_of(live.document.school, [live], on)[live.document.pk]


def people_of(school: School, rows: Iterable[Asked]) -> dict[int, Person]:
    """Those whom a page shows, by their keys."""
    return school.people.in_bulk([row.person for row in rows])


def called(school: School, text: str) -> set[int]:
    """People of the school with each of these words in their names."""
    found = Person.objects.filter(school=school)
    for word in fold(text).split():
        found = found.filter(search__contains=word)
    return set(found.values_list("pk", flat=True))


def own(person: Person, on: date) -> list[tuple[Live, Asked]]:
    """P47, P48: the notices that ask this person, what they have yet to read first, by its day."""
    lives = live_notices(person.school, on)
    by_document = asked_of(person.school, lives, on, person=person)
    found = [(live, mine) for live in lives for mine in by_document[live.document.pk]]
    return sorted(found, key=lambda pair: (pair[1].read is not None, pair[1].due))


def would_be_asked(school: School, audience: Sequence[str], on: date) -> int:
    """How many a notice to these roles would ask today."""
    counted: int = _holdings(school, audience, on).aggregate(people=Count("person", distinct=True))["people"]
    return counted


def _holdings(school: School, roles: Iterable[str], on: date) -> QuerySet[RoleHolding]:
    """Roles held on a day by people who are still here."""
    held = RoleHolding.objects.filter(person__school=school, role__in=list(roles), starts__lte=on)
    here = Q(person__left_on__isnull=True) | Q(person__left_on__gte=on)
    return held.filter(Q(ends__isnull=True) | Q(ends__gte=on)).filter(here)


def untold_coordinator(school: School, on: date) -> RoleHolding | None:
    """P02: the co-ordinator of a day, where no notice has told people of them."""
    holding = coordinator(school, on)
    about = f"{RoleHolding._meta.label}:{holding.pk}" if holding else ""
    told = Version.objects.filter(document__school=school, document__ended_on=None, about=about)
    return holding if holding and not told.exists() else None


def words_had(lives: Sequence[Live], people: Iterable[int] | None = None) -> dict[tuple[int, int], int]:
    """By document and person: how many reminders they have had since everybody was last asked."""
    found = Reminder.objects.filter(version__document__in=[live.document.pk for live in lives])
    if people is not None:
        found = found.filter(person__in=list(people))
    first, had = {live.document.pk: live.version.counts_from for live in lives}, dict[tuple[int, int], int]()
    rows = found.values_list("version__document_id", "person_id", "version__number", "number")
    for document, person, version, number in rows:
        if version >= first[document]:
            had[document, person] = max(number, had.get((document, person), 0))
    return had
