"""Pages of the roll: imports, and the new school year."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from drystone.registers.roll.models import Run
from drystone.registers.school.views import school_of


def run_of(request: HttpRequest, number: int) -> Run:
    """404 for a run of another school."""
    runs = Run.objects.select_related("school", "made_by", "applied_by", "undone_by", "mapping")
    return get_object_or_404(runs, school=school_of(request), pk=number)
