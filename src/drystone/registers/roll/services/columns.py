"""What the columns of a school's own file mean: chosen once on screen, remembered, known again by the headings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from drystone.engine.roll.mapping import BadMapping, Mapping
from drystone.engine.roll.table import Sample, is_workbook, sample
from drystone.engine.roll.values import UnreadableRoll
from drystone.engine.roll.workbook import sheet_names
from drystone.registers.roll.models import Mapping as Remembered
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import lock
from drystone.registers.school.services.permission import require

MOST_SHEETS = 12  # of a workbook, that are looked at


def look(path: Path, sheet: str = "") -> Sample:
    """The sheet asked for; of a workbook otherwise the one of which most columns are known. UnreadableRoll if none is
    a table."""
    if sheet or not is_workbook(path):
        return sample(path, sheet=sheet)
    seen, faults = [], []
    for name in sheet_names(path)[:MOST_SHEETS]:
        try:
            seen.append(sample(path, sheet=name))
        except UnreadableRoll as unreadable:
            faults.append(unreadable)
    if not seen:
        raise faults[0]
    return max(seen, key=lambda each: len(each.guess.columns))


@transaction.atomic
def remember(*, school: School, by: Person | None, mapping: Mapping) -> Remembered:
    """Under its name; what was remembered under that name before is replaced."""
    require(by, "roll.import", school)
    lock(school)
    kept, new = Remembered.objects.get_or_create(
        school=school, name=mapping.name, defaults={"columns": mapping.as_dict(), "made_by": by}
    )
    before = {} if new else kept.columns
    kept.columns, kept.used_at = mapping.as_dict(), timezone.now()
    kept.save()
    if before != kept.columns:
        audit.record(
            school=school,
            by=by,
            verb="remember_columns",
            subject=kept,
            summary=f"How files like “{mapping.name}” are read was {'chosen' if new else 'changed'}",
            before=before,
            after=kept.columns,
        )
    return kept


def known_again(school: School, headings: Sequence[str]) -> Remembered | None:
    """The remembered columns that this file has every one of; of several those that name most of it."""
    fitting = []
    for kept in Remembered.objects.filter(school=school).order_by("-used_at", "-pk"):
        try:
            columns = set(Mapping.from_dict(kept.columns).columns)
        except BadMapping:
            continue
        if columns and columns <= set(headings):
            fitting.append((len(columns), kept))
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None
