"""Runs over the roll as people read them."""

from __future__ import annotations

from drystone.registers.roll.models import Run, RunKind, Tab
from drystone.registers.school.moments import day

TOLD = {
    Tab.DOUBT: "to decide",
    Tab.CLASS: "classes to make",
    Tab.NEW: "new",
    Tab.CHANGED: "changed",
    Tab.MOVE: "class moves",
    Tab.LEAVER: "leavers",
    Tab.REFUSED: "refused",
}


def name_of(run: Run) -> str:
    return f"New school year, {day(run.on)}" if run.kind == RunKind.YEAR else run.file_name


def told_of(run: Run) -> str:
    """`12 new, 8 changed, 3 leavers`; what is nought is left out."""
    if not run.counts:
        return ""
    found = [f"{run.counts[tab]:,} {words}" for tab, words in TOLD.items() if run.counts.get(tab)]
    return ", ".join(found) or "Nothing: everybody was as the file says"
