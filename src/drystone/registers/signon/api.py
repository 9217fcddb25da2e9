"""What other registers may ask of sign-on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from drystone.registers.school.models import Person, School
from drystone.registers.school.reach import kept_from
from drystone.registers.signon.models import Device, Session

__all__ = ["Had", "device_names", "who_had"]


def device_names(school: School, seen_by: Person) -> dict[str, str]:
    """Names of devices by the keys that events have."""
    found = Device.objects.filter(school=school).exclude(person__in=kept_from(seen_by))
    return {device.key: device.name for device in found.only("pk", "name")}


@dataclass(frozen=True, slots=True)
class Had:
    """Who had an address: the name as it was told, and the person where they are in the register."""

    sign_on: str
    person: Person | None

    @property
    def name(self) -> str:
        return self.person.name if self.person else self.sign_on


def who_had(school: School, asked: Iterable[tuple[str, datetime]]) -> dict[tuple[str, datetime], Had]:
    """P62: by the record of sign-ons as it is now, who had an address at a moment. For events that were decided before
    the sign-on was told, which stay as they are, and for names that are not in the register of people."""
    wanted = set(asked)
    if not wanted:
        return {}
    first, last = min(at for _, at in wanted), max(at for _, at in wanted)
    sessions = Session.objects.filter(
        school=school, address__in={address for address, _ in wanted}, since__lte=last, ends_at__gt=first
    )
    found: dict[tuple[str, datetime], Had] = {}
    for session in sessions.select_related("person").order_by("since"):
        for address, at in wanted:
            if session.address == address and session.since <= at < session.ends_at:
                found[address, at] = Had(session.sign_on, session.person)
    return found
