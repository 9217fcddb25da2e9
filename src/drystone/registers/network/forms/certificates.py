"""Where blocked HTTPS sites show the block page."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models import SecurePages
from drystone.registers.school.models import School, Zone


class SecurePagesForm(forms.Form):
    where = forms.ChoiceField(
        label="Where do all devices trust the school’s certificate?",
        help_text="There, a blocked HTTPS site shows the block page. Elsewhere the connection is refused, and the "
        "browser says that it cannot reach the site.",
        choices=SecurePages.Where.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where the block page is shown on HTTPS."},
    )
    zones = forms.ModelMultipleChoiceField(
        label="Places",
        queryset=Zone.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose places from the list."},
    )

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zones"].queryset = Zone.objects.filter(school=school)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("where") == SecurePages.Where.ZONES and not given.get("zones") and "zones" not in self.errors:
            self.add_error("zones", "Choose at least one place.")
        return given
