"""How far back the draft is tried, and what is looked for in what came of it."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models.tryouts import Turn
from drystone.registers.network.services.tryouts import MOST_DAYS

OTHER = "other"


class TryOutForm(forms.Form):
    reach = forms.ChoiceField(
        label="How far back?",
        choices=[("7", "The last 7 days"), ("30", "The last 30 days"), (OTHER, "Another number of days")],
        initial="7",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how far back to look."},
    )
    days = forms.IntegerField(
        label="Number of days",
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=f"From 1 to {MOST_DAYS}",
        error_messages={
            "invalid": "Write a number of days, like 14.",
            "min_value": f"Choose from 1 to {MOST_DAYS} days.",
            "max_value": f"Choose from 1 to {MOST_DAYS} days.",
        },
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("reach") == OTHER and "days" in values and not values["days"]:
            self.add_error("days", "Write how many days.")
        return values

    @property
    def asked_days(self) -> int:
        reach = self.cleaned_data["reach"]
        return int(self.cleaned_data["days"] if reach == OTHER else reach)


class TryOutSearch(forms.Form):
    q = forms.CharField(label="Site", required=False, max_length=100)
    turn = forms.ChoiceField(label="What becomes of it", required=False, choices=[("", "Anything"), *Turn.choices])
    group = forms.ChoiceField(label="Group", required=False)

    def __init__(self, *args: Any, groups: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", "Any"), *groups.items()]
