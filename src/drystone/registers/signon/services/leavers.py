"""P42, P64: whoever leaves the school signs on to its Internet no more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.signon.models import ProxyPassword


def withdraw_from(*, school: School, people: Collection[Person], by: Person | None) -> int:
    """The Internet passwords of these leavers, at once. How many there were."""
    keys = [person.pk for person in people]
    return sum(
        _withdraw(school, ProxyPassword.objects.filter(person__in=keys[first : first + 500]), by)
        for first in range(0, len(keys), 500)
    )


def withdraw_from_all_who_left(*, school: School, on: date) -> int:
    """The night after a last day that was known ahead."""
    return _withdraw(school, ProxyPassword.objects.filter(person__left_on__lt=on), None)


@transaction.atomic
def _withdraw(school: School, passwords: QuerySet[ProxyPassword], by: Person | None) -> int:
    held = passwords.filter(person__school=school)
    keys = list(held.order_by("person_id").values_list("person__key", flat=True))
    if not keys:
        return 0
    held.delete()
    audit.record(
        school=school,
        by=by,
        as_name="Leavers’ night",
        verb="withdraw_proxy_passwords_of_leavers",
        subject=school,
        summary=f"The Internet passwords of {len(keys)} who leave are withdrawn",
        after={"people": keys},
    )
    announce_overlay_change(school=school, by=by)
    return len(keys)
