"""What a control is and what it answers. Registers declare controls in their `controls.py`;
`oversight/policy` collects and judges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drystone.registers.school.models import School


class State(StrEnum):
    MET = "met"
    DUE = "due"
    BREACHED = "breached"
    NOT_RECORDED = "not recorded"
    NOT_ASSESSED = "not assessed"  # the control failed; never shown as met
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A link into a register, and what a reader finds there."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a promise stands: `have` of `want`, in a sentence that a governor reads."""

    state: State
    sentence: str
    have: int = 0
    want: int = 0
    due: date | None = None
    evidence: tuple[Evidence, ...] = field(default=())


class Control(Protocol):
    key: str

    def assess(self, school: School, on: date, **params: object) -> Finding: ...


REGISTRY: dict[str, Control] = {}


def register(control: type[Control]) -> type[Control]:
    """Class decorator. A key used twice is a mistake of ours, found at start."""
    if control.key in REGISTRY:
        raise ValueError(f"control {control.key!r} is registered twice")
    REGISTRY[control.key] = control()
    return control
