"""What people type about notices, checked and turned into values."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.documents.audiences import AUDIENCES, TO_CHOOSE, names_of, roles_of
from drystone.registers.documents.built_in import Text
from drystone.registers.documents.models import Version
from drystone.registers.documents.services.notices import MOST_DAYS
from drystone.registers.school.dates import DateBoxField

ANEW = (
    ("anew", "Everybody reads it again: what it says has changed"),
    ("minor", "Only the wording is put right: those who have read it have read it"),
)


class NoticeForm(forms.Form):
    title = forms.CharField(label="Title", max_length=200, error_messages={"required": "Give the notice a title"})
    body = forms.CharField(
        label="What it says",
        help_text="An empty line begins a new paragraph. A line that begins with “- ” is a point of a list.",
        widget=forms.Textarea,
        max_length=20_000,
        error_messages={"required": "Write what the notice says"},
    )
    why = forms.CharField(
        label="Why people are asked to read it",
        max_length=300,
        error_messages={"required": "Say in a sentence why people are asked"},
    )
    audience = forms.MultipleChoiceField(
        label="Who is to read it",
        choices=[(name, AUDIENCES[name].label) for name in TO_CHOOSE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose who is to read it"},
    )
    days = forms.IntegerField(
        label="Days to read it",
        help_text="Counted from today; for somebody who comes later, from their first day.",
        min_value=1,
        max_value=MOST_DAYS,
        error_messages={
            "required": "Say how many days people have",
            "invalid": "Enter a number, like 14",
            "min_value": "Give people at least a day",
            "max_value": f"Give people {MOST_DAYS} days at most",
        },
    )

    def text(self) -> Text:
        given: dict[str, Any] = self.cleaned_data
        return Text(
            title=given["title"].strip(),
            body=given["body"].replace("\r\n", "\n").strip(),
            why=given["why"].strip(),
            audience=tuple(roles_of(given["audience"])),
            days=given["days"],
        )


class ChangeForm(NoticeForm):
    anew = forms.ChoiceField(
        label="Who has to read it again",
        choices=ANEW,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether people read it again"},
    )


class PaperForm(forms.Form):
    people = forms.MultipleChoiceField(
        label="Who signed",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose whose signature is on the paper",
            "invalid_choice": "Somebody you chose has read it meanwhile, or is not asked any more. Open the page again",
        },
    )
    read_on = DateBoxField(label="The day on the paper", what="The day on the paper")
    note = forms.CharField(
        label="Where the paper is kept",
        max_length=200,
        error_messages={"required": "Say where the signed paper is kept"},
    )

    def __init__(self, *args: Any, open_to: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = open_to  # type: ignore[attr-defined]


class StrikeForm(forms.Form):
    reason = forms.CharField(
        label="What was wrong", max_length=200, error_messages={"required": "Say what was wrong with the entry"}
    )


class SignForm(forms.Form):
    role = forms.ChoiceField(
        label="You sign as", widget=forms.RadioSelect, error_messages={"required": "Say as what you sign"}
    )
    read = forms.BooleanField(
        label="I have read the text above and what stands beside it",
        error_messages={"required": "Tick the box to say that you have read it"},
    )
    shown = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
        if len(roles) == 1:
            self.fields["role"].widget = forms.HiddenInput()
            self.fields["role"].initial = roles[0][0]


def filled(version: Version) -> dict[str, object]:
    """A form's start: a notice as it stands."""
    return {
        "title": version.title,
        "body": version.body,
        "why": version.why,
        "audience": names_of(version.audience),
        "days": version.days,
    }
