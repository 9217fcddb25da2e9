"""A date as three boxes, as GOV.UK asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

PARTS = ("day", "month", "year")


class DateParts(forms.Widget):
    """`until-day`, `until-month`, `until-year`: what was typed is kept as it was, to be shown again."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> tuple[str, str, str]:  # noqa: ARG002
        day, month, year = (str(data.get(f"{name}-{part}", "")).strip()[:10] for part in PARTS)
        return day, month, year

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:  # noqa: ARG002
        return not any(f"{name}-{part}" in data for part in PARTS)


class DatePartsField(forms.Field):
    widget = DateParts

    def to_python(self, value: Any) -> date | None:
        if value is None or isinstance(value, date):
            return value
        if not any(value):
            return None
        try:
            day, month, year = (int(part) for part in value)
            return date(year, month, day)
        except (ValueError, OverflowError) as error:
            raise ValidationError("Write the date like 31 1 2027, with a real day, month and year.") from error

    def prepare_value(self, value: Any) -> tuple[str, str, str]:
        if isinstance(value, date):
            return str(value.day), str(value.month), str(value.year)
        return value or ("", "", "")
