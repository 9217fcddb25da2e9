"""Who is invited and how; why a second step is taken away."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services.invitations import MANY


class InviteForm(forms.Form):
    """`people` are the keys of whom the page offered."""

    people = forms.MultipleChoiceField(
        choices=(),
        error_messages={
            "required": "Tick whom to invite",
            "invalid_choice": "One of them has opened the account in the meantime. Look at the list again",
        },
    )
    how = forms.ChoiceField(
        choices=Invitation.How.choices, error_messages={"required": "Say whether by e-mail or by letter"}
    )

    def __init__(self, *args: Any, offered: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = list(offered.items())  # type: ignore[attr-defined]

    def clean_people(self) -> list[int]:
        chosen = [int(key) for key in self.cleaned_data["people"]]
        if len(chosen) > MANY:
            raise forms.ValidationError(f"Invite at most {MANY} at once: the rest after that")
        return chosen


class RecoverForm(forms.Form):
    reason = forms.CharField(
        label="What happened?",
        help_text="For example: lost the phone, seen in person on 3 March. It stands in the audit trail.",
        max_length=200,
        error_messages={"required": "Say what happened"},
    )
    seen = forms.BooleanField(
        label="I have spoken to them myself, in person or on a number that I know",
        error_messages={"required": "Speak to them first: who asks by e-mail may be somebody else"},
    )
