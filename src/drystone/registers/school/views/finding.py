"""What the search box in the header finds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from drystone.engine.roll.years import year_name
from drystone.registers.school import listing
from drystone.registers.school.access import needs
from drystone.registers.school.finding import MOST, PERMISSION, find
from drystone.registers.school.models import Person, Role
from drystone.registers.school.reach import Viewer
from drystone.registers.school.views import viewer_of


@needs(PERMISSION)
@require_safe
def find_people(request: HttpRequest) -> HttpResponse:
    viewer, text = viewer_of(request), request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = find(viewer, text)
    context = {
        "text": text,
        "found": found,
        "people": [(person, _about(viewer, person)) for person in found.people],
        "nearly": [(person, _about(viewer, person)) for person in found.nearly],
        "classes": [(each, year_name(each.year_group)) for each in found.classes],
        "most": MOST,
    }
    return render(request, "school/find.html", context)


def _about(viewer: Viewer, person: Person) -> str:
    """`Damsons`, `Teacher`, `Parent or carer of Rowan Fell (Damsons)`: enough to tell two of one name apart."""
    held = listing.held_on(person, viewer.on)
    children = ", ".join(
        f"{line.pupil.name} ({line.pupil.school_class.name})" if line.pupil.school_class else line.pupil.name
        for line in person.children_here  # type: ignore[attr-defined]
    )
    words = [role.label for role in Role if role in held and role not in (Role.PUPIL, Role.PARENT)]
    if person.school_class:
        words.append(person.school_class.name)
    elif Role.PUPIL in held:
        words.append("Pupil without a class")
    if children or Role.PARENT in held:
        words.append(f"Parent or carer of {children}" if children else Role.PARENT.label)
    if person.left_on and person.left_on < viewer.on:
        words.append("left")
    return "; ".join(words)
