"""Reads of the register. Who was asking is personal data: `visible` is the one way to the queue, and
`visible_grants` to what was opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from drystone.registers.school.access import Reach, matrix, roles_of
from drystone.registers.school.models import Person, School
from drystone.registers.school.reach import Viewer, people_for, reaches_of
from drystone.registers.unblock.models import Grant, GrantQuerySet, RequestTicket, SiteRequest, State, Whom
from drystone.registers.unblock.services.asking import ticket_digest


def visible(school: School, person: Person) -> QuerySet[SiteRequest]:
    """The requests that this person may see, by today's roles; each with `named`: whether they may know who asked.

    Teachers see what pupils of their classes ask, and pupils whose name nobody knows. What a child asks for under a
    sensitive category (pornography, self-harm, extremism) is for those who look after safeguarding, and nobody else.
    """
    roles = roles_of(person) if person.school_id == school.pk else frozenset()
    viewer = Viewer(person, roles, timezone.localdate())
    found = SiteRequest.objects.filter(school=school).select_related("asker__school_class", "grant", "school")
    found = found.filter(_reached(viewer, "unblock.view_requests"))
    if not roles & matrix()["unblock.view_sensitive"]:
        found = found.exclude(by_child=True, sensitive=True)
    # Who asked is known by the role that may know it: a technician who teaches a class learns that class's names.
    named = ExpressionWrapper(_reached(viewer, "unblock.view_askers"), output_field=BooleanField())
    return found.annotate(named=named)


def _reached(viewer: Viewer, permission: str) -> Q:
    """Requests of those whom the permission reaches, and of those whom nobody knows by name: within classes, of
    children alone."""
    held = reaches_of(viewer, permission)
    if not held:
        return Q(pk__in=[])
    reached = Q(asker__isnull=True) | Q(asker__in=people_for(viewer, permission).values("pk"))
    return reached if Reach.SCHOOL in held else reached & Q(by_child=True)


def requests_like(found: QuerySet[SiteRequest], wanted: Mapping[str, Any]) -> QuerySet[SiteRequest]:
    """Those of `found` (`visible`) that fit the filters of forms.QueueSearch. Names are searched only where the reader
    may see them."""
    state = wanted.get("state") or State.WAITING
    if state != "all":
        found = found.filter(state=state)
    for name in ("kind", "group", "zone"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("school_class"):
        found = found.filter(named=True, asker__school_class=wanted["school_class"])  # type: ignore[misc]
    if wanted.get("subject"):
        found = found.filter(by_child=True, sensitive=True)
    if wanted.get("who"):
        found = found.filter(by_child=wanted["who"] == "child")
    for word in (wanted.get("q") or "").split():
        called = (
            Q(asker__given_names__icontains=word)
            | Q(asker__family_name__icontains=word)
            | Q(asker__preferred_name__icontains=word)
            | Q(asker_name__icontains=word)
        )
        text = Q(host__icontains=word) | Q(why__icontains=word) | Q(answer__icontains=word)
        found = found.filter(text | Q(named=True) & called)
    return found.order_by("asked_at" if wanted.get("sort") == "oldest" else "-asked_at", "-id")


def own_requests(person: Person) -> QuerySet[SiteRequest]:
    return SiteRequest.objects.filter(asker=person, school=person.school_id).select_related("grant")


def request_of_ticket(text: str) -> SiteRequest | None:
    """The request that this very ticket led to."""
    # unscoped: a ticket is signed, and opens its own request alone
    ticket = RequestTicket.objects.select_related("request").filter(digest=ticket_digest(text)).first()
    return ticket.request if ticket else None


def latest_of(person: Person, host: str) -> SiteRequest | None:
    """What this person last asked about this site, to be told of again."""
    return SiteRequest.objects.filter(school=person.school_id, asker=person, host=host, kind="open").first()


def visible_grants(school: School, person: Person) -> GrantQuerySet:
    """What is open for a class or a place, all who answer requests may know. What one child alone was given, who asked
    under a sensitive category, tells of the child, and is for those who may see the request."""
    found = Grant.objects.filter(school=school)
    if person.school_id == school.pk and roles_of(person) & matrix()["unblock.view_sensitive"]:
        return found
    private = SiteRequest.objects.filter(school=school, by_child=True, sensitive=True, grant__level=Whom.PERSON)
    return found.exclude(pk__in=private.values("grant"))


def grants_like(found: GrantQuerySet, wanted: Mapping[str, Any], now: datetime) -> GrantQuerySet:
    found = found.prefetch_related("requests")
    match wanted.get("state") or "open":
        case "open":
            found = found.open_at(now)
        case "over":
            found = found.filter(Q(ended_at__isnull=False) | Q(until__lte=now))
    if wanted.get("level"):
        found = found.filter(level=wanted["level"])
    for word in (wanted.get("q") or "").split():
        found = found.filter(
            Q(host__icontains=word) | Q(whom__icontains=word) | Q(reason__icontains=word) | Q(by_name__icontains=word)
        )
    return found
