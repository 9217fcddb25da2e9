"""The last run over the roll is taken back whole, as long as nobody has written over it since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, islice
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from drystone.registers.roll.models import Change, Line, Run, RunState, Verb
from drystone.registers.roll.services.journal import BY_LABEL, HANDED_ON, mark_of
from drystone.registers.school.hooks import announce_filter_change, announce_joined, announce_left
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

NAMED, MOST = 5, 50  # of what stands in the way: in the sentence, and looked for at all


def last_run(school: School) -> Run | None:
    """The run that can be undone: the last one that changed anything, while its journal is kept."""
    written = Exists(Change.objects.filter(run=OuterRef("pk")))
    return Run.objects.filter(written, school=school, state=RunState.APPLIED).order_by("-applied_at", "-pk").first()


def in_the_way(run: Run) -> list[str]:
    """What was changed since, or hangs on somebody whom the run brought: each a name and why. With any, no undo."""
    return list(islice(chain(_changed_since(run), _hangs_on(run)), MOST))


@transaction.atomic
def undo(*, run: Run, by: Person | None, on: date, permission: str = "roll.import", as_name: str = "") -> Run:
    """All rows as they were before the run. Raises Refused, and names them, where some were changed since."""
    require(by, permission, run.school)
    school = lock(run.school)
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state != RunState.APPLIED:
        raise Refused("This was not applied, or is undone already: there is nothing to undo")
    if last_run(school) != run:
        raise Refused("Only the last import or new school year can be undone, and only while its journal is kept")
    if ways := in_the_way(run):
        more = f" and {len(ways) - NAMED} more" if len(ways) > NAMED else ""
        raise Refused(f"Nothing was undone: {'; '.join(ways[:NAMED])}{more}. Put these right by hand instead")
    back, gone = _people_who_turn(run)
    if gone:
        announce_left(school=school, people=gone, on=on, by=by)
    _free_what_was_handed_on(run)
    for change in run.changes.order_by("-position").iterator(50):
        _take_back(change)
    if back:
        back = list(Person.objects.filter(pk__in=[person.pk for person in back]))
        announce_joined(school=school, people=back, on=on, by=by)
    announce_filter_change(school=school, by=by)
    run.state, run.undone_at, run.undone_by = RunState.UNDONE, timezone.now(), by
    run.save()
    audit.record(
        school=school,
        by=by,
        as_name=as_name,
        verb="undo_roll",
        subject=run,
        summary=f"{run.get_kind_display()} {run.file_name} undone".replace("  ", " "),
        before={"counts": run.counts, "sha256": run.sha256},
    )
    return run


def _changed_since(run: Run) -> Iterator[str]:
    for change in run.changes.exclude(verb=Verb.REMOVED).iterator(50):
        marks = {key: mark for key, _, mark in change.rows}
        rows = BY_LABEL[change.table]._base_manager.in_bulk(list(marks))
        for key, mark in marks.items():
            if key not in rows:
                yield f"a {BY_LABEL[change.table]._meta.verbose_name} of it was removed since"
            elif mark_of(rows[key]) != mark:
                yield f"{rows[key]} was changed since"


def _hangs_on(run: Run) -> Iterator[str]:
    """What was added since to rows that the undo would delete: it would go with them, unseen."""
    written: dict[str, set[Any]] = {}  # by the run itself: what it added goes, what it changed goes back
    for change in run.changes.exclude(verb=Verb.REMOVED).iterator(50):
        written.setdefault(change.table, set()).update(key for key, _, _ in change.rows)
    for change in run.changes.filter(verb=Verb.ADDED).iterator(50):
        table = BY_LABEL[change.table]
        keys = [key for key, _, _ in change.rows]
        for relation in _relations_to(table):
            other, field = relation.related_model, relation.field
            ours = written.get(other._meta.label, set())
            found = other._base_manager.filter(**{f"{field.name}__in": keys}).values_list("pk", field.attname)
            for key, row in table._base_manager.in_bulk([row for pk, row in found if pk not in ours]).items():
                yield f"{row} has {other._meta.verbose_name_plural} since (number {key})"


def _relations_to(table: type[models.Model]) -> Iterator[Any]:
    for relation in table._meta.get_fields(include_hidden=True):
        if (relation.one_to_many or relation.one_to_one) and relation.auto_created and relation.related_model != Line:
            yield relation


def _people_who_turn(run: Run) -> tuple[list[Person], list[Person]]:
    """Who is at the school again once it is undone, and who is not any more."""
    back: list[Person] = []
    gone: list[Person] = []
    for change in run.changes.filter(table=Person._meta.label).iterator(50):
        people = Person.objects.in_bulk([key for key, _, _ in change.rows])
        for key, before, _ in change.rows:
            if change.verb == Verb.ADDED:
                gone.append(people[key])
            elif "left_on" in before:
                (back if people[key].left_on and not before["left_on"] else gone).append(people[key])
    return back, gone


def _free_what_was_handed_on(run: Run) -> None:
    """Numbers and sign-on names are unique: freed first, so that each finds its owner of before again."""
    for change in run.changes.filter(table=Person._meta.label, verb=Verb.CHANGED).iterator(50):
        for name in HANDED_ON:
            keys = [key for key, before, _ in change.rows if name in before]
            Person.objects.filter(pk__in=keys).update(**{name: ""})


def _take_back(change: Change) -> None:
    table = BY_LABEL[change.table]
    match change.verb:
        case Verb.ADDED:
            table._base_manager.filter(pk__in=[key for key, _, _ in change.rows]).delete()
        case Verb.REMOVED:
            table._base_manager.bulk_create([table(**_read(table, before)) for _, before, _ in change.rows])
        case Verb.CHANGED:
            rows = table._base_manager.in_bulk([key for key, _, _ in change.rows])
            names: set[str] = set()
            for key, before, _ in change.rows:
                for name, value in _read(table, before).items():
                    setattr(rows[key], name, value)
                names |= before.keys()
            fields = {field.name for field in table._meta.concrete_fields if field.attname in names}
            if table is Person:
                fields.add("search")
                for person in rows.values():
                    person.fold()  # type: ignore[attr-defined]
            table._base_manager.bulk_update(rows.values(), sorted(fields), batch_size=len(rows))


def _read(table: type[models.Model], before: dict[str, Any]) -> dict[str, Any]:
    """Days and moments were kept as text."""
    columns = {field.attname: field for field in table._meta.concrete_fields}
    dated = (models.DateField, models.DateTimeField)
    return {
        name: columns[name].to_python(value) if isinstance(columns[name], dated) else value
        for name, value in before.items()
    }
