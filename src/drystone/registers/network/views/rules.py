"""Rules: the list, and one of them with its history."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drystone.registers.network import queries, words
from drystone.registers.network.catalog import catalog
from drystone.registers.network.conflicts import Standing
from drystone.registers.network.forms import RuleSearch
from drystone.registers.network.models import Rule
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.views.pages import link, page_of, school_of
from drystone.registers.network.views.rule_parts import may_touch, rule_or_404, rules_found, rules_seen
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response

COLUMNS = (
    ("Effect", ""),
    ("Site or category", "target"),
    ("For", "level"),
    ("When", "until"),
    ("Reason", ""),
    ("Author", "author"),
)
CSV_HEADING = (
    "Rule", "Level", "For", "Effect", "Locked", "Kind", "Target", "Schedule", "Until", "Reason", "Author", "Made",
    "Withdrawn", "Withdrawn by", "Why withdrawn",
)  # fmt: skip


@needs("network.view_rules")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    search = _search(request)
    found = rules_found(request, search.cleaned_data)
    page, pagination = page_of(request, found)
    sort = search.cleaned_data.get("sort") or "newest"
    context = {
        "search": search,
        "page": page,
        "pagination": pagination,
        "words": words,
        "catalog": catalog(),
        "columns": [(text, key and link(request, sort=key, page=None), key == sort) for text, key in COLUMNS],
        "unpublished": len(pending_changes(school)),
        "today": timezone.localdate(),
        "filtered": any(search.cleaned_data.get(name) for name in search.fields if name != "sort"),
        "batch": search.cleaned_data.get("batch", ""),
        "touchable": {rule.pk for rule in page if rule.standing and may_touch(request, rule)},
    }
    return render(request, "network/rules.html", context)


@needs("network.view_rules")
@require_safe
def rules_csv(request: HttpRequest) -> HttpResponseBase:
    found = rules_found(request, _search(request).cleaned_data)
    return csv_response("filter-rules", CSV_HEADING, map(_row, found.iterator(500)))


def _row(rule: Rule) -> tuple[object, ...]:
    return (
        rule.key,
        rule.get_level_display(),
        words.whom(rule),
        rule.get_action_display(),
        "yes" if rule.locked else "",
        words.kind(rule),
        catalog().title(rule.value) if rule.kind == Rule.Kind.CATEGORY else rule.value,
        f"{rule.get_timing_display()} {rule.schedule or ''}".strip(),
        rule.until or "",
        rule.reason,
        rule.author_name,
        timezone.localtime(rule.made_at).isoformat(" ", "minutes"),
        timezone.localtime(rule.withdrawn_at).isoformat(" ", "minutes") if rule.withdrawn_at else "",
        rule.withdrawn_by_name,
        rule.withdrawn_reason,
    )


@needs("network.view_rules")
@require_safe
def rule(request: HttpRequest, number: int) -> HttpResponse:
    found = rule_or_404(request, number)
    standing = found.standing and not found.over_on(timezone.localdate())
    context = {
        "rule": found,
        "words": words,
        "history": queries.history_of(found),
        "over": found.over_on(timezone.localdate()),
        "touch": may_touch(request, found),
        "replaced": Rule.objects.filter(replaces=found).exists(),
        "notes": Standing(rules_seen(request), without=[found.pk]).notes(found) if standing else [],
    }
    return render(request, "network/rule.html", context)


def _search(request: HttpRequest) -> RuleSearch:
    search = RuleSearch(request.GET, school=school_of(request))
    search.is_valid()  # what is not valid is left out, and the page says which
    return search
