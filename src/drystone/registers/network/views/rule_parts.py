"""What the pages about rules share: the rule asked for, and who may touch it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from drystone.registers.network import queries
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.models.rules import RuleQuerySet
from drystone.registers.network.services.refusals import COUNCIL
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import whose

OWN = "network.change_rules"
PEOPLE = "school.view_people"


def rules_seen(request: HttpRequest) -> RuleQuerySet:
    """A rule for one person names that person, so the council, who may not see who is who, sees none of them."""
    return _named(request, Rule.objects.of(school_of(request)).with_names())


def rules_found(request: HttpRequest, values: dict[str, Any]) -> RuleQuerySet:
    """The same, of those that a search finds."""
    return _named(request, queries.rules_like(school_of(request), values))


def _named(request: HttpRequest, rules: RuleQuerySet) -> RuleQuerySet:
    return rules if PEOPLE in request.permissions else rules.exclude(level=RuleLevel.PERSON)  # type: ignore[attr-defined]


def rule_or_404(request: HttpRequest, number: int) -> Rule:
    """404 for a rule of another school, or of another authority."""
    return get_object_or_404(rules_seen(request), pk=number)


def hands(request: HttpRequest) -> dict[str, bool]:
    """Which rules this person may ask for: the school's `own`, and those of the `council`. For the form."""
    permissions = request.permissions  # type: ignore[attr-defined]
    return {
        "own": OWN in permissions,
        "council": COUNCIL in permissions and school_of(request).authority_id is not None,
    }


def may_touch(request: HttpRequest, rule: Rule) -> bool:
    return hands(request)["council" if rule.level == RuleLevel.GLOBAL else "own"]


def own_or_refused(request: HttpRequest, rule: Rule) -> None:
    """Somebody of the council does not touch a school's own rules. (The authority's are the services' to refuse: each
    attempt is put on record.)"""
    if rule.level != RuleLevel.GLOBAL and OWN not in request.permissions:  # type: ignore[attr-defined]
        raise PermissionDenied(f"The school’s own rules are for these roles: {whose(OWN)}.")


def carried(request: HttpRequest) -> list[tuple[str, Any]]:
    """What was filled in, as hidden fields of the page that asks whether to go on."""
    steps = ("csrfmiddlewaretoken", "confirm", "back")
    return [(name, value) for name, values in request.POST.lists() if name not in steps for value in values]


def numbers_of(texts: list[str]) -> list[int]:
    """Rules by their numbers. Raises Http404 for what is none."""
    try:
        return [int(text) for text in texts]
    except ValueError as error:
        raise Http404 from error
