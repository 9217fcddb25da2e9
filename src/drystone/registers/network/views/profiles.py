"""Groups × categories: what each age band may reach."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from drystone.registers.network.catalog import catalog
from drystone.registers.network.forms import ProfileForm
from drystone.registers.network.forms.profiles import initial_of
from drystone.registers.network.models import OF_PROFILE, Ages, Profile, Rule, RuleLevel
from drystone.registers.network.services.profiles import (
    blocking_rules,
    change_profile,
    check_blocked,
    profile_changes,
    starting,
)
from drystone.registers.network.services.rules import RuleRefused
from drystone.registers.network.views.pages import school_of
from drystone.registers.network.views.rule_parts import carried
from drystone.registers.school.access import needs
from drystone.registers.school.models import Group


@needs("network.view_rules")
@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    groups = list(Group.objects.filter(school=school).select_related("profile"))
    cells: dict[tuple[int, str], str] = {}
    rules = Rule.objects.of(school).standing().filter(kind=Rule.Kind.CATEGORY).exclude(level=RuleLevel.PERSON)
    for rule in rules.exclude(level=RuleLevel.ZONE).order_by("id"):
        for group in groups:
            if rule.group_id in (None, group.pk) and (not rule.ages or group.age_band in Ages(rule.ages).bands):
                key = (group.pk, rule.value)
                word = _cell(rule)
                cells[key] = word if cells.get(key, word) == word else "Depends"
    rows = [
        (entry, ["Always blocked" if entry.mandatory else cells.get((group.pk, key), "") for group in groups])
        for key, entry in catalog().items()
        if key not in OF_PROFILE
    ]
    return render(request, "network/profiles.html", {"groups": groups, "rows": rows})


def _cell(rule: Rule) -> str:
    if rule.timing or rule.until:
        return "At times"
    return "Blocked" if rule.action == Rule.Action.BLOCK else "Allowed"


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    """P14, P59: what would change is shown before it is saved."""
    group = get_object_or_404(Group.objects.select_related("profile", "school"), school=school_of(request), slug=slug)
    form = ProfileForm(request.POST) if request.method == "POST" else ProfileForm(initial=_initial(request, group))
    if request.method == "POST" and form.is_valid() and "back" not in request.POST:
        choices = form.choices()
        blocked = set(form.cleaned_data["blocked"]) | _mandatory_shown(request)
        try:
            if "confirm" in request.POST:
                change_profile(
                    group=group,
                    by=request.person,  # type: ignore[attr-defined]
                    reason=form.cleaned_data["reason"],
                    choices=choices,
                    blocked=blocked,
                )
                messages.success(request, f"Saved what {group} may reach. It comes into force when you publish.")
                return redirect("network:profiles")
            check_blocked(group=group, by=request.person, blocked=blocked)  # type: ignore[attr-defined]
        except RuleRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            changes = profile_changes(group=group, choices=choices, blocked=blocked)
            context = {"group": group, "changes": changes, "reason": form.cleaned_data["reason"]}
            return render(request, "network/profile_check.html", context | {"hidden": carried(request)})
    context = {"group": group, "form": form, "themes": _themes(), "checked": set(form["blocked"].value() or [])}
    return render(request, "network/profile.html", context, status=422 if form.errors else 200)


def _mandatory_shown(request: HttpRequest) -> set[str]:
    """Mandatory categories are no boxes on the page (nothing to switch), so they are not sent; a request that says
    `unblock` for one is somebody trying, and goes to the service as it is to be refused on record."""
    tried = set(request.POST.getlist("unblock"))
    return {key for key, entry in catalog().items() if entry.mandatory} - tried


def _initial(request: HttpRequest, group: Group) -> dict[str, object]:
    """As it is; as a group of this age starts where nobody has said anything yet, or where that is asked for."""
    known: Profile | None = getattr(group, "profile", None)
    if known is None or "starting" in request.GET:
        return initial_of(*starting(group))
    return initial_of(known, set(blocking_rules(group)))


def _themes() -> list[tuple[str, list[tuple[str, str, str, bool]]]]:
    """Categories by theme, as the page shows them: (key, title, about, mandatory)."""
    themes: dict[str, list[tuple[str, str, str, bool]]] = {}
    for key, entry in catalog().items():
        if key in OF_PROFILE:
            continue
        name = entry.theme[:1].upper() + entry.theme[1:] if entry.theme else "From other lists"
        themes.setdefault(name, []).append((key, entry.title, entry.about, entry.mandatory))
    return list(themes.items())
