"""Adding, changing, withdrawing rules, and putting them back. Each shows what it would do before it is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from drystone.engine.filtering import BundleError, ListError, RulesError
from drystone.registers.network.conflicts import Clash, Note, Standing
from drystone.registers.network.expressions import everyday_matches
from drystone.registers.network.forms import RuleForm, initial_of
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.preview import Preview, preview
from drystone.registers.network.services import rules as services
from drystone.registers.network.views.pages import school_of
from drystone.registers.network.views.rule_parts import (
    carried,
    hands,
    may_touch,
    numbers_of,
    own_or_refused,
    rule_or_404,
    rules_seen,
)
from drystone.registers.network.words import describe
from drystone.registers.school.access import needs

READ = frozenset({"GET", "HEAD"})
MOST_AT_ONCE = 1000


@needs("network.edit_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def add_rule(request: HttpRequest) -> HttpResponse:
    return _ask(request, None)


@needs("network.edit_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def change_rule(request: HttpRequest, number: int) -> HttpResponse:
    found = rule_or_404(request, number)
    own_or_refused(request, found)
    if request.method in READ and (not found.standing or not may_touch(request, found)):
        messages.info(request, "That rule cannot be changed.")
        return redirect("network:rule", found.pk)
    return _ask(request, found)


@needs("network.edit_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_rule(request: HttpRequest, number: int) -> HttpResponse:
    """P35: what would change is shown first; afterwards the rule's page offers to put it back."""
    found = rule_or_404(request, number)
    own_or_refused(request, found)
    error = ""
    if request.method == "POST":
        try:
            services.withdraw_rule(rule=found, by=request.person, reason=request.POST.get("reason", ""))  # type: ignore[attr-defined]
        except services.RuleRefused as refused:
            error = str(refused)
        else:
            messages.success(request, f"Withdrawn: {describe(found)}. It stays in force until you publish.")
            return redirect("network:rule", found.pk)
    shown, trouble = _try(request, found, goes=True) if found.standing else (None, "")
    context = {
        "rule": found,
        "sentence": describe(found),
        "error": error,
        "reason": request.POST.get("reason", ""),
        "preview": shown,
        "trouble": trouble,
    }
    return render(request, "network/rule_withdraw.html", context, status=422 if error else 200)


@needs("network.edit_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_rules(request: HttpRequest) -> HttpResponse:
    """Those ticked in the list (`rule`), or all that were pasted together (`batch`)."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = rules_seen(request).standing().order_by("pk")
    batch, numbers = given.get("batch", ""), numbers_of(given.getlist("rule"))
    chosen = chosen.filter(batch=batch) if batch else chosen.filter(pk__in=numbers)
    rules = list(chosen[:MOST_AT_ONCE])
    if not rules:
        messages.info(request, "Tick the rules that are to be withdrawn.")
        return redirect("network:rules")
    if any(rule.level != RuleLevel.GLOBAL for rule in rules) and not hands(request)["own"]:
        own_or_refused(request, next(rule for rule in rules if rule.level != RuleLevel.GLOBAL))
    error = ""
    if request.method == "POST":
        try:
            count = services.withdraw_rules(rules=rules, by=request.person, reason=request.POST.get("reason", ""))  # type: ignore[attr-defined]
        except services.RuleRefused as refused:
            error = str(refused)
        else:
            done = f"{count} rules are withdrawn" if count > 1 else f"Withdrawn: {describe(rules[0])}"
            messages.success(request, f"{done}. What is in force stays so until you publish.")
            return redirect("network:rules")
    context = {
        "rules": [(rule, describe(rule)) for rule in rules],
        "batch": batch,
        "error": error,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "network/rules_withdraw.html", context, status=422 if error else 200)


@needs("network.edit_rules")
@require_POST
def restore_rule(request: HttpRequest, number: int) -> HttpResponse:
    found = rule_or_404(request, number)
    own_or_refused(request, found)
    try:
        services.restore_rule(rule=found, by=request.person)  # type: ignore[attr-defined]
    except services.RuleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Put back: {describe(found)}.")
    return redirect("network:rule", found.pk)


def _ask(request: HttpRequest, replaces: Rule | None) -> HttpResponse:
    """The form; then what it would do; then it is done."""
    school, allowed = school_of(request), _hands_for(request, replaces)
    if request.method in READ:
        initial = initial_of(replaces) if replaces else _prefilled(request)
        return _form(request, RuleForm(school=school, initial=initial, **allowed), replaces)
    form = RuleForm(request.POST, school=school, **allowed)
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


def _hands_for(request: HttpRequest, replaces: Rule | None) -> dict[str, bool]:
    """A rule that is changed stays on its side: the school's, or the authority's. Whoever sends a form for a rule of
    the authority without its hand is let through to the service, to be refused on record."""
    if replaces is None:
        return hands(request)
    council = replaces.level == RuleLevel.GLOBAL
    return {"own": not council, "council": council}


def _prefilled(request: HttpRequest) -> dict[str, str]:
    """Links from other pages (an expression that was tried, a site in the traffic) fill in a part of the form."""
    known = ("action", "kind", "site", "category", "expression", "level", "example", "reason")
    return {"timing": "always"} | {name: request.GET[name] for name in known if name in request.GET}


def _check(request: HttpRequest, form: RuleForm, candidate: Rule, replaces: Rule | None) -> HttpResponse:
    sentence = describe(candidate)
    notes = _notes(request, candidate, replaces)
    wide = everyday_matches(candidate.value, timezone.now()) if candidate.kind == Rule.Kind.EXPRESSION else []
    shown, trouble = _try(request, candidate, example=form.cleaned_data["example"], replaces=replaces)
    context = {
        "rule": candidate,
        "sentence": sentence,
        "preview": shown,
        "trouble": trouble,
        "hidden": carried(request),
        "replaces": replaces,
        "unheard": [note for note in notes if note.clash is Clash.UNHEARD],
        "notes": [note for note in notes if note.clash is not Clash.UNHEARD],
        "wide": wide,
    }
    return render(request, "network/rule_check.html", context)


def _notes(request: HttpRequest, candidate: Rule, replaces: Rule | None) -> list[Note]:
    return Standing(rules_seen(request), without=[replaces.pk] if replaces else []).notes(candidate)


def _try(
    request: HttpRequest, rule: Rule, *, example: str = "", replaces: Rule | None = None, goes: bool = False
) -> tuple[Preview | None, str]:
    """(what it would do, ""), or (None, why it cannot be tried)."""
    without = [replaces.pk] if replaces else []
    try:
        return preview(
            school=school_of(request), rule=rule, now=timezone.now(), example=example, goes=goes, without=without
        ), ""
    except (RulesError, ListError, BundleError) as error:
        return None, str(error)


def _form(request: HttpRequest, form: RuleForm, replaces: Rule | None) -> HttpResponse:
    context = {"form": form, "replaces": replaces, "sentence": describe(replaces) if replaces else ""}
    return render(request, "network/rule_form.html", context, status=422 if form.errors else 200)
