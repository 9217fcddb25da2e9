"""Writes a draft, and keeps what is needed to take it back: the values before, and a mark of the values after."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from django.db.models import Model

from drystone.registers.roll.models import Brought, Change, ClassReference, Run, Verb
from drystone.registers.roll.services.draft import Draft
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Reference, RoleHolding, SchoolClass

# In this order rows are added, so that each points at what is there; removed in the opposite one.
TABLES: tuple[type[Model], ...] = (
    SchoolClass,
    Person,
    RoleHolding,
    Reference,
    ClassReference,
    Guardianship,
    ClassStaff,
    Brought,
)
BY_LABEL = {table._meta.label: table for table in TABLES}
CHUNK = 500
ALIKE = 8  # rows from which on one UPDATE for all of them is worth it
# Unique within a school: freed before they are given to somebody else of the same draft.
HANDED_ON = ("upn", "sign_on")


def write(draft: Draft, *, run: Run) -> None:
    """All of the draft, in the caller's transaction, with its journal. The caller holds the school's lock."""
    if unknown := (set(draft.added) | set(draft.changed) | set(draft.removed)) - set(TABLES):
        raise TypeError(f"a draft of {', '.join(table.__name__ for table in unknown)} has no place in the journal")
    keeper = _Keeper(run)
    for table in reversed(TABLES):
        rows = list(draft.removed[table].values())
        keeper.keep(table, Verb.REMOVED, ([row.pk, _plain(columns_of(row)), None] for row in rows))
        for chunk in _chunks([row.pk for row in rows]):
            table._base_manager.filter(pk__in=chunk).delete()
    # A class is made before anybody moves into it; numbers and names are freed before somebody new takes them.
    for table in TABLES[:1]:
        _add(keeper, table, draft.added[table])
    for table in TABLES:
        _change(keeper, table, draft)
    for table in TABLES[1:]:
        _add(keeper, table, draft.added[table])
    keeper.close()


def mark_of(row: Model) -> str:
    """A short mark of a row's columns: another one at undoing means that somebody wrote meanwhile."""
    mark: str = _marker(type(row))(row)
    return mark


def columns_of(row: Model) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _names(type(row))}


def _add(keeper: _Keeper, table: type[Model], rows: Sequence[Model]) -> None:
    mark = _marker(table)
    for chunk in _chunks(rows):
        for row in chunk:
            if isinstance(row, Person):
                row.fold()
        table._base_manager.bulk_create(chunk)
        keeper.keep(table, Verb.ADDED, ([row.pk, None, mark(row)] for row in chunk))


def _change(keeper: _Keeper, table: type[Model], draft: Draft) -> None:
    """Rows that get the same values go by one UPDATE, the others by a few."""
    mark = _marker(table)
    alike: dict[tuple[tuple[str, Any], ...], list[Model]] = defaultdict(list)
    changed = []
    for row in draft.changed[table].values():
        new = _new_values(row, draft.before(row))
        if not new:
            continue
        changed.append(row)
        if isinstance(row, Person) and new.keys() & {"given_names", "family_name", "preferred_name", "upn"}:
            row.fold()
            new["search"] = row.search
        alike[tuple(sorted(new.items()))].append(row)
    _free(table, changed, draft)
    single: dict[frozenset[str], list[Model]] = defaultdict(list)
    for new_values, rows in alike.items():
        if len(rows) >= ALIKE:
            for chunk in _chunks([row.pk for row in rows]):
                table._base_manager.filter(pk__in=chunk).update(**dict(new_values))
        else:
            single[frozenset(name for name, _ in new_values)] += rows
    for names, rows in single.items():
        fields = [field.name for field in table._meta.concrete_fields if field.attname in names]
        table._base_manager.bulk_update(rows, fields, batch_size=CHUNK)
    keeper.keep(table, Verb.CHANGED, ([row.pk, _plain(draft.before(row)), mark(row)] for row in changed))


def _new_values(row: Model, before: dict[str, Any]) -> dict[str, Any]:
    """The columns that are not what they were. A relation to a row made in this draft has its key by now."""
    for field in row._meta.concrete_fields:
        related = row._state.fields_cache.get(field.name)
        if field.attname in before and isinstance(related, Model):
            setattr(row, field.attname, related.pk)
    return {name: getattr(row, name) for name, old in before.items() if getattr(row, name) != old}


def _free(table: type[Model], changed: Iterable[Model], draft: Draft) -> None:
    for name in HANDED_ON if table is Person else ():
        taken = [row.pk for row in changed if draft.before(row).get(name) and getattr(row, name)]
        for chunk in _chunks(taken):
            Person.objects.filter(pk__in=chunk).update(**{name: ""})


class _Keeper:
    """Puts the journal's rows together, up to CHUNK of one table and verb in one."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._position = 0
        self._waiting: list[Change] = []

    def keep(self, table: type[Model], verb: Verb, rows: Iterable[list[Any]]) -> None:
        for chunk in _chunks(list(rows)):
            self._position += 1
            self._waiting.append(
                Change(run=self._run, position=self._position, table=table._meta.label, verb=verb, rows=chunk)
            )

    def close(self) -> None:
        Change.objects.bulk_create(self._waiting, batch_size=50)


def _names(table: type[Model]) -> list[str]:
    left_out = getattr(table, "derived", ())
    return [field.attname for field in table._meta.concrete_fields if field.attname not in left_out]


def _marker(table: type[Model]) -> Any:
    get = attrgetter(*_names(table))
    return lambda row: blake2b(json.dumps(get(row), default=str).encode(), digest_size=8).hexdigest()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in values.items()}


def _chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]
