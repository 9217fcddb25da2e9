"""Asking: from a block page by its ticket, or by somebody of the staff from the web."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from drystone.engine.filtering.identity import person_key, sign_on_name
from drystone.engine.filtering.rules_values import read_target
from drystone.engine.filtering.ticket import GOOD_FOR, Ticket
from drystone.registers.network.api import site_facts
from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.models import AgeBand, Group, Person, Role, School
from drystone.registers.school.pseudonyms import person_secret
from drystone.registers.school.services.audit import record
from drystone.registers.school.services.changes import Refused
from drystone.registers.unblock.models import Kind, RequestTicket, SiteRequest, State

LONGEST_WHY = 500
LONGEST_NAME = 80
MOST_OF_ONE = 30  # requests that may wait, of one person
MOST_OF_A_PLACE = 100  # and of those in one place who are known by no name
REPORTERS = "unblock.report_site"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: somebody signed in or signed on, a name as typed, or nobody but the ticket itself."""

    person: Person | None = None
    name: str = ""
    is_child: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    request: SiteRequest
    again: bool  # the same person had asked for it already, and waits


def asker_of(school: School, ticket: Ticket | None, signed_in: Person | None, name: str = "") -> Asker:
    """Who is signed in goes before who was signed on at the computer; a typed name is for those who are neither."""
    if signed_in is not None and signed_in.school_id == school.pk:
        return Asker(signed_in, is_child=Role.PUPIL in roles_of(signed_in))
    known = person_of(school, ticket.person) if ticket and ticket.person else None
    if known is not None:
        return Asker(known, is_child=Role.PUPIL in roles_of(known) or known.school_class_id is not None)
    return Asker(name=tidy(name)[:LONGEST_NAME], is_child=is_for_children(school, ticket.group if ticket else ""))


def person_of(school: School, key: str) -> Person | None:
    """Who in the school has this key in events."""
    secret = person_secret()
    named = Person.objects.filter(school=school).exclude(sign_on="").order_by("id")
    return next((person for person in named if person_key(secret, person.sign_on) == key), None)


def is_for_children(school: School, group: str) -> bool:
    """Whether a group is one of pupils. One that nobody knows is: they get the gentler page and the closer hands."""
    known = Group.objects.filter(school=school, slug=group).first()
    return known is None or AgeBand(known.age_band).is_pupils


def ask_for_review(*, school: School, ticket: Ticket, asker: Asker, why: str = "") -> Asked:
    """P35: a blocked site should be open. Raises Refused where the site is always open anyway."""
    return _ask(school=school, kind=Kind.OPEN, host=ticket.host, asker=asker, why=why, ticket=ticket)


def report_site(
    *, school: School, kind: Kind, site: str, asker: Asker, why: str, ticket: Ticket | None = None
) -> Asked:
    """P35, P49: somebody of the staff says that a site should be blocked, or be open. Raises Refused.

    With a ticket it came from a block page in the school's network; without one the asker must hold the permission.
    """
    if ticket is None and not (asker.person and roles_of(asker.person) & matrix()[REPORTERS]):
        raise Refused("Only staff can report a site here.")
    if not tidy(why):
        raise Refused("Say what is wrong with it, so that whoever looks knows what to look for.", field="why")
    return _ask(school=school, kind=kind, host=read_site(site), asker=asker, why=why, ticket=ticket)


def read_site(text: str) -> str:
    """The host of what somebody pasted from the browser's bar. Raises Refused."""
    site = text.strip()
    scheme, mark, rest = site.partition("://")
    if mark and scheme.lower() in ("http", "https"):
        site = rest
    if not site:
        raise Refused("Write the site, like games.example.", field="site")
    try:
        return read_target(f"site:{site.partition('/')[0].partition('?')[0].partition('#')[0]}").host
    except ValueError as error:
        raise Refused("Write the site as it stands in the browser’s bar, like games.example.", field="site") from error


def ticket_digest(text: str) -> str:
    """Whoever holds the ticket may read the answer, so the database keeps no ticket."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def remember_ticket(*, request: SiteRequest, text: str) -> None:
    """Whoever holds this ticket will be told what becomes of this request, and no longer of one before it."""
    RequestTicket.objects.update_or_create(digest=ticket_digest(text), defaults={"request": request})


def forget_old_tickets(now: datetime) -> int:
    """Tickets are good for a day: what one led to is no longer asked for by it. Returns how many went."""
    answered = RequestTicket.objects.filter(request__decided_at__lt=now - 2 * GOOD_FOR)
    return answered.delete()[0]


def tidy(text: str) -> str:
    return " ".join(text.split())


def _ask(*, school: School, kind: Kind, host: str, asker: Asker, why: str, ticket: Ticket | None) -> Asked:
    facts = site_facts(school, host, ticket.category if ticket and kind == Kind.OPEN else "")
    if facts.help:
        raise Refused("This site gives help, so it is always open. Nobody needs to ask for it.", field="site")
    mark = _mark(asker, ticket)
    same = SiteRequest.objects.filter(school=school, kind=kind, host=host, mark=mark, state=State.WAITING)
    if before := same.first():
        return Asked(before, again=True)
    if not (asker.is_child and facts.sensitive):  # a child in need is heard, however many others shout
        _refuse_flood(school, asker, ticket)
    request = SiteRequest(
        school=school,
        kind=kind,
        host=host,
        zone=ticket.zone[:40] if ticket else "",
        group=ticket.group[:40] if ticket else "",
        by_child=asker.is_child,
        sensitive=facts.sensitive,
        asker=asker.person,
        asker_name=asker.name,
        mark=mark,
        why=tidy(why)[:LONGEST_WHY],
    )
    if ticket is not None and kind == Kind.OPEN:
        request.category, request.rule = ticket.category[:200], ticket.rule[:200]
        request.level, request.edition = ticket.level[:20], ticket.edition[:64]
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            _record(request, asker)
    except IntegrityError:  # pressed twice at once
        if (before := same.first()) is None:  # answered in this very moment
            return _ask(school=school, kind=kind, host=host, asker=asker, why=why, ticket=ticket)
        return Asked(before, again=True)
    return Asked(request, again=False)


def _refuse_flood(school: School, asker: Asker, ticket: Ticket | None) -> None:
    """Each blocked host gives a ticket of its own, so a child can make as many as they like: a queue of thousands would
    be read by nobody. Raises Refused."""
    waiting = SiteRequest.objects.filter(school=school, state=State.WAITING, asker=asker.person)
    if asker.person is None:
        waiting = waiting.filter(zone=ticket.zone[:40] if ticket else "")
    if waiting.count() >= (MOST_OF_ONE if asker.person else MOST_OF_A_PLACE):
        raise Refused(
            "So many requests from here wait already that nobody can read another. Tell a grown-up at school."
        )


def _mark(asker: Asker, ticket: Ticket | None) -> str:
    """One open request for a site and person; of a typed name for a place and group, where children sit together.
    Somebody with no name at all is known by the ticket alone."""
    if asker.person is not None:
        who = f"person {asker.person.key}"
    elif asker.name:
        who = f"name {sign_on_name(asker.name)} {ticket.zone if ticket else ''} {ticket.group if ticket else ''}"
    else:
        who = f"ticket {ticket}"
    return sha256(who.encode("utf-8", "replace")).hexdigest()


def _record(request: SiteRequest, asker: Asker) -> None:
    """What a child asked for, and who asked, stays with the request, where fewer people may look."""
    asked = "asked for a site" if request.kind == Kind.OPEN else "reported a site"
    site = "" if request.by_child else f": {request.host}"
    record(
        school=request.school,
        by=None if request.by_child else asker.person,
        as_name="A block page",
        verb="ask_for_site" if request.kind == Kind.OPEN else "report_site",
        subject=request,
        summary=f"{'A pupil' if request.by_child else 'Somebody'} {asked}{site} (request {request.pk})",
    )
