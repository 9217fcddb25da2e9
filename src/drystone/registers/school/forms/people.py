"""People and the roles they hold."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.models import Person, Role, School


class NameFields(forms.Form):
    given_names = forms.CharField(
        label="Given names", max_length=100, error_messages={"required": "Enter the given names"}
    )
    family_name = forms.CharField(
        label="Family name", max_length=100, error_messages={"required": "Enter the family name"}
    )


class PersonForm(EditedForm, NameFields):
    preferred_name = forms.CharField(label="Known as (optional)", max_length=100, required=False)
    email = forms.EmailField(
        label="E-mail address (optional)",
        help_text="Adults sign in with it.",
        required=False,
        error_messages={"invalid": "Enter an address like name@school.example"},
    )
    sign_on = forms.CharField(
        label="Network sign-on name (optional)",
        help_text="The name with which they sign on to the school’s computers, so that the filter knows them.",
        max_length=100,
        required=False,
    )
    school_class: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Class (pupils)", queryset=None, required=False, empty_label="Not in a class"
    )
    field_order = ["given_names", "family_name", "preferred_name", "email", "sign_on", "school_class"]

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_class"].queryset = school.classes.all()  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, role.label) for role in Role if role != Role.COORDINATOR],
        help_text="The e-safety co-ordinator is changed on a page of its own.",
    )
    starts = DateBoxField(label="First day", what="The first day")
    ends = DateBoxField(
        label="Last day (optional)", what="The last day", required=False, help_text="Leave empty if it is not known yet"
    )


class EndRoleForm(forms.Form):
    ends = DateBoxField(label="Last day of the role", what="The last day")


class CoordinatorForm(forms.Form):
    person: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="The new e-safety co-ordinator",
        queryset=None,
        empty_label="Choose a person",
        error_messages={"required": "Choose a person"},
    )
    starts = DateBoxField(label="From", what="The first day")

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outside = Person.objects.filter(holdings__role__in=[Role.PUPIL, Role.PARENT])
        staff = school.people.exclude(pk__in=outside.values("pk")).filter(school_class=None)
        self.fields["person"].queryset = staff  # type: ignore[attr-defined]
