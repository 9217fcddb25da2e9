"""The register: which notices are out, who has read them and who has not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from drystone.registers.accounts.api import goes_by_mail
from drystone.registers.documents.audiences import AUDIENCES, TO_CHOOSE, in_words
from drystone.registers.documents.built_in import COORDINATOR, built_in
from drystone.registers.documents.models import Acknowledgement, How, Kind
from drystone.registers.documents.queries import (
    Asked,
    Live,
    asked_of,
    asked_of_one,
    called,
    live_of,
    notices,
    people_of,
    tally,
    untold_coordinator,
    words_had,
)
from drystone.registers.documents.words import blocks
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.models import Role, School
from drystone.registers.school.pages import link, page_of
from drystone.registers.school.views import school_of

STATES = {"": "All", "missing": "Has not read it", "late": "Is late", "read": "Has read it"}
HEADINGS = ["Family name", "Given names", "Asked as", "Asked since", "By", "Read on", "How", "Version"]


@needs("documents.view_register")
def register(request: HttpRequest) -> HttpResponse:
    school, today = school_of(request), timezone.localdate()
    lives = sorted((live_of(d) for d in notices(school)), key=lambda live: live.version.issued_on, reverse=True)
    standing = [live for live in lives if live.document.ended_on is None]
    asked = asked_of(school, standing, today)
    sent = {live.document.slug for live in lives}
    page = {
        "rows": [(live, tally(asked[live.document.pk], today), in_words(live.version.audience)) for live in standing],
        "ended": [live for live in lives if live.document.ended_on is not None],
        "ready": [b for b in built_in().values() if b.kind == Kind.NOTICE and b.slug not in {*sent, COORDINATOR}],
        "untold": untold_coordinator(school, today),
    }
    return render(request, "documents/register.html", page)


@needs("documents.view_register")
def who(request: HttpRequest, pk: int) -> HttpResponseBase:
    """P02, P47, P48: each by name, whoever is late first."""
    school, today = school_of(request), timezone.localdate()
    live = live_of(get_object_or_404(notices(school), pk=pk))
    everybody = asked_of_one(live, today) if live.document.ended_on is None else []
    state, group, text = request.GET.get("state", ""), request.GET.get("group", ""), request.GET.get("text", "")[:100]
    state, group = state if state in STATES else "", group if group in TO_CHOOSE else ""
    named = called(school, text) if text.strip() else None
    found = [row for row in everybody if _fits(row, state, group, named, today)]
    found.sort(key=lambda row: (row.read is not None, not row.late(today), row.place))
    if request.GET.get("format") == "csv":
        return csv_response(f"notice-{live.document.slug}", HEADINGS, _csv(school, found))
    page, pages = page_of(request, found)
    people = people_of(school, page)
    context: dict[str, Any] = {
        "live": live,
        "tally": tally(everybody, today),
        "page": page,
        "pages": pages,
        "rows": [(row, people[row.person], _roles(row)) for row in page],
        "reminded": {person: n for (_, person), n in words_had([live], [row.person for row in page]).items()},
        "by_mail": goes_by_mail(),
        "struck": _struck(live),
        "whom": in_words(live.version.audience),
        "state": state,
        "states": STATES,
        "group": group,
        "groups": [(name, AUDIENCES[name].label) for name in TO_CHOOSE if AUDIENCES[name].roles & live.version.roles],
        "text": text,
        "csv": link(request, format="csv", page=None),
        "today": today,
        "how": dict(How.choices),
    }
    return render(request, "documents/who.html", context)


@needs("documents.view_register")
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A version as it was sent, whatever came after it, with the hash that acknowledgements name."""
    document = get_object_or_404(notices(school_of(request)), pk=pk)
    found = get_object_or_404(document.versions.select_related("issued_by", "document__school"), number=number)
    page = {
        "version": found,
        "newest": document.versions.all()[0],
        "blocks": blocks(found.body),
        "whom": in_words(found.audience),
        "sound": found.hash == found.digest(),
        "read": Acknowledgement.objects.standing().filter(version=found).count(),
    }
    return render(request, "documents/version.html", page)


def _fits(row: Asked, state: str, group: str, named: set[int] | None, today: date) -> bool:
    right = {"": True, "missing": row.read is None, "late": row.late(today), "read": row.read is not None}[state]
    return right and (not group or bool(AUDIENCES[group].roles & row.roles)) and (named is None or row.person in named)


def _roles(row: Asked) -> str:
    return ", ".join(role.label for role in Role if role in row.roles)


def _csv(school: School, rows: list[Asked]) -> Iterator[list[object]]:
    people = people_of(school, rows)
    for row in rows:
        person = people[row.person]
        read = [row.read.on, How(row.read.how).label, row.read.number] if row.read else ["", "", ""]
        yield [person.family_name, person.given_names, _roles(row), row.since, row.due, *read]


def _struck(live: Live) -> list[Acknowledgement]:
    """Entries from paper that do not count, with the line that says why."""
    found = Acknowledgement.objects.filter(version__document=live.document, struck_by__isnull=False)
    return list(found.select_related("person", "struck_by__by").order_by("-id"))
