"""What is asked of “Why?”."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q

from drystone.registers.network.editions import DRAFT, IN_FORCE
from drystone.registers.school.models import Group, Person, School, Zone
from drystone.registers.school.reach import kept_from

_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"]
_WRONG_TIME = {"invalid": "Write the date and time like 23/11/2026 14:30."}


class When(forms.DateTimeInput):
    """The browser's own picker where it has one, a box to type in where it has not."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str:
        return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value or "")


class WhyForm(forms.Form):
    """Only the address must be given. `named` lets people be asked for by name."""

    url = forms.CharField(
        label="Address of the site or page",
        max_length=2_000,
        error_messages={"required": "Type an address to look at."},
    )
    zone = forms.ChoiceField(label="Zone", required=False)
    group = forms.ChoiceField(label="Group", required=False)
    person = forms.CharField(label="Person", required=False, max_length=100, help_text="Name or sign-on name")
    at = forms.DateTimeField(
        label="Time",
        required=False,
        input_formats=_FORMATS,
        widget=When,
        error_messages=_WRONG_TIME,
        help_text="Empty: now",
    )
    edition = forms.ChoiceField(
        label="Which rules",
        required=False,
        choices=[(IN_FORCE, "In force now"), (DRAFT, "The draft, not yet published")],
    )

    def __init__(self, *args: Any, school: School, named: bool, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school, self.by = school, by
        zones = Zone.objects.filter(school=school).order_by("name").values_list("slug", "name")
        groups = Group.objects.filter(school=school).order_by("name").values_list("slug", "name")
        for name, choices, empty in (("zone", zones, "A zone of the group"), ("group", groups, "As the zone says")):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            field.choices = [("", empty), *choices]
        if not named:
            del self.fields["person"]

    def clean_person(self) -> Person | None:
        text = str(self.cleaned_data["person"]).strip()
        if not text:
            return None
        known = Person.objects.filter(school=self.school).exclude(pk__in=kept_from(self.by))
        found = list(known.filter(sign_on__iexact=text)) or list(known.filter(_named(text))[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "Several people are called that. Write the sign-on name." if found else "Nobody here has that name."
            )
        if not found[0].sign_on:
            raise forms.ValidationError(f"{found[0].name} has no sign-on name, so the filter does not know them.")
        return found[0]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not values.get("zone") and not values.get("group") and not values.get("person"):
            first = Zone.objects.filter(school=self.school).order_by("name").first()
            values["zone"] = first.slug if first else ""
        return values


def _named(text: str) -> Q:
    named = Q()
    for word in text.split():
        named &= Q(given_names__icontains=word) | Q(family_name__icontains=word) | Q(preferred_name__icontains=word)
    return named
