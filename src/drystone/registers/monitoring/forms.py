"""What is looked for in the traffic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from drystone.engine.filtering.request import Action
from drystone.registers.school.models import Group, School, Zone

_WHEN = {"invalid": "Write the date and time like 23/11/2026 14:30."}
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%d/%m/%Y"]
ACTIONS = {Action.BLOCK: "Blocked", Action.ALLOW: "Allowed", Action.SAFE_SEARCH: "Made safe"}


class When(forms.DateTimeInput):
    """The browser's own picker where it has one, a box to type in where it has not."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str:
        return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value or "")


class TrafficForm(forms.Form):
    q = forms.CharField(label="Site, page or search", required=False, max_length=200)
    person = forms.CharField(label="Person", required=False, max_length=100)
    zone = forms.ChoiceField(label="Zone", required=False)
    group = forms.ChoiceField(label="Group", required=False)
    category = forms.ChoiceField(label="Category", required=False)
    action = forms.ChoiceField(label="Decision", required=False, choices=[("", "Any"), *ACTIONS.items()])
    since = forms.DateTimeField(label="From", required=False, input_formats=_FORMATS, widget=When, error_messages=_WHEN)
    until = forms.DateTimeField(label="To", required=False, input_formats=_FORMATS, widget=When, error_messages=_WHEN)

    def __init__(self, *args: Any, school: School, titles: dict[str, str], named: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zones = dict(Zone.objects.filter(school=school).values_list("slug", "name"))
        self.groups = dict(Group.objects.filter(school=school).values_list("slug", "name"))
        self._choices("zone", self.zones)
        self._choices("group", self.groups)
        self._choices("category", dict(sorted(titles.items(), key=lambda pair: pair[1].lower())))
        if not named:
            del self.fields["person"]
        else:
            self.fields["person"].help_text = "Name or sign-on name. The search is put on record."

    def _choices(self, name: str, titles: dict[str, str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", "Any"), *titles.items()]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and until <= since:
            self.add_error("until", "The end must be after the beginning.")
        return values
