"""What a group may reach."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Profile


class ProfileForm(forms.Form):
    default = forms.ChoiceField(
        label="What is open when no rule speaks?",
        choices=Profile.Default.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is open when no rule speaks."},
    )
    safe_search = forms.BooleanField(
        label="Safe search is on, and locked",
        required=False,
        help_text="Google, Bing, DuckDuckGo, Ecosia and Pixabay are answered with their safe search.",
    )
    youtube = forms.ChoiceField(
        label="YouTube",
        choices=Profile.YouTube.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a mode for YouTube."},
    )
    blocked = forms.MultipleChoiceField(required=False)
    reason = forms.CharField(
        label="Why?",
        widget=forms.Textarea,
        max_length=500,
        error_messages={
            "required": "Say why. Whoever reads this next year will want to know.",
            "max_length": "The reason must be 500 characters or fewer.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["blocked"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = catalog().choices()
