"""Terms, half terms and days closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.terms import TermPlan, YearPlan, faults_of

PARTS = (
    ("starts", "first day", True),
    ("ends", "last day", True),
    ("half_term_starts", "half term, first day", False),
    ("half_term_ends", "half term, last day", False),
)


class TermsForm(EditedForm):
    """The terms of one year. `plan` gives their names and what stands in the boxes at first."""

    def __init__(self, *args: Any, plan: YearPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        for number, term in enumerate(plan.terms):
            for part, words, required in PARTS:
                self.fields[f"term{number}_{part}"] = DateBoxField(
                    label=words.capitalize(),
                    what=f"{term.name} term, {words}",
                    required=required,
                    initial=getattr(term, part),
                )

    def rows(self) -> list[tuple[str, list[Any]]]:
        """Name of the term and its four fields."""
        return [
            (term.name, [self[f"term{number}_{part}"] for part, _, _ in PARTS])
            for number, term in enumerate(self.plan.terms)
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.errors:
            for number, part, sentence in faults_of(self.chosen()):
                self.add_error(f"term{number}_{part}", sentence)
        return given

    def chosen(self) -> YearPlan:
        given = self.cleaned_data
        terms = tuple(
            TermPlan(term.name, *(given[f"term{number}_{part}"] for part, _, _ in PARTS))
            for number, term in enumerate(self.plan.terms)
        )
        return YearPlan(self.plan.name, self.plan.starts, self.plan.ends, terms, self.plan.closures)


class ClosureForm(forms.Form):
    reason = forms.CharField(
        label="Why the school is closed",
        help_text="Like staff training day, or snow",
        max_length=100,
        error_messages={"required": "Enter why the school is closed"},
    )
    starts = DateBoxField(label="First day", what="The first day")
    ends = DateBoxField(label="Last day", what="The last day", required=False, help_text="Leave empty for a single day")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first: date | None = given.get("starts")
        given["ends"] = given.get("ends") or first
        return given
