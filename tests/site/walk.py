"""What the walkers share: every address of the web, found and not listed; and which rows are of which school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter

from drystone.registers.school.access import access_of
from drystone.registers.school.models import AuditEntry, School

API = "api-1:"
OWN = "own account"


@dataclass(frozen=True)
class Page:
    name: str
    access: str | None
    arguments: tuple[tuple[str, object], ...]

    @property
    def is_public(self) -> bool:
        return (self.access or "").startswith("public: ")

    @property
    def is_api(self) -> bool:
        return self.name.startswith(API)

    @property
    def permission(self) -> str | None:
        """The one that its view needs; None where it is open, one's own, or asks for a token."""
        return None if self.is_public or self.is_api or self.access == OWN else self.access

    def address(self, **given: object) -> str:
        """Where it is; without `given`, the address of a record that there is not."""
        return reverse(self.name, kwargs=given or {name: _nothing(kind) for name, kind in self.arguments})


def _nothing(converter: object) -> object:
    if isinstance(converter, IntConverter):
        return 0
    if isinstance(converter, UUIDConverter):
        return "00000000-0000-4000-8000-000000000000"
    return "nothing-of-that-name"


@cache
def pages() -> tuple[Page, ...]:
    return tuple(_below(get_resolver().url_patterns, "", {}))


def _below(patterns: object, space: str, above: dict[str, object]) -> Iterator[Page]:
    for pattern in patterns:
        converters = {**above, **pattern.pattern.converters}
        if isinstance(pattern, URLResolver):
            name = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _below(pattern.url_patterns, name, converters)
        else:
            assert isinstance(pattern, URLPattern)
            assert pattern.name, f"{pattern} has no name"
            name = f"{space}{pattern.name}"
            yield Page(name, access_of(pattern.callback, name), tuple(converters.items()))


def guarded() -> list[Page]:
    return [page for page in pages() if page.permission]


def api_routes() -> list[Page]:
    return [page for page in pages() if page.is_api]


def goes_to_sign_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/account/sign-in/")


def text_of(answer) -> str:
    """What came, a download too."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


@cache
def path_to_school(model: type[models.Model]) -> str | None:
    """By which columns a row leads to its school (`person__school`); None for what belongs to no school."""
    return _path(model, ())


def _path(model: type[models.Model], seen: tuple[type[models.Model], ...]) -> str | None:
    links = [f for f in model._meta.concrete_fields if f.many_to_one or f.one_to_one]
    for field in links:
        if field.related_model is School:
            return field.name
    for field in links:
        if field.related_model in (model, *seen):
            continue
        onward = _path(field.related_model, (model, *seen))
        if onward and not field.null:
            return f"{field.name}__{onward}"
    return None


def models_of_schools() -> dict[type[models.Model], str]:
    found = {model: path_to_school(model) for model in apps.get_models()}
    return {model: path for model, path in found.items() if path}


def rows_of(school: School) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a school, column by column, and the length of its audit trail."""
    rows = {
        model._meta.label: list(model._base_manager.filter(**{path: school}).order_by("pk").values_list())
        for model, path in models_of_schools().items()
    }
    return rows | {"audit": [(AuditEntry.objects.filter(chain=school.slug).count(),)]}


def numbers_of(school: School) -> list[int]:
    """By which a form could name a record of this school, whichever kind it asks for."""
    newest = (
        model._base_manager.filter(**{path: school}).order_by("-pk").values_list("pk", flat=True).first()
        for model, path in models_of_schools().items()
    )
    return sorted({number for number in newest if isinstance(number, int)})


def links_between_schools() -> list[str]:
    """Rows of one school that name a row of another."""
    schools, faults = models_of_schools(), []
    for model, path in schools.items():
        for field in model._meta.concrete_fields:
            other = schools.get(field.related_model) if field.is_relation else None
            if other:
                rows = model._base_manager.filter(**{f"{field.name}__isnull": False})
                crossed = rows.exclude(**{path: models.F(f"{field.name}__{other}")})
                faults += [f"{model._meta.label} {row.pk}: {field.name}" for row in crossed]
    return faults
