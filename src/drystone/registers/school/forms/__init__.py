"""What people type, checked and turned into values; a file a subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from drystone.registers.school.services.changes import Refused

T = TypeVar("T")


class EditedForm(forms.Form):
    """Carries a mark of what it was filled from, so that nobody overwrites what a colleague saved meanwhile."""

    edition = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, edition: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = edition
        self.fields["edition"].initial = edition

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.pop("edition", "") != self.now:
            self.add_error(
                None, "Somebody else changed this while you had it open. Open the page again, then change it"
            )
        return given


def attempt(form: forms.Form, write: Callable[[], T]) -> T | None:
    """The written thing; None when the service refused, with its sentence on the form."""
    try:
        return write()
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None
