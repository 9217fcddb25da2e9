"""Every write of the policy register."""

from __future__ import annotations

import logging
import traceback
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from drystone.oversight.policy.library import Library, Promise, policy_library
from drystone.oversight.policy.models import DailyFinding, PolicyReview
from drystone.registers.school.controls import REGISTRY, Finding, State
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

NOT_ASSESSED = "This could not be assessed."
NO_REGISTER = "Drystone keeps no record of this yet, so it cannot say that it is kept."
log = logging.getLogger(__name__)


def assess_school(*, school: School, on: date, library: Library | None = None) -> list[DailyFinding]:
    """Ask every control how its promise stands, and keep the answers as the findings of that day.

    A control that fails is NOT_ASSESSED, its error kept for the technician; the others go on.
    """
    library = library or policy_library()
    rows = [_row(school, on, library, promise) for promise in library]
    fields = [f.name for f in DailyFinding._meta.concrete_fields if f.name not in ("id", "school", "promise", "day")]
    with transaction.atomic():
        DailyFinding.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["school", "promise", "day"], update_fields=fields
        )
    return rows


def renew_findings(school: School, **_: object) -> None:
    """Heard from a register: what findings rest on is new."""
    assess_school(school=school, on=timezone.localdate())


def _row(school: School, on: date, library: Library, promise: Promise) -> DailyFinding:
    finding, error = _ask(school, on, promise)
    return DailyFinding(
        school=school,
        day=on,
        promise=promise.id,
        control=promise.control,
        state=finding.state.value,
        sentence=finding.sentence,
        have=finding.have,
        want=finding.want,
        due=finding.due,
        evidence=[{"text": e.text, "url": e.url} for e in finding.evidence],
        error=error,
        library=f"{library.id} {library.edition}",
        assessed_at=timezone.now(),
    )


def _ask(school: School, on: date, promise: Promise) -> tuple[Finding, str]:
    if not promise.control:
        return Finding(
            State.NOT_RECORDED, "Drystone keeps no record of this yet, so it cannot say that it is kept."
        ), ""
    control = REGISTRY.get(promise.control)
    if control is None:
        missing = f"the control {promise.control!r} does not exist"
        return Finding(State.NOT_ASSESSED, NOT_ASSESSED), missing
    if unknown := set(promise.parameters) - set(control.parameters):
        return Finding(State.NOT_ASSESSED, NOT_ASSESSED), f"the control has no parameter {sorted(unknown)[0]!r}"
    try:
        with transaction.atomic():  # a control's failed query must not take the other findings with it
            return control.assess(school, on, **promise.parameters), ""
    except Exception:
        log.exception("%s: control %s failed for %s", promise.id, promise.control, school.slug)
        return Finding(State.NOT_ASSESSED, NOT_ASSESSED), traceback.format_exc(limit=-3)


@transaction.atomic
def record_review(*, school: School, by: Person, reviewed_on: date, next_on: date, outcome: str) -> PolicyReview:
    """P08: a review that was held. A next date that contradicts the promise is kept, and flagged by the control:
    what a school decided is evidence, even where it is wrong."""
    if reviewed_on > timezone.localdate():
        raise ValidationError({"reviewed_on": "The review lies in the future. Record it when it has been held."})
    if next_on <= reviewed_on:
        raise ValidationError({"next_on": "The next review must come after this one."})
    review = PolicyReview.objects.create(
        school=school, recorded_by=by, reviewed_on=reviewed_on, next_on=next_on, outcome=outcome
    )
    record(
        school=school,
        by=by,
        verb="record_review",
        subject=review,
        summary=f"Recorded the review of the policy held on {reviewed_on}",
        after={"reviewed_on": str(reviewed_on), "next_on": str(next_on), "outcome": outcome},
    )
    return review
