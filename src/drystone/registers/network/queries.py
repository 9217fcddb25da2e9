"""Reads of the network register that more than one page needs, each scoped to a school."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import CheckRun, Rule
from drystone.registers.network.models.rules import RuleQuerySet
from drystone.registers.school.models import AuditEntry, School
from drystone.registers.school.services.audit import HOUSE

SOON = timedelta(days=14)  # a rule that ends within this asks whether it is to go on
_ORDER: Mapping[str, tuple[Any, ...]] = {
    "": ("-made_at", "-id"),
    "newest": ("-made_at", "-id"),
    "oldest": ("made_at", "id"),
    "target": ("value", "id"),
    "level": ("level", "ages", "group__name", "zone__name", "value", "id"),
    "until": (F("until").asc(nulls_last=True), "id"),
    "author": ("author_name", "-made_at", "-id"),
}
_SAME_NAME = (("level", "level"), ("effect", "action"), ("kind", "kind"), ("group", "group"), ("zone", "zone"),
              ("schedule", "schedule"), ("batch", "batch"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a rule's history."""

    at: datetime
    who: str
    what: str  # added, withdrew, put back; or a whole sentence of the audit trail
    rule: Rule
    reason: str = ""


def rules_like(school: School, wanted: Mapping[str, Any]) -> RuleQuerySet:
    """The school's rules (and its authority's) that fit the filters of forms.RuleSearch, in the order asked for."""
    found, today = Rule.objects.of(school).with_names(), timezone.localdate()
    match wanted.get("state"):
        case "withdrawn":
            found = found.filter(withdrawn_at__isnull=False)
        case "soon":
            found = found.ending(today, today + SOON)
        case "over":
            found = found.over_on(today)
        case "all":
            pass
        case _:
            found = found.standing()
    for name, column in _SAME_NAME:
        if wanted.get(name):
            found = found.filter(**{column: wanted[name]})
    for word in (wanted.get("q") or "").split():
        found = found.filter(_has(word))
    return found.order_by(*_ORDER[wanted.get("sort") or ""])


def _has(word: str) -> Q:
    """A word of the target, a reason, an author, or of whom the rule is for."""
    titles = [key for key, entry in catalog().items() if word.lower() in entry.title.lower()]
    columns = (
        "value", "reason", "author_name", "group__name", "zone__name", "place_name", "schedule__name",
        "person__given_names", "person__family_name", "person__preferred_name", "person__sign_on",
    )  # fmt: skip
    named = Q(kind=Rule.Kind.CATEGORY, value__in=titles)
    for column in columns:
        named |= Q(**{f"{column}__icontains": word})
    return named


def history_of(rule: Rule) -> list[Happening]:
    """What happened to this rule, to those it took the place of, and to those that took its place: newest first."""
    line = _line_of(rule)
    by_subject = {f"{Rule._meta.label}:{each.pk}": each for each in line}
    entries = AuditEntry.objects.filter(chain=rule.school.slug if rule.school else HOUSE, subject__in=by_subject)
    found = [Happening(each.made_at, each.author_name, "added", each, each.reason) for each in line]
    told = set()
    for entry in entries.exclude(verb="add_filter_rule"):
        each = by_subject[entry.subject]
        what = _VERBS.get(entry.verb, entry.summary)
        found.append(Happening(entry.at, entry.actor_name, what, each, str(entry.after.get("reason", ""))))
        told.add((each.pk, entry.verb))
    for each in line:  # withdrawn by an update of the house, which leaves no entry of its own
        if each.withdrawn_at and (each.pk, "withdraw_filter_rule") not in told:
            found.append(Happening(each.withdrawn_at, each.withdrawn_by_name, "withdrew", each, each.withdrawn_reason))
    return sorted(found, key=lambda happening: happening.at, reverse=True)


_VERBS = {"withdraw_filter_rule": "withdrew", "restore_filter_rule": "put back"}


def _line_of(rule: Rule) -> list[Rule]:
    """Oldest first."""
    line = [rule]
    while line[0].replaces_id is not None and len(line) < 50:
        # unscoped: what a rule of the reader's school took the place of
        line.insert(0, Rule.objects.with_names().get(pk=line[0].replaces_id))
    while len(line) < 100:
        after = Rule.objects.with_names().filter(replaces=line[-1]).first()
        if after is None:
            break
        line.append(after)
    return line


def latest_run(school: School) -> CheckRun | None:
    return CheckRun.objects.filter(school=school, finished_at__isnull=False).first()
