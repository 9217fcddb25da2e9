"""Controls that the policy register answers itself."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.urls import reverse

from drystone.oversight.policy.models import PolicyReview
from drystone.registers.school.controls import Control, Evidence, Finding, State, register
from drystone.registers.school.models import School
from drystone.registers.school.moments import add_months

NOTICE_DAYS = 42  # half a term: time to put the review on the governors' agenda


@register
class ReviewedYearly(Control):
    """P08: the policy is reviewed every year. A next date later than the promise allows contradicts it,
    as the policy this product grew from does (dated 2019, next review 2022)."""

    key = "policy.reviewed_yearly"
    parameters: ClassVar = {"months": "Months between reviews, at most"}

    def assess(self, school: School, on: date, **params: object) -> Finding:
        months = int(str(params.get("months", 12)))
        last = PolicyReview.objects.filter(school=school, reviewed_on__lte=on).first()
        if last is None:
            return Finding(State.NOT_RECORDED, "No review of the policy is on record.", want=1)
        latest = add_months(last.reviewed_on, months)
        evidence = (Evidence(f"Review of {spoken(last.reviewed_on)}", reverse("policy:reviews")),)
        due = min(last.next_on, latest)
        if on > due:
            sentence = (
                f"The review was due on {spoken(due)} and has not been recorded. "
                f"The last was on {spoken(last.reviewed_on)}."
            )
            return Finding(State.BREACHED, sentence, 0, 1, due, evidence)
        if last.next_on > latest:
            sentence = (
                f"The next review is set for {spoken(last.next_on)}, more than {months} months after the last, on "
                f"{spoken(last.reviewed_on)}. That contradicts the promise: "
                f"bring it forward to {spoken(latest)} at the latest."
            )
            return Finding(State.BREACHED, sentence, 0, 1, latest, evidence)
        sentence = f"The policy was reviewed on {spoken(last.reviewed_on)}; the next review is due by {spoken(due)}."
        state = State.DUE if (due - on).days <= NOTICE_DAYS else State.MET
        return Finding(state, sentence, 1, 1, due, evidence)


def spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
