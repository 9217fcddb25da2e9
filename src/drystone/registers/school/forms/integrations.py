"""What is told of another system when it gets a token."""

from __future__ import annotations

from django import forms

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import Scope


class IntegrationForm(forms.Form):
    name = forms.CharField(
        label="Which system",
        help_text="As people call it: “Library catalogue”, “Wi-Fi controller”.",
        max_length=80,
        error_messages={"required": "Enter a name for the system"},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        help_text="Choose the least that it needs.",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what it may do"},
    )
    calls_from = forms.CharField(
        label="Which addresses it calls from (optional)",
        help_text="Like 10.0.0.5. A token that is found then works nowhere else.",
        max_length=300,
        required=False,
    )
    expires_on = DateBoxField(
        label="Last day of its token (optional)",
        what="The last day",
        required=False,
        help_text="Leave empty if it goes on until somebody withdraws it.",
    )
