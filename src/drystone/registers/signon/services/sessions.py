"""P62: what RADIUS or a directory tells of sign-ons, taken in whatever the order and however often it is told.

- At one address sessions never overlap: the next to begin ends the one before.
- None lasts longer than its source's limit, so one that is never stopped ends by itself, at the gateways too.
- A clock that runs ahead a little counts as now; one that is far off is refused, and told so.
- An event names who had the address when it was decided, by what was known then. A start that is told late changes no
  event: it stands in this register, and Traffic says “by a sign-on that was told later”.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet

from drystone.engine.filtering.identity import sign_on_name
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Integration, Person, School
from drystone.registers.school.services.changes import lock
from drystone.registers.signon.models import Session, SessionSource

AHEAD = timedelta(minutes=5)  # a clock may run ahead so much
BEHIND = timedelta(days=7)  # news older than this is refused: something is wrong there


class Kind(StrEnum):
    START = "start"
    INTERIM = "interim"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news. `reference` is the source's own id of the session. `address` is canonical; a stop may do
    without, and without a user."""

    kind: Kind
    reference: str
    address: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """`status` is taken, again (known already) or refused."""

    status: str
    why: str = ""


TAKEN, AGAIN = Result("taken"), Result("again")


@transaction.atomic
def take_in(*, source: SessionSource, told: Sequence[Told], now: datetime) -> list[Result]:
    """A result for each, in their order. What is right is kept, whatever is wrong beside it."""
    school = lock(source.school)
    # While this call waited its token may have gone: what it told would outlive it.
    if Integration.objects.filter(pk=source.integration_id).exclude(revoked_at=None).exists():
        return [Result("refused", "the token was withdrawn") for _ in told]
    people = {sign_on_name(person.sign_on): person for person in school.people.exclude(sign_on="").order_by("-id")}
    desk = _Desk(source, school, people, now)
    results = [_one(desk, each) for each in told]
    source.last_told_at = now
    source.save(update_fields=["last_told_at"])
    if TAKEN in results:
        announce_overlay_change(school=school)
    return results


def forget(school: School, before: datetime) -> int:
    """P42: sessions that ended before a moment; how many."""
    gone, _ = Session.objects.filter(school=school, ends_at__lt=before).delete()
    return gone


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every piece of news of a batch is taken in with."""

    source: SessionSource
    school: School
    people: dict[str, Person]
    now: datetime

    def person(self, user: str) -> Person | None:
        """By the name as it was told, or without its domain: `FELL\\pfell` and `pfell@fell.example` are pfell."""
        name = sign_on_name(user)
        plain = name.rpartition("\\")[2].partition("@")[0]
        return self.people.get(name) or self.people.get(plain)

    def made(self, told: Told, at: datetime, ends_at: datetime, *, stopped: bool = False) -> Session:
        return Session(
            school=self.school,
            source=self.source,
            reference=told.reference,
            address=told.address,
            sign_on=told.user,
            person=self.person(told.user),
            since=at,
            ends_at=ends_at,
            stopped=stopped,
            told_at=self.now,
        )


def _one(desk: _Desk, told: Told) -> Result:
    if told.at > desk.now + AHEAD:
        return Result("refused", f"“at” is {told.at:%Y-%m-%d %H:%M} UTC and it is {desk.now:%H:%M}: set the clock")
    if told.at < desk.now - BEHIND:
        return Result("refused", f"“at” is older than {BEHIND.days} days")
    at = min(told.at, desk.now)
    known = Session.objects.filter(source=desk.source, reference=told.reference)
    if told.address:
        known = known.filter(address=told.address)
    return _stop(desk, told, known, at) if told.kind is Kind.STOP else _begin(desk, told, list(known), at)


def _begin(desk: _Desk, told: Told, known: list[Session], at: datetime) -> Result:
    """A start; or an interim, which is one where the start was lost."""
    user = sign_on_name(told.user)
    if same := next((session for session in known if session.since == at), None):
        if sign_on_name(same.sign_on) == user:
            return AGAIN
        return Result("refused", "another name was told for this id, address and time")
    theirs = [session for session in known if sign_on_name(session.sign_on) == user]
    for session in theirs:
        if session.since <= at < session.ends_at:
            return AGAIN
        if told.kind is Kind.INTERIM and session.stopped and at >= session.since:
            return AGAIN  # told before the stop, and came after it
        if told.kind is Kind.START and session.stopped and session.since == session.ends_at > at:
            session.since = at  # the stop came first
            session.ends_at = min(session.ends_at, at + desk.source.longest)
            _fit_in(desk.school, session)
            session.save()
            return TAKEN
    session = desk.made(told, at, at + desk.source.longest)
    _fit_in(desk.school, session)
    session.save()
    return TAKEN


def _stop(desk: _Desk, told: Told, known: QuerySet[Session], at: datetime) -> Result:
    session = known.filter(since__lte=at).order_by("-since").first() or known.order_by("since").first()
    if session is None and not told.address:
        return Result("refused", "no such sign-on is known; with its address it would be remembered")
    if session is None:  # its start is still to come, or was lost: a mark that keeps a late start from lasting
        desk.made(told, at, at, stopped=True).save()
        return TAKEN
    if session.stopped:
        return AGAIN
    session.ends_at = max(session.since, min(at, session.ends_at))
    session.stopped = True
    session.save()
    return TAKEN


def _fit_in(school: School, session: Session) -> None:
    """Nobody else has the address meanwhile: what began before ends here, and this ends where the next begins."""
    others = Session.objects.filter(school=school, address=session.address).exclude(pk=session.pk)
    others.filter(since__lte=session.since, ends_at__gt=session.since).update(ends_at=session.since)
    later = others.filter(since__gt=session.since, ends_at__gt=session.since).order_by("since").first()
    if later is not None:
        session.ends_at = min(session.ends_at, later.since)
