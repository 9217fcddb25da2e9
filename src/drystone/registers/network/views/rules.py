"""Rules: the list, one of them, adding, changing, withdrawing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.filtering import BundleError, ListError, RulesError
from drystone.registers.network import queries
from drystone.registers.network.catalog import catalog
from drystone.registers.network.forms import RuleForm, RuleSearch, initial_of
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.preview import preview
from drystone.registers.network.services import rules as services
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.views.pages import page_of, school_of
from drystone.registers.network.words import describe, target, whom
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response

READ = frozenset({"GET", "HEAD"})


@needs("network.view_rules")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    search = _search(request)
    found = queries.rules_like(school, search.cleaned_data)
    page, pagination = page_of(request, found)
    return render(
        request,
        "network/rules.html",
        {
            "search": search,
            "page": page,
            "pagination": pagination,
            "words": {"describe": describe, "target": target, "whom": whom},
            "unpublished": len(pending_changes(school)),
            "today": timezone.localdate(),
            "filtered": any(search.cleaned_data.get(name) for name in search.fields if name != "sort"),
        },
    )


@needs("network.view_rules")
@require_safe
def rules_csv(request: HttpRequest) -> HttpResponseBase:
    found = queries.rules_like(school_of(request), _search(request).cleaned_data)
    heading = [
        "Rule",
        "Level",
        "For",
        "Effect",
        "Kind",
        "Target",
        "Schedule",
        "Until",
        "Reason",
        "Author",
        "Made",
        "Withdrawn",
    ]
    rows = (
        (
            rule.key,
            rule.get_level_display(),
            whom(rule),
            rule.get_action_display(),
            rule.get_kind_display(),
            catalog().title(rule.value) if rule.kind == Rule.Kind.CATEGORY else rule.value,
            f"{rule.get_timing_display()} {rule.schedule or ''}".strip(),
            rule.until or "",
            rule.reason,
            rule.author_name,
            timezone.localtime(rule.made_at).isoformat(" ", "minutes"),
            timezone.localtime(rule.withdrawn_at).isoformat(" ", "minutes") if rule.withdrawn_at else "",
        )
        for rule in found.iterator(500)
    )
    return csv_response("filter-rules", heading, rows)


@needs("network.view_rules")
@require_safe
def rule(request: HttpRequest, number: int) -> HttpResponse:
    found = _rule(request, number)
    return render(
        request,
        "network/rule.html",
        {
            "rule": found,
            "sentence": describe(found),
            "target": target(found),
            "whom": whom(found),
            "history": [(each, describe(each)) for each in queries.history_of(found)],
            "over": found.over_on(timezone.localdate()),
        },
    )


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def add_rule(request: HttpRequest) -> HttpResponse:
    return _ask(request, None)


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def change_rule(request: HttpRequest, number: int) -> HttpResponse:
    found = _rule(request, number)
    if not found.standing or found.level == RuleLevel.GLOBAL:
        messages.info(request, "That rule cannot be changed.")
        return redirect("network:rule", found.pk)
    return _ask(request, found)


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_rule(request: HttpRequest, number: int) -> HttpResponse:
    found = _rule(request, number)
    error = ""
    if request.method == "POST":
        try:
            services.withdraw_rule(rule=found, by=request.person, reason=request.POST.get("reason", ""))  # type: ignore[attr-defined]
        except services.RuleRefused as refused:
            error = str(refused)
        else:
            messages.success(request, f"Withdrawn: {describe(found)}. It stays in force until you publish.")
            return redirect("network:rules")
    context = {"rule": found, "sentence": describe(found), "error": error, "reason": request.POST.get("reason", "")}
    return render(request, "network/rule_withdraw.html", context, status=422 if error else 200)


def _ask(request: HttpRequest, replaces: Rule | None) -> HttpResponse:
    """The form; then what it would do; then it is done."""
    school = school_of(request)
    if request.method in READ:
        return _form(request, RuleForm(school=school, initial=initial_of(replaces) if replaces else {}), replaces)
    form = RuleForm(request.POST, school=school)
    if not form.is_valid():
        return _form(request, form, replaces)
    try:
        asked = form.asked()
        if "confirm" in request.POST:
            made = services.add_rule(school=school, by=request.person, asked=asked, replaces=replaces)  # type: ignore[attr-defined]
            messages.success(request, f"{describe(made)}. It comes into force when you publish.")
            return redirect("network:rule", made.pk)
        candidate = services.examine(school=school, asked=asked, replaces=replaces)
        services.refuse_to_open(school=school, by=request.person, rule=candidate)  # type: ignore[attr-defined]
    except services.RuleRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _form(request, form, replaces)
    if "back" in request.POST:
        return _form(request, form, replaces)
    return _check(request, form, candidate, replaces)


def _check(request: HttpRequest, form: RuleForm, candidate: Rule, replaces: Rule | None) -> HttpResponse:
    trouble, shown = "", None
    sentence = describe(candidate)
    try:
        shown = preview(
            school=school_of(request), rule=candidate, now=timezone.now(), example=form.cleaned_data["example"]
        )
    except (RulesError, ListError, BundleError) as error:
        trouble = str(error)
    hidden = [(name, value) for name, values in request.POST.lists() for value in values]
    hidden = [pair for pair in hidden if pair[0] not in ("csrfmiddlewaretoken", "confirm", "back")]
    context = {
        "rule": candidate,
        "sentence": sentence,
        "preview": shown,
        "trouble": trouble,
        "hidden": hidden,
        "replaces": replaces,
    }
    return render(request, "network/rule_check.html", context)


def _form(request: HttpRequest, form: RuleForm, replaces: Rule | None) -> HttpResponse:
    context = {"form": form, "replaces": replaces, "sentence": describe(replaces) if replaces else ""}
    return render(request, "network/rule_form.html", context, status=422 if form.errors else 200)


def _rule(request: HttpRequest, number: int) -> Rule:
    """404 for a rule of another school."""
    known = Rule.objects.of(school_of(request)).select_related("group", "zone", "person", "schedule", "school")
    return get_object_or_404(known, pk=number)


def _search(request: HttpRequest) -> RuleSearch:
    search = RuleSearch(request.GET, school=school_of(request))
    search.is_valid()  # what is not valid is left out, and the page says which
    return search
