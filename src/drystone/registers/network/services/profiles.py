"""What each group may reach: its profile, and the categories it blocks."""

from __future__ import annotations

from django.db import transaction

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Profile, Rule, RuleLevel
from drystone.registers.network.services.permission import require
from drystone.registers.network.services.rules import NewRule, RuleRefused, add_rule, withdraw_rule
from drystone.registers.school.models import AgeBand, Group, Person, School
from drystone.registers.school.services.audit import record

STARTING = {
    AgeBand.KS1: (Profile.Default.BLOCK, True, Profile.YouTube.STRICT),
    AgeBand.KS2: (Profile.Default.ALLOW, True, Profile.YouTube.STRICT),
    AgeBand.STAFF: (Profile.Default.ALLOW, False, Profile.YouTube.OFF),
    AgeBand.GUESTS: (Profile.Default.ALLOW, True, Profile.YouTube.MODERATE),
}
STARTING_REASON = "Starting profile for this age"


def start_profiles(*, school: School, by: Person | None) -> list[Profile]:
    """P14: a profile for each group that has none, and a rule for each category its age band starts without."""
    require(by, "network.change_rules", school)
    made = []
    with transaction.atomic():
        for group in Group.objects.filter(school=school, profile__isnull=True).order_by("id"):
            default, safe_search, youtube = STARTING[AgeBand(group.age_band)]
            made.append(Profile.objects.create(group=group, default=default, safe_search=safe_search, youtube=youtube))
            blocked = [key for key, entry in catalog().items() if group.age_band in entry.blocked_for]
            Rule.objects.bulk_create(
                Rule(
                    school=school,
                    level=RuleLevel.GROUP,
                    action=Rule.Action.BLOCK,
                    kind=Rule.Kind.CATEGORY,
                    value=key,
                    group=group,
                    reason=STARTING_REASON,
                    author=by,
                    author_name=by.name if by else "Drystone",
                )
                for key in blocked
            )
            record(
                school=school,
                by=by,
                verb="start_filter_profile",
                subject=made[-1],
                summary=f"Started the profile of {group}: {len(blocked)} categories blocked",
                after={**plain(made[-1]), "blocked": sorted(blocked)},
            )
    return made


def change_profile(
    *,
    group: Group,
    by: Person | None,
    reason: str,
    default: Profile.Default,
    safe_search: bool,
    youtube: Profile.YouTube,
    blocked: set[str],
) -> Profile:
    """P14, P59: set what a group may reach. Categories that change become rules with this reason, or are withdrawn
    with it. Raises RuleRefused, and then nothing has changed; a mandatory category left out of `blocked` is refused
    and put on record (FM7)."""
    school = group.school
    require(by, "network.change_rules", school)
    reason = " ".join(reason.split())
    if not reason:
        raise RuleRefused("reason", "Say why. Whoever reads this rule next year will want to know.")
    if unknown := blocked - set(catalog()):
        raise RuleRefused("blocked", f"There is no category “{sorted(unknown)[0][:80]}”.")
    _refuse_to_unblock(group, by, blocked)
    with transaction.atomic():
        profile = Profile.objects.select_for_update().filter(group=group).first() or Profile(group=group)
        before = plain(profile) if profile.pk else {}
        profile.default, profile.safe_search, profile.youtube = default, safe_search, youtube
        profile.save()
        if before != plain(profile):
            record(
                school=school,
                by=by,
                verb="change_filter_profile",
                subject=profile,
                summary=f"Changed the profile of {group}: {reason}",
                before=before,
                after=plain(profile),
            )
        _change_categories(group, by, reason, blocked)
    return profile


def _change_categories(group: Group, by: Person | None, reason: str, blocked: set[str]) -> None:
    standing = blocking_rules(group)
    for key in sorted(blocked - set(standing)):
        asked = NewRule(RuleLevel.GROUP, Rule.Action.BLOCK, f"category:{key}", reason, group=group)
        add_rule(school=group.school, by=by, asked=asked)
    for key in sorted(set(standing) - blocked):
        withdraw_rule(rule=standing[key], by=by, reason=reason)


def blocking_rules(group: Group) -> dict[str, Rule]:
    """The group's own rules that block a category at all times."""
    rules = Rule.objects.filter(
        school=group.school,
        level=RuleLevel.GROUP,
        group=group,
        action=Rule.Action.BLOCK,
        kind=Rule.Kind.CATEGORY,
        timing="",
        until__isnull=True,
    )
    return {rule.value: rule for rule in rules.standing().select_related("school", "group")}


def _refuse_to_unblock(group: Group, by: Person | None, blocked: set[str]) -> None:
    for key, entry in catalog().items():
        if entry.mandatory and key not in blocked:
            record(
                school=group.school,
                by=by,
                verb="refused_filter_rule",
                subject=f"category:{key}"[:80],
                summary=f"Refused to switch off “{entry.title}” for {group}, which nobody can",
            )
            raise RuleRefused(
                "blocked",
                f"“{entry.title}” is blocked by law and duty. Nobody can switch it off; the attempt is on record.",
            )


def plain(profile: Profile) -> dict[str, str | bool]:
    return {"default": profile.default, "safe_search": profile.safe_search, "youtube": profile.youtube}
