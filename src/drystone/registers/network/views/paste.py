"""Many sites at once: paste, see each line checked, confirm once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from drystone.engine.filtering import BundleError, ListError, RulesError
from drystone.registers.network.conflicts import Note, Standing
from drystone.registers.network.forms import PasteForm
from drystone.registers.network.models import Rule
from drystone.registers.network.preview import Trial, preview_many
from drystone.registers.network.services import rules as services
from drystone.registers.network.sites import Line
from drystone.registers.network.views.pages import school_of
from drystone.registers.network.views.rule_parts import carried, hands, rules_seen
from drystone.registers.network.words import whom
from drystone.registers.school.access import needs

READ = frozenset({"GET", "HEAD"})
SUGGESTIONS = Path(__file__).parent.parent / "suggestions"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what was pasted: the rule it becomes, or why it becomes none."""

    line: Line
    rule: Rule | None = None
    trouble: str = ""
    other: Rule | None = None
    notes: tuple[Note, ...] = ()
    trial: Trial | None = None


@needs("network.edit_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def paste_rules(request: HttpRequest) -> HttpResponse:
    """P35: every line is checked, doubles and what stands against them are named, and one confirmation adds what is
    good. Lines that cannot be read are shown with why, and left out."""
    school, allowed = school_of(request), hands(request)
    if request.method in READ:
        return _form(request, PasteForm(school=school, initial=_initial(request), **allowed))
    form = PasteForm(request.POST, school=school, **allowed)
    if not form.is_valid() or "back" in request.POST:
        return _form(request, form)
    rows = _rows(request, form)
    good = [row for row in rows if row.rule is not None]
    if "confirm" in request.POST:
        try:
            asked = [form.asked(row.line.site) for row in good]
            batch = services.add_rules(school=school, by=request.person, asked=asked)  # type: ignore[attr-defined]
        except services.RuleRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
            return _form(request, form)
        count = f"{len(good)} rules are" if len(good) != 1 else "1 rule is"
        messages.success(request, f"{count} added. They come into force when you publish.")
        return redirect(f"{reverse('network:rules')}?batch={batch}")
    return _check(request, form, rows, good)


def _initial(request: HttpRequest) -> dict[str, str]:
    initial = {"timing": "always", "action": request.GET.get("action", "")}
    if request.GET.get("suggestion") == "ks1":
        text = (SUGGESTIONS / "ks1.txt").read_text(encoding="utf-8")
        ks1 = school_of(request).groups.filter(age_band="ks1").first()
        initial |= {"sites": text, "action": "allow", "level": "group", "group": str(ks1.pk) if ks1 else ""}
    return initial


def _rows(request: HttpRequest, form: PasteForm) -> list[Row]:
    standing = Standing(rules_seen(request))
    return [_row(request, form, line, standing) for line in form.cleaned_data["sites"]]


def _row(request: HttpRequest, form: PasteForm, line: Line, standing: Standing) -> Row:
    if line.trouble:
        return Row(line, trouble=line.trouble)
    school = school_of(request)
    try:
        rule = services.examine(school=school, asked=form.asked(line.site))
        services.refuse_to_open(school=school, by=request.person, rule=rule)  # type: ignore[attr-defined]
    except services.RuleRefused as refused:
        return Row(line, trouble=str(refused), other=refused.other)
    return Row(line, rule, notes=tuple(standing.notes(rule)))


def _check(request: HttpRequest, form: PasteForm, rows: list[Row], good: list[Row]) -> HttpResponse:
    trouble, at = "", None
    trials: list[Trial | None] = []
    rules = [row.rule for row in good if row.rule]
    try:
        at, trials = preview_many(school=school_of(request), rules=rules, now=timezone.now())
    except (RulesError, ListError, BundleError) as error:
        trouble = str(error)
    tried = {row.line: trial for row, trial in zip(good, trials, strict=False)}
    shown = [replace(row, trial=tried.get(row.line)) for row in rows]
    context = {
        "form": form,
        "good": [row for row in shown if row.rule],
        "bad": [row for row in shown if not row.rule],
        "changes": sum(1 for trial in trials if trial and trial.changes),
        "where": next((trial.where for trial in trials if trial), ""),
        "at": at,
        "trouble": trouble,
        "example": rules[0] if rules else None,
        "whom": whom(rules[0]) if rules else "",
        "hidden": carried(request),
    }
    return render(request, "network/paste_check.html", context)


def _form(request: HttpRequest, form: PasteForm) -> HttpResponse:
    return render(request, "network/paste.html", {"form": form}, status=422 if form.errors else 200)
