"""Trying an expression before it is a rule."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drystone.registers.network.expressions import everyday_matches, try_on
from drystone.registers.network.forms import ExpressionForm
from drystone.registers.network.models import Rule
from drystone.registers.network.views.rule_parts import rules_seen
from drystone.registers.network.words import describe
from drystone.registers.school.access import needs


@needs("network.view_rules")
@require_safe
def expressions(request: HttpRequest) -> HttpResponse:
    """P35: whether an expression matches an address, which part of it, and what is wrong with one that cannot be."""
    asked = bool(request.GET.get("expression") or request.GET.get("addresses"))
    form = ExpressionForm(request.GET if asked else None)
    tried, wide = None, []
    if asked and form.is_valid():
        pattern, now = form.cleaned_data["expression"], timezone.now()
        tried = [try_on(pattern, address, now) for address in form.cleaned_data["addresses"]]
        wide = everyday_matches(pattern, now)
    known = rules_seen(request).standing().filter(kind=Rule.Kind.EXPRESSION)
    context = {
        "form": form,
        "tried": tried,
        "wide": wide,
        "rules": [(rule, describe(rule)) for rule in known.order_by("value")],
    }
    return render(request, "network/expressions.html", context)
