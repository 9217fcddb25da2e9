"""P45: which accounts the school's network and e-mail have, and who holds each: added, handed on, closed."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from drystone.registers.accounts.models import AccountHolder, HeldAccount, NoAccountNeeded, System, Use
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, School
from drystone.registers.school.moments import day
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, lock, values
from drystone.registers.school.services.permission import require

PERMISSION = "accounts.change_held"


@transaction.atomic
def add_account(
    *, school: School, by: Person | None, system: System, name: str, use: Use, note: str = "", as_name: str = ""
) -> HeldAccount:
    require(by, PERMISSION, school)
    lock(school)
    _name_is_free(school, system, name, None)
    account = HeldAccount.objects.create(school=school, system=system, name=name, use=use, note=note)
    _record(account, by, "add_held_account", f"The {system.label} account {name} is on record", as_name=as_name)
    return account


@transaction.atomic
def add_with_holder(
    *, school: School, by: Person, system: System, name: str, use: Use, note: str, person: Person | None, on: date
) -> HeldAccount:
    account = add_account(school=school, by=by, system=system, name=name, use=use, note=note)
    if person:
        give_account(account=account, person=person, by=by, since=on)
    return account


@transaction.atomic
def change_account(*, account: HeldAccount, by: Person, name: str, use: Use, note: str) -> HeldAccount:
    require(by, PERMISSION, account.school)
    lock(account.school)
    _name_is_free(account.school, System(account.system), name, account)
    before = values(account)
    account.name, account.use, account.note = name, use, note
    account.save()
    old, new = differing(before, values(account))
    if new:
        _record(account, by, "change_held_account", f"The record of the account {name} changed", old, new)
    return account


@transaction.atomic
def give_account(
    *, account: HeldAccount, person: Person, by: Person | None, since: date, as_name: str = ""
) -> AccountHolder:
    """One more who holds it. With a second the account is shared, and is shown so until one of them lets it go."""
    require(by, PERMISSION, account.school)
    lock(account.school)
    if person.school_id != account.school_id:
        raise Refused("That person is not of this school", field="person")
    if account.closed_on:
        raise Refused(f"This account was closed on {day(account.closed_on)}")
    if account.use == Use.NOBODY:
        raise Refused("Nobody signs in with this account, says its record. Change the record first", field="person")
    if account.holders.filter(person=person, until=None).exists():
        raise Refused(f"{person.name} holds it already", field="person")
    if person.left_on is not None and person.left_on < since:
        raise Refused(f"{person.name} left on {day(person.left_on)}", field="person")
    holder = AccountHolder.objects.create(account=account, person=person, since=since)
    summary = f"{person.name} holds the account {account.name} from {day(since)}"
    _record(account, by, "give_held_account", summary, after={"person": person.key}, as_name=as_name)
    return holder


@transaction.atomic
def let_go(*, holder: AccountHolder, by: Person | None, until: date, as_name: str = "") -> AccountHolder:
    """The last day on which they hold it."""
    account = holder.account
    require(by, PERMISSION, account.school)
    lock(account.school)
    holder = AccountHolder.objects.select_for_update().select_related("person", "account__school").get(pk=holder.pk)
    if holder.until is not None:
        return holder
    holder.until = max(until, holder.since)
    holder.save(update_fields=["until"])
    summary = f"{holder.person.name} holds the account {account.name} until {day(holder.until)}"
    _record(account, by, "end_held_account", summary, after={"person": holder.person.key}, as_name=as_name)
    return holder


@transaction.atomic
def close_on_system(*, account: HeldAccount, by: Person, on: date) -> HeldAccount:
    """A technician says that it is closed on the system itself; whoever held it holds it no more."""
    require(by, PERMISSION, account.school)
    lock(account.school)
    account = HeldAccount.objects.select_for_update().select_related("school").get(pk=account.pk)
    if account.closed_on:
        return account
    for holder in account.holders.filter(until=None):
        let_go(holder=holder, by=by, until=on)
    account.closed_on = on
    account.save(update_fields=["closed_on"])
    _record(account, by, "close_held_account", f"The account {account.name} was closed on the system on {day(on)}")
    return account


@transaction.atomic
def needs_none(*, person: Person, system: System, reason: str, by: Person, on: date) -> NoAccountNeeded:
    """P45 asks for e-mail “if needed”: this person does not need it, or has no use for the network."""
    require(by, PERMISSION, person.school)
    said, _ = NoAccountNeeded.objects.update_or_create(
        person=person, system=system, defaults={"reason": reason, "said_on": on, "said_by_name": by.name}
    )
    summary = f"{person.name} needs no {system.label} account: {reason}"
    audit.record(school=person.school, by=by, verb="say_no_account_needed", subject=person, summary=summary)
    announce_evidence(school=person.school, by=by)
    return said


def _name_is_free(school: School, system: System, name: str, mine: HeldAccount | None) -> None:
    others = school.held_accounts.filter(system=system, name__iexact=name, closed_on=None)
    if (others.exclude(pk=mine.pk) if mine else others).exists():
        raise Refused(f"The account {name} is on record already", field="name")


def _record(
    account: HeldAccount,
    by: Person | None,
    verb: str,
    summary: str,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    as_name: str = "",
) -> None:
    audit.record(
        school=account.school,
        by=by,
        as_name=as_name,
        verb=verb,
        subject=account,
        summary=summary,
        before=before,
        after=after or values(account),
    )
    announce_evidence(school=account.school, by=by)
