"""Reads of the network register that more than one page needs, each scoped to a school."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import CheckRun, Rule
from drystone.registers.school.models import School

_ORDER: Mapping[str, tuple[str, ...]] = {
    "": ("-made_at", "-id"),
    "newest": ("-made_at", "-id"),
    "oldest": ("made_at", "id"),
    "target": ("value", "id"),
    "level": ("level", "group__name", "zone__name", "value", "id"),
    "author": ("author_name", "-made_at", "-id"),
}


def rules_like(school: School, wanted: Mapping[str, Any]) -> QuerySet[Rule]:
    """The school's rules (and its authority's) that fit the filters of forms.RuleSearch, in the order asked for."""
    found = Rule.objects.of(school).select_related("group", "zone", "person", "schedule", "school")
    match wanted.get("state"):
        case "withdrawn":
            found = found.filter(withdrawn_at__isnull=False)
        case "all":
            pass
        case _:
            found = found.standing()
    for name, column in (("level", "level"), ("effect", "action"), ("kind", "kind")):
        if wanted.get(name):
            found = found.filter(**{column: wanted[name]})
    for name in ("group", "schedule"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if text := (wanted.get("q") or "").strip():
        titles = [key for key, entry in catalog().items() if text.lower() in entry.title.lower()]
        found = found.filter(
            Q(value__icontains=text)
            | Q(reason__icontains=text)
            | Q(author_name__icontains=text)
            | Q(kind=Rule.Kind.CATEGORY, value__in=titles)
        )
    return found.order_by(*_ORDER[wanted.get("sort") or ""])


def history_of(rule: Rule) -> list[Rule]:
    """This rule, those it took the place of, and those that took its place: newest first."""
    line = [rule]
    while line[0].replaces_id is not None and len(line) < 50:
        line.insert(
            0, Rule.objects.select_related("school", "group", "zone", "person", "schedule").get(pk=line[0].replaces_id)
        )
    while len(line) < 100:
        after = Rule.objects.filter(replaces=line[-1]).select_related("group", "zone", "person", "schedule").first()
        if after is None:
            break
        line.append(after)
    return line[::-1]


def latest_run(school: School) -> CheckRun | None:
    return CheckRun.objects.filter(school=school, finished_at__isnull=False).first()
