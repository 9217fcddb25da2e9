"""Groups × categories: what each age band may reach."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from drystone.registers.network.catalog import catalog
from drystone.registers.network.forms import ProfileForm
from drystone.registers.network.models import Profile, Rule, RuleLevel
from drystone.registers.network.services.profiles import blocking_rules, change_profile
from drystone.registers.network.services.rules import RuleRefused
from drystone.registers.network.views.pages import school_of
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
            if rule.group_id in (None, group.pk):
                key = (group.pk, rule.value)
                word = _cell(rule)
                cells[key] = word if cells.get(key, word) == word else "Depends"
    rows = [
        (entry, ["Always blocked" if entry.mandatory else cells.get((group.pk, key), "") for group in groups])
        for key, entry in catalog().items()
    ]
    return render(request, "network/profiles.html", {"groups": groups, "rows": rows})


def _cell(rule: Rule) -> str:
    if rule.timing or rule.until:
        return "At times"
    return "Blocked" if rule.action == Rule.Action.BLOCK else "Allowed"


@needs("network.change_rules")
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    group = get_object_or_404(Group.objects.select_related("profile", "school"), school=school_of(request), slug=slug)
    form = ProfileForm(request.POST) if request.method == "POST" else ProfileForm(initial=_initial(group))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            change_profile(
                group=group,
                by=request.person,  # type: ignore[attr-defined]
                reason=values["reason"],
                default=Profile.Default(values["default"]),
                safe_search=values["safe_search"],
                youtube=Profile.YouTube(values["youtube"]),
                blocked=set(values["blocked"]) | _mandatory_shown(request),
            )
        except RuleRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, f"Saved what {group} may reach. It comes into force when you publish.")
            return redirect("network:profiles")
    context = {"group": group, "form": form, "themes": _themes(), "checked": set(form["blocked"].value() or [])}
    return render(request, "network/profile.html", context, status=422 if form.errors else 200)


def _mandatory_shown(request: HttpRequest) -> set[str]:
    """Mandatory categories are no boxes on the page (nothing to switch), so they are not sent; a request that says
    `unblock` for one is somebody trying, and goes to the service as it is to be refused on record."""
    tried = set(request.POST.getlist("unblock"))
    return {key for key, entry in catalog().items() if entry.mandatory} - tried


def _initial(group: Group) -> dict[str, object]:
    known: Profile | None = getattr(group, "profile", None)
    return {
        "default": known.default if known else Profile.Default.BLOCK,
        "safe_search": known.safe_search if known else True,
        "youtube": known.youtube if known else Profile.YouTube.STRICT,
        "blocked": list(blocking_rules(group)),
    }


def _themes() -> list[tuple[str, list[tuple[str, str, str, bool]]]]:
    """Categories by theme, as the page shows them: (key, title, about, mandatory)."""
    themes: dict[str, list[tuple[str, str, str, bool]]] = {}
    for key, entry in catalog().items():
        name = entry.theme[:1].upper() + entry.theme[1:] if entry.theme else "From other lists"
        themes.setdefault(name, []).append((key, entry.title, entry.about, entry.mandatory))
    return list(themes.items())
