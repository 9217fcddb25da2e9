"""Data of the roll register: what changed the roll, what it would change, and how to take it back."""

from drystone.registers.roll.models.changes import Change, Line, Run, RunKind, RunState, Tab, Verb
from drystone.registers.roll.models.sources import Brought, ClassReference, Mapping

__all__ = ["Brought", "Change", "ClassReference", "Line", "Mapping", "Run", "RunKind", "RunState", "Tab", "Verb"]
