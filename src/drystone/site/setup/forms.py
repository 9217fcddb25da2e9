"""The questions of the wizard that no other page asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from drystone.registers.school.addresses import THIS_MACHINE, first_overlap, parse_range, parse_ranges
from drystone.registers.school.forms.people import NameFields
from drystone.registers.school.forms.places import ZoneFields
from drystone.registers.school.models import AgeBand, User
from drystone.site.views.account import PasswordTwice

MANY_ZONES = 40


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Set-up code",
        help_text="8 letters and numbers. Drystone printed them where it was started, like ABCD-2345",
        error_messages={"required": "Enter the set-up code"},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )


class NamedForm(NameFields):
    """Somebody who will have an account."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="They will sign in with it.",
        error_messages={"required": "Enter an e-mail address", "invalid": "Enter an address like name@school.example"},
    )


class MaybeNamedForm(NamedForm):
    """A role that somebody named before may hold as well; names are needed only for somebody else."""

    who = forms.ChoiceField(
        label="Who is it?", widget=forms.RadioSelect, error_messages={"required": "Choose who it is"}
    )
    field_order = ["who", "given_names", "family_name", "email"]
    choices: tuple[tuple[str, str], ...] = ()

    def __init__(self, *args: Any, names: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(key, text.format(names[key]) if key in names else text) for key, text in self.choices]
        self.fields["who"].choices = known  # type: ignore[attr-defined]
        self.required = {name: self.fields[name] for name in ("given_names", "family_name", "email")}
        for field in self.required.values():
            field.required = False

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("who") == "other":
            for name, field in self.required.items():
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, field.error_messages["required"])
        else:
            for name in self.required:
                self.errors.pop(name, None)
                given[name] = ""
        return given


class CoordinatorForm(MaybeNamedForm):
    choices = (("head", "{}, the head teacher"), ("other", "Somebody else"))


class SafeguardingForm(MaybeNamedForm):
    choices = (
        ("head", "{}, the head teacher"),
        ("coordinator", "{}, the e-safety co-ordinator"),
        ("other", "Somebody else"),
        ("later", "I will say later"),
    )

    def __init__(self, *args: Any, names: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, names=names, **kwargs)
        if "coordinator" not in names:  # the head is both
            choices = [c for c in self.fields["who"].choices if c[0] != "coordinator"]  # type: ignore[attr-defined]
            self.fields["who"].choices = choices  # type: ignore[attr-defined]


class YouForm(NamedForm, PasswordTwice):
    field_order = ["given_names", "family_name", "email", "password", "password_again"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = "You will sign in with it."
        self.fields["email"].widget.attrs["autocomplete"] = "username"

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("password"):
            try:
                validate_password(given["password"], User(email=given.get("email", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


class ZoneRow(ZoneFields):
    group = forms.ChoiceField(label="Who is there", choices=AgeBand.choices)
    field_order = ["name", "group", "addresses"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addresses"].help_text = ""  # said once, above the rows
        if isinstance(kept := self.initial.get("addresses"), str):
            self.initial["addresses"] = ", ".join(kept.split())


class BaseZoneRows(forms.BaseFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """No two zones share a name or an address."""

    def clean(self) -> None:
        if any(self.errors):
            return
        zones = [(form.cleaned_data["name"], parse_ranges(form.cleaned_data["addresses"])) for form in self.forms]
        names: list[str] = []
        for form, (name, _) in zip(self.forms, zones, strict=True):
            if name.lower() in names:
                form.add_error("name", f"There are two zones called “{name}”")
            names.append(name.lower())
        here = [("This machine", tuple(map(parse_range, THIS_MACHINE)))] if self.data.get("this_machine") else []
        if overlap := first_overlap([*here, *zones]):
            culprit = next(form for form, (name, _) in zip(self.forms, zones, strict=True) if name == overlap.one)
            culprit.add_error("addresses", f"{overlap}: an address belongs to one zone only")


ZoneRows = forms.formset_factory(
    ZoneRow, formset=BaseZoneRows, extra=0, min_num=1, validate_min=True, max_num=MANY_ZONES, validate_max=True
)

USUAL_ZONES = [
    {"name": "ICT suite", "group": AgeBand.KS2, "addresses": "10.1.0.0/16"},
    {"name": "Infant classrooms", "group": AgeBand.KS1, "addresses": "10.3.0.0/16"},
    {"name": "Office and staff room", "group": AgeBand.STAFF, "addresses": "10.2.0.0/16"},
    {"name": "Guest Wi-Fi", "group": AgeBand.GUESTS, "addresses": "10.4.0.0/16"},
]
