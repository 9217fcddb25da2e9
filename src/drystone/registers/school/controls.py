"""What a control is and what it answers. Registers declare controls in their `controls.py`;
`oversight/policy` collects and judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

from django.urls import reverse

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
    parameters: ClassVar[Mapping[str, str]] = MappingProxyType({})  # what a school may set → in plain words

    def assess(self, school: School, on: date, **params: object) -> Finding: ...


REGISTRY: dict[str, Control] = {}


def register(control: type[Control]) -> type[Control]:
    """Class decorator. A key used twice is a mistake of ours, found at start."""
    if control.key in REGISTRY:
        raise ValueError(f"control {control.key!r} is registered twice")
    REGISTRY[control.key] = control()
    return control


@register
class SecurityOverseen(Control):
    """P19: a technician and somebody at the council are named, and can be reached. That both have signed a review of
    security is not recorded anywhere yet, so the promise is never shown as kept."""

    key = "school.security_overseen"
    parameters: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        from drystone.registers.school.models import Role  # the types above are imported before models are
        from drystone.registers.school.posts import posts_of

        now = {held.post.role: held.now for held in posts_of(school, on)}
        sides = {
            "technician": [*now[Role.TECHNICIAN], *now[Role.NETWORK_MANAGER]],
            "contact at the council or trust": list(now[Role.COUNCIL_CONTACT]),
        }
        reached = {
            side: [h.person for h in holdings if h.person.email or h.person.telephone]
            for side, holdings in sides.items()
        }
        evidence = (Evidence("Named posts", reverse("school:posts")),)
        missing = [
            f"no {side} is named"
            if not sides[side]
            else f"the {side} has neither an e-mail address nor a telephone number"
            for side, people in reached.items()
            if not people
        ]
        have, want = len(reached) - len(missing), 2 * len(reached)  # each named, and each name under the review
        if missing:
            sentence = " and ".join(missing)
            return Finding(State.BREACHED, f"{sentence[0].upper()}{sentence[1:]}.", have, want, evidence=evidence)
        named = " and ".join(f"{people[0].name} ({side})" for side, people in reached.items())
        sentence = f"{named} oversee security. Their names under a security review are not recorded yet."
        return Finding(State.NOT_RECORDED, sentence, have, want, evidence=evidence)
