"""Runs over the roll as people read them."""

from __future__ import annotations

from drystone.registers.roll.models import Run, RunKind, Tab
from drystone.registers.school.moments import day

TOLD = {
    Tab.DOUBT: ("to decide", "to decide"),
    Tab.CLASS: ("class to make", "classes to make"),
    Tab.NEW: ("new", "new"),
    Tab.CHANGED: ("changed", "changed"),
    Tab.MOVE: ("class move", "class moves"),
    Tab.LEAVER: ("leaver", "leavers"),
    Tab.REFUSED: ("refused", "refused"),
}
KINDS = {
    "pupil": ("pupil", "pupils"),
    "guardian": ("parent or carer", "parents and carers"),
    "staff": ("member of staff", "members of staff"),
    "class": ("class", "classes"),
}


def name_of(run: Run) -> str:
    return f"New school year, {day(run.on)}" if run.kind == RunKind.YEAR else run.file_name


def told_of(run: Run) -> str:
    """`12 new, 1 class move, 3 leavers`; what is nought is left out."""
    if not run.counts:
        return ""
    open_still = run.applied_at is None  # what was not decided by then was left out, and what was is told by the rest
    tabs = [tab for tab in TOLD if open_still or tab != Tab.DOUBT]
    found = [_some(int(run.counts.get(tab, 0)), TOLD[tab]) for tab in tabs]
    return ", ".join(filter(None, found)) or "Nothing: everybody was as the file says"


def kinds_of(run: Run, tab: str) -> str:
    """`1 pupil, 133 parents and carers`: who the lines of a tab are about."""
    counts = run.counts.get("of", {}).get(tab, {})
    return ", ".join(filter(None, (_some(int(counts.get(kind, 0)), words) for kind, words in KINDS.items())))


def _some(count: int, words: tuple[str, str]) -> str:
    return f"{count:,} {words[count != 1]}" if count else ""
