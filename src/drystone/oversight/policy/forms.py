"""Forms of the policy register."""

from typing import Any

from django import forms
from django.utils import timezone

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.moments import add_months


class ReviewForm(forms.Form):
    """P08: a review that was held, and when the next will be."""

    reviewed_on = DateBoxField(label="When was the policy reviewed?", what="The day of the review")
    next_on = DateBoxField(label="When is the next review?", what="The day of the next review")
    outcome = forms.CharField(
        label="What came of it?",
        help_text="Who took part, what was decided, where the minutes are.",
        widget=forms.Textarea,
        max_length=5000,
        error_messages={"required": "Say what came of the review"},
    )

    def __init__(self, data: Any = None) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"reviewed_on": today, "next_on": add_months(today, 12)})
