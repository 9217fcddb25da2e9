"""Parents and carers, whose class it is, and what is to be borne in mind."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.forms.people import ContactFields, NameFields
from drystone.registers.school.models import School
from drystone.registers.school.services.teaching import TEACHING


class RelationFields(EditedForm):
    relationship = forms.CharField(
        label="What they are to the child (optional)",
        help_text="Mother, father, carer, grandmother …",
        max_length=40,
        required=False,
    )
    parental_responsibility = forms.BooleanField(
        label="Has parental responsibility", help_text="In law: may decide for the child.", required=False
    )
    order = forms.IntegerField(
        label="Called as number",
        help_text="1 is called first.",
        min_value=1,
        max_value=20,
        error_messages={"required": "Enter a number, like 1", "invalid": "Enter a number, like 1"},
    )
    barred = forms.BooleanField(
        label="Must be told nothing of this child",
        help_text="By order of a court. They see nothing of the child here from the moment you save, whatever their "
        "role, and the child’s teachers read it.",
        required=False,
    )


class NewGuardianForm(RelationFields, ContactFields, NameFields):
    field_order = ["given_names", "family_name", "email", "telephone", "relationship"]

    def person(self) -> dict[str, Any]:
        """What `add_person` takes."""
        return {name: self.cleaned_data[name] for name in ("given_names", "family_name", "email", "telephone")}

    def relation(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in RelationFields.base_fields if name in self.cleaned_data}


class ClassStaffForm(forms.Form):
    person: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Who teaches or helps in this class",
        queryset=None,
        empty_label="Choose a person",
        error_messages={"required": "Choose a person"},
    )
    starts = DateBoxField(label="From", what="The first day")

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = school.people.filter(holdings__role__in=TEACHING, left_on=None)
        self.fields["person"].queryset = held.distinct()  # type: ignore[attr-defined]


class EndClassStaffForm(forms.Form):
    ends = DateBoxField(label="Last day with this class", what="The last day")


class SensitivityForm(forms.Form):
    text = forms.CharField(
        label="What must be borne in mind",
        help_text="As short as will do. Only the safeguarding lead and their deputies read it, never about their own "
        "child. It cannot be changed afterwards, only ended.",
        max_length=2000,
        widget=forms.Textarea,
        error_messages={"required": "Write what must be borne in mind"},
    )
