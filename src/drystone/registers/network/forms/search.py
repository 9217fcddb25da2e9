"""Searching among rules."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.school.models import Group, School, Zone

SORTS = [
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("target", "Site or category"),
    ("level", "Who it is for"),
    ("until", "Last day"),
    ("author", "Author"),
]
STATES = [
    ("", "In use"),
    ("soon", "Ends within two weeks"),
    ("over", "Its last day is past"),
    ("withdrawn", "Withdrawn"),
    ("all", "In use and withdrawn"),
]


class RuleSearch(forms.Form):
    """Filters of the list of rules. A value that is not there is left out, and said."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    level = forms.ChoiceField(label="Level", required=False, choices=[("", "Any"), *RuleLevel.choices])
    effect = forms.ChoiceField(label="Effect", required=False, choices=[("", "Any"), *Rule.Action.choices])
    kind = forms.ChoiceField(label="About", required=False, choices=[("", "Any"), *Rule.Kind.choices])
    group = forms.ModelChoiceField(Group.objects.none(), label="Group", required=False, empty_label="Any")
    zone = forms.ModelChoiceField(Zone.objects.none(), label="Zone", required=False, empty_label="Any")
    schedule = forms.ModelChoiceField(Schedule.objects.none(), label="Schedule", required=False, empty_label="Any")
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    sort = forms.ChoiceField(label="Order", required=False, choices=SORTS)
    batch = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("group", Group), ("zone", Zone), ("schedule", Schedule)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
            field.queryset = model.objects.filter(school=school)
