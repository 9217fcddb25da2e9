"""A file that is sent, and which of its columns is what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from drystone.engine.roll.mapping import DATES, FIELDS, About, DateOrder, Mapping
from drystone.engine.roll.table import Sample
from drystone.registers.roll.uploads import names_of
from drystone.registers.school.services.changes import Refused

SHOWN_SAMPLES = 3
LONGEST_SAMPLE = 60


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class UploadForm(forms.Form):
    upload = forms.Field(label="File", required=False, widget=SeveralFiles)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.sent:
            self.add_error("upload", "Choose the file that your school’s database exported")
            return given
        try:
            given["names"] = names_of(self.sent)
        except Refused as refused:
            self.add_error("upload", str(refused))
        return given

    @property
    def sent(self) -> Sequence[UploadedFile[Any]]:
        return self.files.getlist("upload") if hasattr(self.files, "getlist") else []


class ColumnsForm(forms.Form):
    """A list for each column of the file, filled with what was guessed or chosen the last time."""

    about = forms.ChoiceField(
        label="Who is in the file?",
        choices=[(About.PUPILS.value, "Pupils, perhaps with their parents"), (About.STAFF.value, "Staff")],
        widget=forms.RadioSelect,
    )
    complete = forms.ChoiceField(
        label="Is everybody in it?",
        choices=[
            ("yes", "Yes: who is not in the file has left the school"),
            ("no", "No, it is a part only: nobody leaves because they are not in it"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether everybody is in the file"},
    )
    dates = forms.ChoiceField(
        label="What does 3/9/2015 mean in this file?",
        choices=[(DateOrder.DAY_FIRST.value, "3 September 2015"), (DateOrder.MONTH_FIRST.value, "9 March 2015")],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label="Remember these columns as",
        help_text="So that you know them again, like “Pupils from Arbor”. The next file with these columns is read the "
        "same way, without asking.",
        max_length=60,
        error_messages={"required": "Enter a name for these columns, like “Pupils from Arbor”"},
    )

    def __init__(self, *args: Any, sample: Sample, guess: Mapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "about": guess.about.value,
            "complete": "yes" if guess.complete else "no",
            "dates": guess.dates.value,
            "name": guess.name,
        }
        self.sample = sample
        for number, heading in enumerate(sample.headings):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=heading, choices=CHOICES, required=False, initial=guess.columns.get(heading, "")
            )

    def columns(self) -> list[tuple[str, list[str], forms.BoundField]]:
        """Of each column: its heading, what the first rows say, and the field."""
        return [
            (heading, _some(self.sample, number), self[f"column-{number}"])
            for number, heading in enumerate(self.sample.headings)
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            self._one_column_each()
        if not self.errors:
            for problem in self.mapping().problems():
                self.add_error(None, problem)
        return given

    def _one_column_each(self) -> None:
        known = {item.key: item.title for item in FIELDS[About(self.cleaned_data["about"])]}
        seen: dict[str, str] = {}
        for number, heading in enumerate(self.sample.headings):
            key = self.cleaned_data[f"column-{number}"]
            if not key:
                continue
            if key not in known:
                self.add_error(f"column-{number}", f"“{heading}”: a file of {self._whom()} has nothing like that")
            elif key in seen:
                self.add_error(f"column-{number}", f"“{heading}” and “{seen[key]}” cannot both be: {known[key]}")
            seen.setdefault(key, heading)

    def _whom(self) -> str:
        return "staff" if self.cleaned_data["about"] == About.STAFF.value else "pupils"

    def mapping(self) -> Mapping:
        given = self.cleaned_data
        columns = {heading: given[f"column-{number}"] for number, heading in enumerate(self.sample.headings)}
        return Mapping(
            columns={heading: key for heading, key in columns.items() if key},
            about=About(given["about"]),
            complete=given["complete"] == "yes",
            dates=DateOrder(given["dates"]),
            sheet=self.sample.guess.sheet,
            name=given["name"],
        )

    @property
    def has_dates(self) -> bool:
        return any(self[f"column-{number}"].value() in DATES for number in range(len(self.sample.headings)))


def _choices() -> list[tuple[str, str]]:
    """Fields of pupils and staff together: which of them fit is checked when the form is sent, without a script."""
    pupils = {item.key: item.title for item in FIELDS[About.PUPILS]}
    staff = {item.key: item.title for item in FIELDS[About.STAFF]}
    both = pupils | {key: pupils.get(key, title) for key, title in staff.items()}
    return [("", "Leave it out"), *both.items()]


CHOICES = _choices()


def _some(sample: Sample, number: int) -> list[str]:
    told = [row[number].strip() for row in sample.rows if number < len(row) and row[number].strip()]
    return [text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}…" for text in told[:SHOWN_SAMPLES]]
