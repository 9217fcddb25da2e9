"""What the wizard has been told so far. It lies in the session; nothing is written before the last step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from drystone.registers.school.models import Role
from drystone.registers.school.terms import TermPlan, YearPlan, usual_year

KEY = "set_up"
QUESTIONS = ("school", "terms", "head", "coordinator", "safeguarding", "you", "zones")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who gets an account; `roles` from today."""

    given_names: str
    family_name: str
    email: str
    roles: tuple[Role, ...]

    @property
    def name(self) -> str:
        return f"{self.given_names} {self.family_name}"


def kept(session: Any) -> dict[str, Any]:
    answers: dict[str, Any] = session.get(KEY, {})
    return answers


def keep(session: Any, question: str, answer: dict[str, Any]) -> None:
    session[KEY] = {**kept(session), question: answer}


def first_missing(answers: dict[str, Any]) -> str | None:
    return next((question for question in QUESTIONS if question not in answers), None)


def plan_of(answers: dict[str, Any]) -> YearPlan:
    """The terms as told, else as usual for the academic year of today."""
    usual = usual_year(timezone.localdate())
    told = answers.get("terms")
    if not told or told["year"] != usual.name:
        return usual
    terms = tuple(_term(*term) for term in told["terms"])
    return YearPlan(usual.name, usual.starts, usual.ends, terms, usual.closures)


def _term(name: str, starts: str, ends: str, half_starts: str | None, half_ends: str | None) -> TermPlan:
    half = [date.fromisoformat(day) if day else None for day in (half_starts, half_ends)]
    return TermPlan(name, date.fromisoformat(starts), date.fromisoformat(ends), *half)


def plan_to_keep(plan: YearPlan) -> dict[str, Any]:
    days = [(t.starts, t.ends, t.half_term_starts, t.half_term_ends) for t in plan.terms]
    return {
        "year": plan.name,
        "terms": [
            [term.name, *(day.isoformat() if day else None for day in four)]
            for term, four in zip(plan.terms, days, strict=True)
        ],
    }


def names_so_far(answers: dict[str, Any]) -> dict[str, str]:
    """For the radios: “Helen Marsh, the head teacher”."""
    names = {"head": _name(answers["head"])} if "head" in answers else {}
    if answers.get("coordinator", {}).get("who") == "other":
        names["coordinator"] = _name(answers["coordinator"])
    return names


def people_of(answers: dict[str, Any]) -> list[Named]:
    """Each person once, with all their roles; the one who sets up is the last. Same address, same person."""
    head, coordinator, lead = answers["head"], answers["coordinator"], answers["safeguarding"]
    chosen = {"head": head, "coordinator": coordinator if coordinator["who"] == "other" else head}
    told = [(head, Role.HEAD), (chosen["coordinator"], Role.COORDINATOR)]
    if lead["who"] != "later":
        told.append((chosen.get(lead["who"], lead), Role.SAFEGUARDING_LEAD))
    told.append((answers["you"], Role.TECHNICIAN))
    people: dict[str, Named] = {}
    for about, role in told:
        email = about["email"].lower()
        before = people.pop(email, None)
        roles = (*before.roles, role) if before else (role,)
        people[email] = Named(about["given_names"], about["family_name"], about["email"], roles)
    return list(people.values())


def same_address(answers: dict[str, Any], question: str, given: dict[str, Any]) -> str:
    """Whose address this is already, under another name; "" when nobody's."""
    for other in ("head", "coordinator", "safeguarding", "you"):
        about = answers.get(other)
        if other == question or not about or not about.get("email") or not given.get("email"):
            continue
        if about["email"].lower() == given["email"].lower() and _name(about).lower() != _name(given).lower():
            return _name(about)
    return ""


def _name(about: dict[str, Any]) -> str:
    return f"{about['given_names']} {about['family_name']}"
