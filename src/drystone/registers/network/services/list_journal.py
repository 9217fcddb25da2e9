"""P35: what was done to lists, or tried, from a shell goes from the journal beside them to the audit trail."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.db import transaction

from drystone.engine.filtering.mandatory import JOURNAL
from drystone.registers.school.models import School
from drystone.registers.school.services.audit import record

TAKEN = ".journal.taken"


def take_journal(lists: Path) -> int:
    """Takes every line over, once; how many they were. A kill in between leaves the lines for the next call."""
    journal, taken = lists / JOURNAL, lists / TAKEN
    if not taken.is_file():
        try:
            journal.rename(taken)  # whoever writes now begins a new one
        except OSError:
            return 0
    lines = taken.read_bytes().splitlines()
    with transaction.atomic():
        for line in lines:
            _record(line)
        os.rename(taken, taken.with_suffix(".done"))  # noqa: PTH104 - last in the transaction: both or neither
    taken.with_suffix(".done").unlink(missing_ok=True)
    return len(lines)


def _record(line: bytes) -> None:
    """In the trail of the house's school; where it has several, in the house's own."""
    try:
        entry = {key: str(value) for key, value in json.loads(line).items()}
    except (ValueError, AttributeError):
        entry = {"verb": "refused_list_change", "subject": "lists", "summary": "A line of the journal is damaged"}
    schools = list(School.objects.all()[:2])
    record(
        school=schools[0] if len(schools) == 1 else None,
        by=None,
        as_name=entry.get("by", "the shell"),
        verb=entry.get("verb", "")[:80] or "list_change",
        subject=f"list:{entry.get('subject', '')}"[:80],
        summary=entry.get("summary", ""),
        after={"at": entry.get("at", "")},
    )
