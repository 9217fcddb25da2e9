"""What a parent types to be sent a link."""

from __future__ import annotations

from django import forms


class LinkForm(forms.Form):
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="The one that the school has on record.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Enter your e-mail address", "invalid": "Enter an address like name@example.com"},
    )
