"""Forms of the lists' pages."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.formats import FORMATS
from drystone.engine.filtering.sources import Source

OWN, NONE = "own", "none"
MOST_UPLOADED = 300 << 20


class AddListForm(forms.Form):
    name = forms.CharField(
        label="Short name",
        max_length=40,
        help_text="Small letters, digits, - and _, like council. Those of the IWF and the CTIRU are iwf and ctiru.",
        error_messages={"required": "Give the lists a short name, like council."},
    )
    origin = forms.CharField(
        label="Address to fetch them from",
        required=False,
        max_length=2000,
        help_text="It begins with https://. Leave it empty to send a file.",
    )
    upload = forms.FileField(
        label="Or a file from this computer",
        required=False,
        help_text="An archive in SquidGuard’s layout, or one list, compressed or not. It cannot be updated by night.",
    )
    form = forms.ChoiceField(label="Layout", required=False, choices=[("", "Find out"), *FORMATS.items()])
    licence = forms.CharField(
        label="Licence (optional)", required=False, max_length=200, help_text="Under which its maker gives it."
    )
    mandatory = forms.MultipleChoiceField(
        label="Mandatory",
        required=False,
        choices=[("yes", "Nobody may ever open what is in these lists, or take them away again")],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not values.get("origin") and not values.get("upload"):
            self.add_error("origin", "Write an address, or choose a file.")
        if (sent := values.get("upload")) and sent.size > MOST_UPLOADED:
            self.add_error("upload", "The file is larger than 300 MB. Give its address instead.")
        return values


def category_choices() -> list[tuple[str, str]]:
    known = sorted((entry.title, slug) for slug, entry in load_categories().items())
    own = [(OWN, "A category of its own name"), (NONE, "No category (only rules files may name it)")]
    return own + [(slug, title) for title, slug in known]


class MappingForm(forms.Form):
    """A category for each list of a source; a mandatory list has none to choose."""

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        choices, mandatory = category_choices(), source.mandatory_folders
        for folder in sorted(source.folders):
            if folder not in mandatory:
                self.fields[f"map_{folder}"] = forms.ChoiceField(
                    label=folder, choices=choices, initial=chosen(source, folder), required=False
                )

    def mapping(self) -> dict[str, str]:
        """What differs from what the source has already."""
        found = {}
        for folder in self.source.folders:
            value = self.cleaned_data.get(f"map_{folder}")
            if value and value != chosen(self.source, folder):
                found[folder] = {NONE: "", OWN: OWN}.get(value, value)
        return found

    @property
    def rows(self) -> list[tuple[str, Any]]:
        """(folder, its field or None)."""
        return [
            (folder, self[f"map_{folder}"] if f"map_{folder}" in self.fields else None)
            for folder in sorted(self.source.folders)
        ]


class SettingsForm(MappingForm):
    shrink = forms.IntegerField(
        label="An edition waits for a person when more than this share of a category would go, in per cent",
        min_value=0,
        max_value=100,
        error_messages={"required": "Write a number from 0 to 100."},
    )
    grow = forms.IntegerField(
        label="Or when more than this would come, in per cent",
        min_value=0,
        max_value=100_000,
        error_messages={"required": "Write a number."},
    )
    licence = forms.CharField(label="Licence", required=False, max_length=200)


class DifferenceSearch(forms.Form):
    q = forms.CharField(label="Contains", required=False, max_length=200)
    kind = forms.ChoiceField(
        label="What",
        required=False,
        choices=[("", "What came and what went"), ("came", "What came"), ("went", "What went")],
    )
    folder = forms.ChoiceField(label="List", required=False)

    def __init__(self, *args: Any, folders: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder"].choices = [("", "All lists"), *((name, name) for name in folders)]  # type: ignore[attr-defined]


def chosen(source: Source, folder: str) -> str:
    """What stands in the select: the category, or one of OWN and NONE."""
    category = source.category(folder)
    if category is not None:
        return category.slug
    return OWN if folder in source.unmapped else NONE
