"""What other registers may ask of sign-on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from drystone.registers.school.models import Person, School
from drystone.registers.signon.models import Device, Session

__all__ = ["device_names", "who_had"]


def device_names(school: School) -> dict[str, str]:
    """Names of devices by the keys that events have."""
    return {device.key: device.name for device in Device.objects.filter(school=school).only("pk", "name")}


def who_had(school: School, asked: Iterable[tuple[str, datetime]]) -> dict[tuple[str, datetime], Person]:
    """P62: by the record of sign-ons as it is now, who had an address at a moment. For events that were decided before
    the sign-on was told: they stay as they are."""
    wanted = set(asked)
    if not wanted:
        return {}
    first, last = min(at for _, at in wanted), max(at for _, at in wanted)
    sessions = Session.objects.filter(
        school=school,
        address__in={address for address, _ in wanted},
        since__lte=last,
        ends_at__gt=first,
        person__isnull=False,
    ).select_related("person")
    found: dict[tuple[str, datetime], Person] = {}
    for session in sessions.order_by("since"):
        for address, at in wanted:
            if session.person and session.address == address and session.since <= at < session.ends_at:
                found[address, at] = session.person
    return found
