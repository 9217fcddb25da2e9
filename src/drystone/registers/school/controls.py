"""What a control is and what it answers. Registers declare controls in their `controls.py`;
`oversight/policy` collects and judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape

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
class NamedCoordinator(Control):
    """P02: one named e-safety co-ordinator, dated, whose name stands on the pupils', parents' and staff pages."""

    key = "school.named_coordinator"
    parameters: ClassVar = {"ask_again_within": "Days to tell everybody of a new holder"}
    pages = (("help_at", "pupils’ page"), ("help_parents_at", "parents’ page"), ("help_staff_at", "staff page"))

    def assess(self, school: School, on: date, **params: object) -> Finding:
        """`ask_again_within`: days after a change of holder in which everybody is to be asked again."""
        from drystone.registers.school.models import Role, RoleHolding  # the types above are imported before models are
        from drystone.registers.school.queries import coordinator

        holding = coordinator(school, on)
        if holding is None:
            link = (Evidence("Name the co-ordinator", reverse("school:coordinator")),)
            return Finding(State.BREACHED, "No e-safety co-ordinator is named.", 0, 1, evidence=link)
        name, since = holding.person.name, f"{holding.starts.day} {holding.starts:%B %Y}"
        evidence = [Evidence(f"{name}, since {since}", reverse("school:person", args=[holding.person_id]))]
        evidence += [Evidence(f"The {words}", reverse(page, args=[school.slug])) for page, words in self.pages]
        if on == timezone.localdate() and (missing := self._pages_without(name, school)):
            sentence = f"{name} is the e-safety co-ordinator, but is not named on the {' and the '.join(missing)}."
            return Finding(State.BREACHED, sentence, 0, 1, evidence=tuple(evidence))
        before = RoleHolding.objects.filter(person__school=school, role=Role.COORDINATOR, starts__lt=holding.starts)
        if on - holding.starts < timedelta(days=365) and before.exclude(person=holding.person).exists():
            days = int(str(params.get("ask_again_within", 30)))
            sentence = f"{name} became e-safety co-ordinator on {since}: everybody is to be asked again."
            return Finding(State.DUE, sentence, 0, 1, holding.starts + timedelta(days=days), tuple(evidence))
        sentence = f"{name} is the e-safety co-ordinator since {since}, and is named on all three help pages."
        return Finding(State.MET, sentence, 1, 1, evidence=tuple(evidence))

    def _pages_without(self, name: str, school: School) -> list[str]:
        """Each page asked as a stranger's browser gets it."""
        from django.contrib.auth.models import AnonymousUser

        missing = []
        for page, words in self.pages:
            request = HttpRequest()  # no session, no person
            request.method, request.path = "GET", reverse(page, args=[school.slug])
            request.user = AnonymousUser()
            view, args, kwargs = resolve(request.path)
            if escape(name) not in view(request, *args, **kwargs).content.decode():
                missing.append(words)
        return missing
