"""P45: accounts of the network or the e-mail from a file or a paste: tried first without writing, then all or nothing.

For each account that the text names, its people are those that the text names, and no others; accounts that it does
not name stay as they are. The same text again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from drystone.registers.accounts.models import AccountHolder, HeldAccount, System, Use
from drystone.registers.accounts.queries import held_accounts
from drystone.registers.accounts.services.held import PERMISSION
from drystone.registers.school.csv import rows_of
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, School
from drystone.registers.school.queries import current
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

COLUMNS = ("system", "account", "person", "use", "note")
NEEDED = ("system", "account")
MOST_ROWS = 5_000
SYSTEMS = {"network": System.NETWORK, "e-mail": System.EMAIL, "email": System.EMAIL, "mail": System.EMAIL}
USES = {"": Use.OWN, "own": Use.OWN, "shared": Use.SHARED, "nobody": Use.NOBODY}


@dataclass(slots=True)
class Imported:
    """What a text would do or has done. `wrong` are (line, what is wrong with it); with any, nothing is written."""

    added: int = 0
    changed: int = 0
    same: int = 0
    shared: list[str] = field(default_factory=list)  # accounts that several people hold by it
    wrong: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """One account, as all the lines that name it say."""

    name: str
    line: int
    use: Use
    note: str
    people: dict[int, Person] = field(default_factory=dict)


def import_accounts(*, school: School, by: Person, text: str, on: date, dry_run: bool) -> Imported:
    """Raises Refused where the text as a whole cannot be read."""
    require(by, PERMISSION, school)
    rows = list(rows_of(text, columns=COLUMNS, needed=NEEDED, most=MOST_ROWS, what="accounts"))
    found = Imported()
    with transaction.atomic():
        lock(school)
        wanted = _wanted(rows, _Finder(current(school.people.all(), on)), found)
        known = {(account.system, account.name.lower()): account for account in held_accounts(school)}
        for (system, name), row in wanted.items():
            _take_in(school, system, row, known.get((system, name)), on, found, write=not dry_run and not found.wrong)
        if not dry_run and not found.wrong and (found.added or found.changed):
            _record(school, by, text, found)
    return found


def _wanted(
    rows: Iterable[tuple[int, dict[str, str]]], people: _Finder, found: Imported
) -> dict[tuple[System, str], _Row]:
    wanted: dict[tuple[System, str], _Row] = {}
    for line, row in rows:
        try:
            system, use, person = _system(row["system"]), _use(row["use"]), people.find(row["person"])
            if not row["account"] or len(row["account"]) > 200:
                raise Refused("The account has no name, or one of over 200 characters")
            if use == Use.NOBODY and person:
                raise Refused("An account that nobody signs in with has no person")
        except Refused as refusal:
            found.wrong.append((line, str(refusal)))
            continue
        one = wanted.setdefault((system, row["account"].lower()), _Row(row["account"], line, use, row["note"][:200]))
        if one.use != use:
            found.wrong.append((line, f"Line {one.line} says otherwise about who uses {one.name}"))
        if person:
            one.people[person.pk] = person
    return wanted


def _take_in(
    school: School, system: System, row: _Row, account: HeldAccount | None, on: date, found: Imported, *, write: bool
) -> None:
    """Counts what the row changes, and changes it where `write`."""
    holders = {holder.person_id: holder for holder in account.holders.all() if not holder.until} if account else {}
    if len(row.people) > 1:
        found.shared.append(row.name)
    if account is None:
        found.added += 1
    elif (account.use, account.note) == (row.use, row.note) and holders.keys() == row.people.keys():
        found.same += 1
        return
    else:
        found.changed += 1
    if not write:
        return
    account = account or HeldAccount(school=school, system=system, name=row.name)
    account.use, account.note = row.use, row.note
    account.save()
    for gone in holders.keys() - row.people.keys():
        holders[gone].until = max(on, holders[gone].since)
        holders[gone].save(update_fields=["until"])
    AccountHolder.objects.bulk_create(
        AccountHolder(account=account, person=person, since=on)
        for key, person in row.people.items()
        if key not in holders
    )


def _record(school: School, by: Person, text: str, found: Imported) -> None:
    counts = {"added": found.added, "changed": found.changed, "same": found.same, "shared": len(found.shared)}
    audit.record(
        school=school,
        by=by,
        verb="import_held_accounts",
        subject=school,
        summary=f"Accounts of the school’s systems taken in: {found.added} added, {found.changed} changed",
        after=counts | {"sha256": hashlib.sha256(text.encode()).hexdigest()},
    )
    announce_evidence(school=school, by=by)


def _system(text: str) -> System:
    if text.lower() not in SYSTEMS:
        raise Refused(f"“{text}” is no system: write network or e-mail")
    return SYSTEMS[text.lower()]


def _use(text: str) -> Use:
    if text.lower() not in USES:
        raise Refused(f"“{text}” is no use: leave it empty, or write own, shared or nobody")
    return USES[text.lower()]


class _Finder:
    """People by e-mail address, sign-on name or name; a name that two have finds neither."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._by: dict[str, dict[int, Person]] = defaultdict(dict)
        for person in people:
            for text in {person.email, person.sign_on, person.name, f"{person.given_names} {person.family_name}"}:
                if text.strip():
                    self._by[_plain(text)][person.pk] = person

    def find(self, text: str) -> Person | None:
        """Raises Refused."""
        if not text:
            return None
        found = list(self._by.get(_plain(text), {}).values())
        if not found:
            raise Refused(f"Nobody here is “{text}”: write their e-mail address, sign-on name or full name")
        if len(found) > 1:
            raise Refused(f"{len(found)} people here are “{text}”: write the sign-on name or e-mail address of one")
        return found[0]


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
