"""The forms of a page, as somebody with bad intentions fills them in: every choice of a number is another's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

DATE = {"_day": "1", "_month": "9", "_year": "2027"}


@dataclass(frozen=True)
class Form:
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    numbers: tuple[str, ...]  # the fields that choose a record by its number

    def with_numbers(self, number: object) -> dict[str, object]:
        return {**dict(self.fields), **dict.fromkeys(self.numbers, number)}


def forms_of(page: str, address: str) -> list[Form]:
    if "<form" not in page:
        return []
    return [_read(form, address) for form in html.fromstring(page).iter("form")]


def _read(form, address: str) -> Form:
    offered: dict[str, list[str]] = {}
    for name, value in _offers(form):
        offered.setdefault(name, []).append(value)
    numbers = [name for name, values in offered.items() if _numbers(values) and not name.endswith(tuple(DATE))]
    fields = tuple((name, next((v for v in values if v), _likely(name))) for name, values in offered.items())
    return Form(form.get("action") or address, (form.get("method") or "get").lower(), fields, tuple(numbers))


def _offers(form) -> Iterator[tuple[str, str]]:
    for element in form.xpath(".//input[@name] | .//textarea[@name] | .//button[@name]"):
        yield element.get("name"), element.get("value") or ""
    for element in form.xpath(".//select[@name]"):
        for option in element.iter("option"):
            yield element.get("name"), option.get("value") or ""


def _likely(name: str) -> str:
    """What a field may take that holds nothing yet, so that a form gets as far as it can."""
    if "email" in name:
        return "somebody@school.example"
    return next((value for end, value in DATE.items() if name.endswith(end)), "x")


def _numbers(values: list[str]) -> bool:
    given = [value for value in values if value]
    return bool(given) and all(value.isdecimal() for value in given)
