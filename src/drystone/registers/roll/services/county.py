"""A file of one school or of all schools of a county, from the shell: one transaction over all of them."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from drystone.engine.roll.mapping import Mapping as ColumnMapping
from drystone.engine.roll.reader import read
from drystone.engine.roll.values import RollFile, SchoolRef
from drystone.registers.roll.models import Line, Mapping, Run, Tab
from drystone.registers.roll.services.imports import summary_of
from drystone.registers.roll.services.landing import Plan, land, show, told
from drystone.registers.roll.services.plan import plan_roll
from drystone.registers.roll.services.whose import marks_of, ref_of, schools_of
from drystone.registers.school.models import School
from drystone.registers.school.services.changes import Refused, lock

LEFT_OUT = (Tab.REFUSED, Tab.DOUBT, Tab.REMARK)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what was left out or is worth knowing."""

    tab: str
    name: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the file does, or did, at one school. `run` is None for a dry run and where there was nothing to change."""

    school: School
    counts: dict[str, Any]
    run: int | None
    lines: list[Told] = field(default_factory=list)
    people: list[Told] = field(default_factory=list)  # of a dry run: all the rest of the preview

    @property
    def changes(self) -> bool:
        return any(self.counts[tab] for tab in Tab.values if tab not in LEFT_OUT)


def import_file(
    path: Path,
    *,
    on: date,
    school: School | None = None,
    mapping: Mapping | None = None,
    leavers: bool = False,
    dry_run: bool = False,
    as_name: str = "",
) -> list[Outcome]:
    """Everything, or nothing. Without `school` each school of the file is found by its DfE number or name; a file that
    names none is that of the only school there is.

    Raises UnreadableRoll, BadMapping or Refused; a mass leave without `leavers` is refused whole.
    """
    columns = ColumnMapping.from_dict(mapping.columns) if mapping else None
    with read(path, mapping=columns) as file:
        parts = [(ref_of(file, school), school)] if school else _parts(file)
        with _rarely_collected(), _writing(dry_run):
            batch = secrets.token_hex(16)
            planned = (_one(path, file, ref, each, on, batch, mapping, dry_run, as_name) for ref, each in parts)
            outcomes = list(planned)
            if not leavers and not dry_run and (unsaid := [one for one in outcomes if one.counts["second_yes"]]):
                names = "; ".join(f"{one.school.name}: {one.counts['second_yes']}" for one in unsaid[:3])
                raise Refused(f"Nothing was done. {names} (--yes-leavers says it)")
    return outcomes


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """A plan is many small objects that all live on: to walk over them again and again would be a third of the work."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _writing(dry_run: bool) -> Iterator[None]:
    """A dry run takes no lock and writes nothing."""
    if dry_run:
        yield
        return
    with transaction.atomic():
        yield


def _parts(file: RollFile) -> list[tuple[SchoolRef, School]]:
    schools = list(School.objects.order_by("pk")[:2])
    if len(schools) == 1 and len(file.schools) == 1:
        return [(ref_of(file, schools[0]), schools[0])]
    return schools_of(file)


def _one(
    path: Path,
    file: RollFile,
    ref: SchoolRef,
    school: School,
    on: date,
    batch: str,
    mapping: Mapping | None,
    dry_run: bool,
    as_name: str,
) -> Outcome:
    if not dry_run:
        school = lock(school)
    plan = plan_roll(
        school=school,
        roll=file.staged.roll(ref),
        scopes=file.scopes,
        source=file.source,
        on=on,
        may_give_roles=True,
        choices={},
    )
    lines = [_told(line) for line in plan.lines if line.tab in LEFT_OUT]
    if dry_run or plan.draft.empty:
        people = [_told(line) for line in plan.lines if line.tab not in LEFT_OUT] if dry_run else []
        return Outcome(school, told(plan), None, lines, people)
    run = _run(path, file, school, on, batch, mapping)
    _land(plan, run, on, as_name)
    return Outcome(school, run.counts, run.pk, lines)


def _run(path: Path, file: RollFile, school: School, on: date, batch: str, mapping: Mapping | None) -> Run:
    sha256, source, scope = marks_of(file)
    size = path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in path.iterdir())
    return Run.objects.create(
        school=school,
        batch=batch,
        on=on,
        file_name=path.name[-255:],
        size=size,
        sha256=sha256,
        source=source,
        scope=scope,
        mapping=mapping,
    )


def _land(plan: Plan, run: Run, on: date, as_name: str) -> None:
    show(plan, run=run)
    land(plan, run=run, by=None, on=on, summary=summary_of(run.file_name, plan), as_name=as_name)


def _told(line: Line) -> Told:
    fields = "; ".join(f"{title}: {old or '–'} → {new or '–'}" for title, old, new in line.fields)
    return Told(line.tab, line.name, line.where, " ".join(part for part in (line.detail, fields) if part))
