"""A date as three boxes: day, month, year. A month may be a number or its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
BOXES = ("day", "month", "year")


class DateBoxes(forms.MultiWidget):
    def __init__(self) -> None:
        super().__init__({box: forms.TextInput() for box in BOXES})

    def decompress(self, value: date | str | None) -> list[str]:
        if isinstance(value, str) and value:
            value = date.fromisoformat(value)
        return [str(value.day), str(value.month), str(value.year)] if isinstance(value, date) else ["", "", ""]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:  # noqa: ARG002
        return [str(data.get(f"{name}_{box}", "")).strip() for box in BOXES]


class DateBoxField(forms.Field):
    """Cleans to a `date`, or None when it may be left out. `what` starts its errors: “The first day of term”."""

    widget = DateBoxes

    def __init__(self, *, what: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.what = what or str(self.label or "The date")

    def clean(self, value: list[str] | None) -> date | None:
        boxes = dict(zip(BOXES, value or ["", "", ""], strict=True))
        if not any(boxes.values()):
            if self.required:
                raise ValidationError(f"{self.what} is missing: enter a day, a month and a year")
            return None
        if missing := [box for box, text in boxes.items() if not text]:
            raise ValidationError(f"{self.what} must include a {' and a '.join(missing)}")
        month = boxes["month"].lower()
        number = str(MONTHS.index(month[:3]) + 1) if month[:3] in MONTHS else month
        try:
            found = date(int(boxes["year"]), int(number), int(boxes["day"]))
        except ValueError:
            raise ValidationError(f"{self.what} must be a real date, like 2 9 2026") from None
        if not 1900 <= found.year <= 2200:
            raise ValidationError(f"{self.what} must have a year of four digits, like 2026")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True
