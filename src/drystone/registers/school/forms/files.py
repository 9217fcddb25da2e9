"""A small table in a file."""

from __future__ import annotations

from typing import Any

from django import forms

LARGEST_FILE = 1_000_000


class ImportForm(forms.Form):
    """A file, or the text of one that was tried before."""

    file = forms.FileField(label="CSV file", required=False)
    text = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if file := given.get("file"):
            if file.size > LARGEST_FILE:
                self.add_error("file", "The file is larger than 1 MB: divide it")
                return given
            try:
                given["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "The file is not UTF-8. In Excel choose “CSV UTF-8” when saving")
        elif not given.get("text"):
            self.add_error("file", "Choose a file")
        return given
