"""A field of a Django form as the options of a GOV.UK component (the macros in forms.html draw it)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorList

from drystone.registers.school.dates import BOXES, DateBoxes

KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"),
    (DateBoxes, "date"),
    (forms.PasswordInput, "password"),
    (forms.Textarea, "textarea"),
    (forms.CheckboxSelectMultiple, "checkboxes"),  # a RadioSelect to Django, so it is asked for first
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkboxes"),
    (forms.Select, "select"),
)


@dataclass(frozen=True, slots=True)
class Component:
    kind: str
    options: dict[str, Any]


def component(
    bound: BoundField, classes: str = "", large: bool = False, rows: int = 5, inline: bool = False, small: bool = False
) -> Component:
    """`large` makes the label the page's heading, for a page with one question."""
    widget = bound.field.widget
    kind = next((kind for cls, kind in KINDS if isinstance(widget, cls)), "input")
    options: dict[str, Any] = {"name": bound.html_name, "classes": classes}
    if bound.help_text:
        options["hint"] = {"text": str(bound.help_text)}
    if bound.errors:
        options["errorMessage"] = {"text": " ".join(str(error) for error in bound.errors)}
    if kind in ("radios", "checkboxes", "date"):
        options |= _grouped(bound, kind, large, inline, small)
    else:
        options |= _single(bound, kind, large, rows)
    return Component(kind, options)


def _single(bound: BoundField, kind: str, large: bool, rows: int) -> dict[str, Any]:
    attributes = bound.field.widget.attrs
    label = "govuk-label--l" if large else ""
    value = bound.value()
    options: dict[str, Any] = {
        "id": bound.auto_id,
        "label": {"text": str(bound.label), "classes": label, "isPageHeading": large},
        "value": "" if kind == "password" or value is None else str(value),
        "autocomplete": attributes.get("autocomplete"),
        "spellcheck": False if kind == "input" and attributes.get("autocomplete") else None,
    }
    if kind == "select":
        options["items"] = _choices(bound, "selected")
    elif kind == "textarea":
        options["rows"] = rows
    elif kind == "input":
        options["type"] = getattr(bound.field.widget, "input_type", "text")
        options["inputmode"] = attributes.get("inputmode")
        if options["type"] == "number":  # GOV.UK: a spinner is changed by accident
            options |= {"type": "text", "inputmode": "numeric"}
    return options


def _grouped(bound: BoundField, kind: str, large: bool, inline: bool, small: bool) -> dict[str, Any]:
    legend = {"text": str(bound.label), "classes": f"govuk-fieldset__legend--{'l' if large else 's'}"}
    fieldset = {"legend": legend | {"isPageHeading": large}}
    shape = " ".join(f"govuk-{kind}--{word}" for word, on in (("inline", inline), ("small", small)) if on)
    if kind == "date":
        values = bound.value()
        if not isinstance(values, list):
            values = bound.field.widget.decompress(values)
        width = {"day": 2, "month": 2, "year": 4}
        error = " govuk-input--error" if bound.errors else ""
        items = [
            {
                "label": box.capitalize(),
                "name": f"{bound.html_name}_{box}",
                "id": bound.auto_id if box == "day" else f"{bound.auto_id}_{box}",
                "value": value,
                "classes": f"govuk-input--width-{width[box]}{error}",
            }
            for box, value in zip(BOXES, values, strict=True)
        ]
        return {"id": f"{bound.auto_id}-boxes", "fieldset": fieldset, "items": items}
    if isinstance(bound.field.widget, forms.CheckboxInput):  # one box: its label says all
        item = {"value": "on", "text": str(bound.label), "checked": bool(bound.value()), "id": bound.auto_id}
        if bound.help_text:
            item["hint"] = {"text": str(bound.help_text)}
        return {"idPrefix": bound.auto_id, "items": [item], "classes": shape, "hint": None}
    return {"idPrefix": bound.auto_id, "fieldset": fieldset, "items": _choices(bound, "checked"), "classes": shape}


def _choices(bound: BoundField, mark: str) -> list[dict[str, Any]]:
    value = bound.value()
    chosen = {str(v) for v in (value if isinstance(value, list | tuple | set) else [value])} - {"None"}
    return [
        {"value": str(value), "text": str(text), mark: str(value) in chosen or (value == "" and not chosen)}
        for value, text in bound.field.choices  # type: ignore[attr-defined]
        if not (value == "" and mark == "checked")
    ]


def error_list(about: Any) -> list[dict[str, str]]:
    """What is wrong in a form, a form set or several of them, each with a link to its field."""
    if isinstance(about, forms.BaseForm):
        return list(_of_form(about))
    if isinstance(about, forms.BaseFormSet):
        whole: ErrorList = about.non_form_errors()
        first = about.forms[0][next(iter(about.forms[0].fields))].auto_id if about.forms else ""
        return [_entry(error, first) for error in whole] + [e for form in about.forms for e in _of_form(form)]
    return [entry for one in about or () if one is not None for entry in error_list(one)]


def _of_form(form: forms.BaseForm) -> Iterable[dict[str, str]]:
    for name, errors in form.errors.items():
        if name == "__all__":
            target = next((bound.auto_id for bound in form.visible_fields()), "")
        else:
            target = form[name].auto_id  # the first box or button of a group has its id as well
        for error in errors:
            yield _entry(error, str(target))


def _entry(error: object, target: str) -> dict[str, str]:
    return {"text": str(error), "href": f"#{target}"} if target else {"text": str(error)}
