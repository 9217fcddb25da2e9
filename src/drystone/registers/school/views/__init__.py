"""Pages of the school register, a file a subject. Each fetches within the signed-in person's school."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.reach import Viewer, people_for

M = TypeVar("M", bound=Model)


def school_of(request: HttpRequest) -> School:
    school: School = request.school  # type: ignore[attr-defined]
    return school


def person_of(request: HttpRequest) -> Person:
    person: Person = request.person  # type: ignore[attr-defined]
    return person


def viewer_of(request: HttpRequest) -> Viewer:
    """Who asks, for `school/reach.py`."""
    roles: frozenset[Role] = request.roles  # type: ignore[attr-defined]
    return Viewer(person_of(request), roles, timezone.localdate())


def within(request: HttpRequest, model: type[M], pk: int, path: str = "school") -> M:
    """The object, if it is of the reader's school; else 404, as if it did not exist."""
    return get_object_or_404(model, **{"pk": pk, path: school_of(request)})


def seen(request: HttpRequest, permission: str, pk: int) -> Person:
    """The person, if this permission reaches them by one of the reader's roles; else 404, as if they did not exist."""
    reached = people_for(viewer_of(request), permission)
    return get_object_or_404(reached.select_related("school", "school_class", "user"), pk=pk)
