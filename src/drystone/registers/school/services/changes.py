"""What every write of the register needs: a refusal in words, and an object's values for the audit trail."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

from django.db import models

from drystone.registers.school.models import School


class Refused(ValueError):
    """The write was refused; the sentence says why and what to do. `field` is the form's, where one is to blame."""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


def values(thing: models.Model) -> dict[str, Any]:
    """The object's own columns, as JSON can hold them; not what is only worked out from the others (`derived`)."""
    left_out = getattr(thing, "derived", ())
    return {
        field.attname: _plain(getattr(thing, field.attname))
        for field in thing._meta.concrete_fields
        if not field.primary_key and field.attname not in left_out
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date | datetime.datetime) else value


def differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, on both sides."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}


def edition_of(*parts: Any) -> str:
    """A short mark of what a form was filled from: when it differs on sending, somebody else wrote meanwhile."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def lock(school: School) -> School:
    """Writers of one school stand in line, so that a rule over several rows (no overlap, one holder) holds."""
    return School.objects.select_for_update().get(pk=school.pk)
