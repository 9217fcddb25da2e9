"""A school that the council or trust adds, and its head teacher."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator

from drystone.registers.school.forms.schools import NewSchoolForm


class AddSchoolForm(forms.Form):
    name = forms.CharField(
        label="Name of the school", max_length=200, error_messages={"required": "Enter the name of the school"}
    )
    short_name = forms.CharField(
        label="Short name",
        help_text="One or two words, like Fellside. It names the school in logs and files, for good.",
        max_length=30,
        error_messages={"required": "Enter a short name"},
    )
    dfe_number = forms.CharField(
        label="DfE number (optional)",
        help_text="Seven digits: the authority’s three, then the school’s four.",
        required=False,
        validators=[RegexValidator(r"^[0-9]{7}$", "Enter seven digits, like 9091234")],
    )
    given_names = forms.CharField(
        label="Given names of the head teacher",
        max_length=100,
        error_messages={"required": "Enter the given names of the head teacher"},
    )
    family_name = forms.CharField(
        label="Family name of the head teacher",
        max_length=100,
        error_messages={"required": "Enter the family name of the head teacher"},
    )
    email = forms.EmailField(
        label="E-mail address of the head teacher",
        help_text="They sign in with it.",
        error_messages={
            "required": "Enter the e-mail address of the head teacher",
            "invalid": "Enter an address like head@fellside.example",
        },
    )
    clean_short_name = NewSchoolForm.clean_short_name
