"""P45: the night after somebody's last day."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from drystone.registers.accounts.models import AccountHolder
from drystone.registers.accounts.services.closing import close_account
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import School
from drystone.registers.school.services import audit

NIGHT = "Leavers’ night"


def close_accounts_of_leavers(*, school: School, on: date) -> int:
    """Closes the account of everybody whose last day has passed and ends what they held on the school's systems; a
    technician is then asked to close it there. How many accounts were closed. Again on the same day: nothing."""
    closed = 0
    gone = school.people.filter(left_on__lt=on, user__is_active=True).select_related("user", "school").order_by("pk")
    for person in gone:
        closed += close_account(person=person, by=None, why="they have left the school", on=on, as_name=NIGHT)
    if end_holdings(school=school, on=on) or closed:
        announce_overlay_change(school=school)
    return closed


@transaction.atomic
def end_holdings(*, school: School, on: date) -> int:
    """P45: whoever has left holds no account of the network or the e-mail any more."""
    held = AccountHolder.objects.filter(account__school=school, until=None, person__left_on__lt=on)
    names = []
    for holder in held.select_related("person", "account"):
        holder.until = max(holder.since, holder.person.left_on or on - timedelta(days=1))
        holder.save(update_fields=["until"])
        names.append(f"{holder.account.name} ({holder.person.key})")
    if names:
        audit.record(
            school=school,
            by=None,
            as_name=NIGHT,
            verb="end_held_accounts",
            subject=school,
            summary=f"{len(names)} accounts on the school’s systems are held by nobody any more: to be closed there",
            after={"accounts": names},
        )
    return len(names)
