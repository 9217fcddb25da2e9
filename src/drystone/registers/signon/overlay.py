"""P62: who it is, as gateways get it: who may sign on and by which password, whose device it is, who is where."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from drystone.engine.filtering import overlay as engine
from drystone.engine.filtering.words import Access
from drystone.registers.school.hooks import OverlayPart, overlay_part
from drystone.registers.school.models import School
from drystone.registers.signon.models import Device, ProxyPassword, Session
from drystone.registers.signon.queries import may_sign_on


@overlay_part
def who_it_is(school: School, at: datetime) -> OverlayPart:
    # P64: who has left is nobody: their password opens nothing, and where a zone asks for a person they are none.
    members = list(may_sign_on(school, timezone.localdate(at)).order_by("id"))
    passwords = ProxyPassword.objects.filter(person__in=members).select_related("person").order_by("person_id")
    return OverlayPart(
        access={person.sign_on: Access.OPEN for person in members},
        sessions=_sessions(school, at),
        devices=_devices(school, at),
        verifiers={password.person.sign_on: password.verifier for password in passwords},
    )


def _sessions(school: School, at: datetime) -> dict[str, tuple[engine.Session, ...]]:
    by_address: dict[str, list[engine.Session]] = defaultdict(list)
    for session in Session.objects.filter(school=school, ends_at__gt=at).select_related("person").order_by("since"):
        name = session.person.sign_on if session.person and session.person.sign_on else session.sign_on
        by_address[session.address].append(engine.Session(name, session.since, session.ends_at))
    return {address: tuple(held) for address, held in by_address.items()}


def _devices(school: School, at: datetime) -> tuple[engine.Device, ...]:
    standing = Device.objects.filter(Q(until__isnull=True) | Q(until__gt=at), school=school)
    return tuple(
        engine.Device(
            device.key,
            device.network,
            person=device.person.sign_on if device.person else "",
            group=device.group.slug if device.group else "",
            since=device.since,
            until=device.until,
        )
        for device in standing.select_related("person", "group").order_by("id")
    )
