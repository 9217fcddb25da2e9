"""Rows of one file that are about the same person, or say that they are.

Exports with a line per contact repeat the pupil: such rows are one pupil. Rows that share a number and differ
otherwise are all refused, for which of them is right is not ours to guess.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from drystone.engine.roll.names import fold
from drystone.engine.roll.people import Faults
from drystone.engine.roll.values import Care, PersonRow, Place, PupilRow, Whom

Row = TypeVar("Row", bound=PersonRow)


def settle_pupils(rows: Sequence[PupilRow], faults: Faults) -> list[PupilRow]:
    """Each pupil once, in the file's order."""
    rows = merge_repeated(rows)
    rows = refuse_shared(rows, "UPN", faults, [row.upn or None for row in rows])
    rows = refuse_shared(rows, "number in your database", faults, [row.reference or None for row in rows])
    return settle_namesakes(drop_shared_sign_ons(rows, faults), faults)


def merge_repeated(rows: Sequence[PupilRow]) -> list[PupilRow]:
    """Rows that say the same in all but their contacts become one, with the contacts of all."""
    names = [(row.upn or row.reference, row.given_names, row.family_name, row.date_of_birth) for row in rows]
    times = Counter(names)
    one: dict[PupilRow, PupilRow] = {}
    for row, name in zip(rows, names, strict=True):
        # Without a number only a contact shows that a row is there again; else it may be another child.
        once = times[name] == 1 or not (row.upn or row.reference or row.care)
        alike = row if once else replace(row, where=Place("", 0), key="", care=None)
        if (first := one.get(alike)) is None:
            one[alike] = row
        else:
            one[alike] = replace(first, care=joined(first.care, row.care))
    return list(one.values())


def joined(first: tuple[Care, ...] | None, more: tuple[Care, ...] | None) -> tuple[Care, ...] | None:
    """Contacts in the order in which they come; each once."""
    if first is None or more is None:
        return first or more
    known = {care.guardian for care in first}
    added = [care for care in more if care.guardian not in known]
    return tuple(replace(care, order=place) for place, care in enumerate([*first, *added], start=1))


def refuse_shared(rows: Sequence[Row], title: str, faults: Faults, values: Sequence[Hashable | None]) -> list[Row]:
    sharing: dict[Hashable, list[Row]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        if value is not None:
            sharing[value].append(row)
    refused: set[int] = set()
    for value, some in sharing.items():
        if len(some) < 2:
            continue
        for row in some:
            others = lines(other for other in some if other is not row)
            faults.refuse(
                row.where,
                f"The {title} {value} of {row.given_names} {row.family_name} is also on {others}",
                "Find out whose it is, correct it in the school’s database and export again",
                known_of(row),
            )
            refused.add(id(row))
    return [row for row in rows if id(row) not in refused]


def settle_namesakes(rows: Sequence[PupilRow], faults: Faults) -> list[PupilRow]:
    """Two of one name and birthday are two pupils if their numbers say so; without any they are refused."""
    sharing: dict[Hashable, list[PupilRow]] = defaultdict(list)
    for row in rows:
        sharing[fold(f"{row.given_names} {row.family_name}"), row.date_of_birth].append(row)
    refused: set[int] = set()
    for some in sharing.values():
        if len(some) < 2:
            continue
        for row in some:
            others = lines(other for other in some if other is not row)
            if row.upn or row.reference:
                faults.remark(row.where, f"{row.given_names} {row.family_name} has a name and birthday of {others} too")
                continue
            faults.refuse(
                row.where,
                f"{row.given_names} {row.family_name} has the name and birthday of {others}, and no number",
                "Give each a UPN or your database’s number; or delete the row that is there twice",
                known_of(row),
            )
            refused.add(id(row))
    return [row for row in rows if id(row) not in refused]


def drop_shared_sign_ons(rows: Sequence[Row], faults: Faults) -> list[Row]:
    """P45: a sign-on name is one person's. Where two rows have it, neither gets it."""
    sharing: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.sign_on:
            sharing[row.sign_on].append(row)
    kept = []
    for row in rows:
        some = sharing.get(row.sign_on or "", [])
        if len(some) > 1:
            others = lines(other for other in some if other is not row)
            faults.remark(row.where, f"The sign-on name “{row.sign_on}” is also on {others}; nobody gets it")
            row = replace(row, sign_on=None)
        kept.append(row)
    return kept


def known_of(row: PersonRow) -> Whom:
    upn, birth = (row.upn or "", row.date_of_birth) if isinstance(row, PupilRow) else ("", None)
    return Whom(
        reference=row.reference,
        upn=upn,
        given_names=row.given_names,
        family_name=row.family_name,
        date_of_birth=birth,
    )


def lines(rows: Iterable[PersonRow]) -> str:
    told = [str(row.where) for row in rows]
    return " and ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")
