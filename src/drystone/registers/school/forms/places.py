"""Zones, groups and classes."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.school.addresses import RangeError, parse_ranges
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.models import AgeBand, School

YEAR_GROUPS = [("0", "Reception"), *[(str(n), f"Year {n}") for n in range(1, 7)]]


class ZoneFields(forms.Form):
    name = forms.CharField(
        label="Name of the zone", max_length=80, error_messages={"required": "Enter a name for the zone"}
    )
    addresses = forms.CharField(
        label="Addresses",
        help_text="Like 10.1.0.0/16. Several: one a line, or with commas between.",
        error_messages={"required": "Enter the zone’s addresses, like 10.1.0.0/16"},
    )

    def clean_addresses(self) -> str:
        try:
            return "\n".join(str(network) for network in parse_ranges(self.cleaned_data["addresses"]))
        except RangeError as error:
            raise forms.ValidationError(str(error)) from None


class ZoneForm(EditedForm, ZoneFields):
    group: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Who is there",
        help_text="Whose rules count where nobody has signed on.",
        queryset=None,
        empty_label=None,
        error_messages={"required": "Choose who is there"},
    )
    require_person = forms.BooleanField(
        label="Nobody reaches the Internet from here without signing on", required=False
    )
    field_order = ["name", "addresses", "group", "require_person"]

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = school.groups.all()  # type: ignore[attr-defined]
        self.fields["addresses"].widget = forms.Textarea()


class GroupForm(EditedForm):
    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Enter a name for the group"})
    age_band = forms.ChoiceField(
        label="Age band",
        choices=AgeBand.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an age band"},
    )


class ClassForm(EditedForm):
    name = forms.CharField(label="Name", max_length=40, error_messages={"required": "Enter a name for the class"})
    year_group = forms.TypedChoiceField(label="Year group", choices=YEAR_GROUPS, coerce=int)
    group: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Filtered as",
        queryset=None,
        empty_label=None,
        error_messages={"required": "Choose a group"},
    )

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bands = [band for band in AgeBand if band.is_pupils]
        self.fields["group"].queryset = school.groups.filter(age_band__in=bands)  # type: ignore[attr-defined]
