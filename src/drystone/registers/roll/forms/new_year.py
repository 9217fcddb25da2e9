"""When the new school year begins, and where each class goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from drystone.engine.roll.years import year_name
from drystone.registers.roll.rollover import LEAVE, NO_CLASS, Cohort
from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import SchoolClass


class NewYearForm(forms.Form):
    on = DateBoxField(
        label="On which day do classes move up?",
        what="The day on which classes move up",
        help_text="The first day of the school year, like 1 9 2027. It happens in the night before. Choose the day on "
        "which your school’s own database moves up too, so that the next import finds everybody in the same class.",
    )
    last_day = DateBoxField(
        label="What is the last day of those who leave?",
        what="The last day",
        help_text="The last day of the summer term, like 21 7 2027.",
    )

    def __init__(
        self,
        *args: Any,
        cohorts: Sequence[Cohort],
        classes: Sequence[SchoolClass],
        usual: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cohorts = cohorts
        for cohort in cohorts:
            self.fields[_name(cohort)] = forms.ChoiceField(
                label=cohort.title,
                choices=_choices(cohort, classes),
                initial=usual.get(cohort.key, ""),
                error_messages={
                    "required": f"Choose where {cohort.title} goes",
                    "invalid_choice": f"Choose where {cohort.title} goes",
                },
            )

    def rows(self) -> list[tuple[Cohort, forms.BoundField]]:
        return [(cohort, self[_name(cohort)]) for cohort in self.cohorts]

    def moves(self) -> dict[str, str]:
        return {cohort.key: self.cleaned_data[_name(cohort)] for cohort in self.cohorts}


def _name(cohort: Cohort) -> str:
    return f"to-{cohort.key}"


def _choices(cohort: Cohort, classes: Sequence[SchoolClass]) -> list[tuple[str, str]]:
    places = [
        (
            str(each.pk),
            f"{each.name}, {year_name(each.year_group)}" if each.pk != cohort.class_id else f"Stay in {each}",
        )
        for each in classes
    ]
    return [("", "Choose"), *places, (LEAVE, "They leave the school"), (NO_CLASS, "In no class yet")]
