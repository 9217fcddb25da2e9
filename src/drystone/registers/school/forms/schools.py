"""The school's name, contacts and own web sites."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms

from drystone.engine.filtering.hosts import HostError, canonical_host
from drystone.registers.school.forms import EditedForm

TELEPHONE = {"autocomplete": "tel", "inputmode": "tel"}


class SchoolFields(forms.Form):
    name = forms.CharField(
        label="Name of the school", max_length=200, error_messages={"required": "Enter the name of the school"}
    )
    authority = forms.CharField(label="Council or trust (optional)", max_length=200, required=False)
    own_sites = forms.CharField(
        label="The school’s own web sites (optional)",
        help_text="One a line, like www.fellside.example. The filter never blocks them.",
        widget=forms.Textarea,
        required=False,
    )
    address = forms.CharField(label="Postal address (optional)", widget=forms.Textarea, required=False)
    telephone = forms.CharField(
        label="Telephone (optional)", max_length=40, required=False, widget=forms.TextInput(attrs=TELEPHONE)
    )
    email = forms.EmailField(
        label="E-mail address of the school (optional)",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": "Enter an address like office@fellside.example"},
    )

    def clean_own_sites(self) -> str:
        """Whole addresses are taken too; what is kept is the host."""
        hosts: list[str] = []
        for word in self.cleaned_data["own_sites"].replace(",", " ").split():
            try:
                host = canonical_host(urlsplit(word).netloc if "://" in word else word.split("/")[0])
            except (HostError, ValueError):
                host = ""
            if "." not in host:
                raise forms.ValidationError(f"“{word}” is not a web site. Write it like www.fellside.example")
            if host not in hosts:
                hosts.append(host)
        return "\n".join(hosts)


class SchoolForm(EditedForm, SchoolFields):
    idle_minutes = forms.IntegerField(
        label="Minutes until a screen left alone locks",
        help_text="From 1 to 120. Whoever comes back enters the password; nothing that was sent is lost.",
        min_value=1,
        max_value=120,
        error_messages={
            "required": "Enter a number of minutes, like 15",
            "invalid": "Enter a number of minutes, like 15",
            "min_value": "A screen stays open for at least a minute",
            "max_value": "A screen must lock within two hours",
        },
    )
    field_order = ["name", "authority", "own_sites", "address", "telephone", "email", "idle_minutes"]


class NewSchoolForm(SchoolFields):
    short_name = forms.CharField(
        label="Short name",
        help_text="One or two words, like Fellside. It names the school in logs and files, for good.",
        max_length=30,
        error_messages={"required": "Enter a short name"},
    )
    field_order = ["name", "short_name", "authority", "own_sites", "address", "telephone", "email"]

    def clean_short_name(self) -> str:
        given: Any = self.cleaned_data["short_name"]
        if not any(c.isascii() and c.isalnum() for c in given):
            raise forms.ValidationError("The short name needs letters from A to Z")
        return str(given)
