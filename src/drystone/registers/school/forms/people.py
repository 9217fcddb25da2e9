"""People and the roles they hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from drystone.engine.roll.upn import upn_fault
from drystone.engine.roll.years import NAMES
from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.models import STAFF, Role, School


class NameFields(forms.Form):
    given_names = forms.CharField(
        label="Given names", max_length=100, error_messages={"required": "Enter the given names"}
    )
    family_name = forms.CharField(
        label="Family name", max_length=100, error_messages={"required": "Enter the family name"}
    )


class KnownAsField(forms.Form):
    preferred_name = forms.CharField(label="Known as (optional)", max_length=100, required=False)


class ContactFields(forms.Form):
    email = forms.EmailField(
        label="E-mail address (optional)",
        help_text="Adults sign in with it.",
        required=False,
        error_messages={"invalid": "Enter an address like name@school.example"},
    )
    telephone = forms.CharField(label="Telephone (optional)", max_length=40, required=False)


class PersonForm(EditedForm, ContactFields, KnownAsField, NameFields):
    """An adult."""

    sign_on = forms.CharField(
        label="Network sign-on name (optional)",
        help_text="The name with which they sign on to the school’s computers, so that the filter knows them.",
        max_length=100,
        required=False,
    )
    field_order = ["given_names", "family_name", "preferred_name", "email", "telephone", "sign_on"]

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school = school


class PupilForm(EditedForm, KnownAsField, NameFields):
    date_of_birth = DateBoxField(label="Date of birth (optional)", what="The date of birth", required=False)
    school_class: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Class", queryset=None, required=False, empty_label="Not in a class"
    )
    year_group = forms.TypedChoiceField(
        label="Year",
        choices=[("", "The year of the class"), *NAMES.items()],
        coerce=int,
        required=False,
        empty_value=None,
    )
    upn = forms.CharField(
        label="Unique pupil number (optional)",
        help_text="A letter, then 12 digits, as the school’s database has it.",
        required=False,
    )
    sign_on = PersonForm.base_fields["sign_on"]
    never_publish = forms.BooleanField(
        label="Never publish",
        help_text="Nothing that shows or names this child is ever published, whatever anybody has agreed to.",
        required=False,
    )
    joined_on = DateBoxField(label="First day at the school", what="The first day")

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_class"].queryset = school.classes.all()  # type: ignore[attr-defined]
        self.fields["joined_on"].required = not self.initial.get("given_names")  # known of old pupils only by chance

    def clean_upn(self) -> str:
        upn = "".join(str(self.cleaned_data["upn"]).split()).upper()
        if upn and (fault := upn_fault(upn)):
            raise ValidationError(f"{fault[0]}. Look it up in the school’s database")
        return upn


class LeaveForm(forms.Form):
    on = DateBoxField(
        label="Last day at the school", what="The last day", help_text="It may lie ahead. Until then nothing changes."
    )


class ReturnForm(forms.Form):
    on = DateBoxField(label="First day back", what="The first day")
    school_class: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Class (pupils)", queryset=None, required=False, empty_label="Not in a class"
    )

    def __init__(self, *args: Any, school: School, is_pupil: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_class"].queryset = school.classes.all()  # type: ignore[attr-defined]
        if not is_pupil:
            del self.fields["school_class"]


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, role.label) for role in Role if role not in (Role.COORDINATOR, Role.PUPIL, Role.PARENT)],
        help_text="The e-safety co-ordinator is changed on a page of its own. Parents are named on a pupil’s page.",
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
        staff = school.people.filter(holdings__role__in=STAFF)
        outside = school.people.filter(holdings__role__in=[Role.PUPIL, Role.PARENT]).exclude(pk__in=staff.values("pk"))
        staff = school.people.exclude(pk__in=outside.values("pk")).filter(school_class=None, left_on=None)
        self.fields["person"].queryset = staff  # type: ignore[attr-defined]
