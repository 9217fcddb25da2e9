"""P01: how the sign-off of the policy stands: whose name is to be under it, and until when it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils import timezone

from drystone.registers.documents.built_in import ANSWER_FOR_POLICY
from drystone.registers.documents.models import Signature
from drystone.registers.school.models import Role, RoleHolding, School
from drystone.registers.school.moments import add_months
from drystone.registers.school.queries import holdings_on

MONTHS = 12
NEW_HOLDER = timedelta(days=30)  # to read the policy before putting one's name to it
NOTICE = timedelta(days=42)  # half a term, as for the review of the policy


class Standing(StrEnum):
    NOBODY = "nobody holds the post"
    NEVER = "not signed"
    DUE = "due"
    LATE = "late"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Line:
    """One post: its holder, the signature that counts, and by when the next is due."""

    role: Role
    holding: RoleHolding | None
    signature: Signature | None
    standing: Standing
    due: date | None

    @property
    def can_sign_in(self) -> bool:
        user = self.holding.person.user if self.holding else None
        return user is not None and user.is_active


def sign_offs(school: School, on: date, *, months: int = MONTHS) -> tuple[Line, ...]:
    """Head teacher and chair of governors, each by their newest holder."""
    signed = list(
        Signature.objects.filter(version__document__school=school, version__document__slug=ANSWER_FOR_POLICY)
        .filter(at__date__lte=on)
        .select_related("version", "person")
    )
    return tuple(_line(school, role, signed, on, months) for role in (Role.HEAD, Role.CHAIR))


def _line(school: School, role: Role, signed: list[Signature], on: date, months: int) -> Line:
    holders = list(holdings_on(school, role, on).select_related("person__user"))
    if not holders:
        return Line(role, None, None, Standing.NOBODY, None)
    for signature in signed:  # the newest first; heads who share the post answer for each other
        holding = next((h for h in holders if h.person_id == signature.person_id), None)
        if holding and signature.role == role:
            due = add_months(timezone.localdate(signature.at), months)
            standing = Standing.LATE if due < on else Standing.DUE if due - NOTICE <= on else Standing.SIGNED
            return Line(role, holding, signature, standing, due)
    holding = holders[0]
    if not signed:  # the school has not begun: nothing to be late against
        return Line(role, holding, None, Standing.NEVER, None)
    begun = timezone.localdate(signed[-1].at)
    due = max(holding.starts, begun) + NEW_HOLDER
    return Line(role, holding, None, Standing.LATE if due < on else Standing.DUE, due)
