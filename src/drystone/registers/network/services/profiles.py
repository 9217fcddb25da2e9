"""What each group may reach: its profile, and the categories it blocks."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.db import transaction

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import OF_PROFILE, Profile, Rule, RuleLevel
from drystone.registers.network.services.permission import require
from drystone.registers.network.services.rules import NewRule, RuleRefused, add_rule, withdraw_rule
from drystone.registers.school.models import AgeBand, Group, Person, School
from drystone.registers.school.services.audit import record


@dataclass(frozen=True, slots=True)
class Choices:
    """What a profile says, but for its categories. Left out, everything is as safe as it can be."""

    default: Profile.Default = Profile.Default.BLOCK
    safe_search: bool = True
    youtube: Profile.YouTube = Profile.YouTube.STRICT
    image_search: bool = False
    ways_round: bool = False


STARTING = {
    AgeBand.KS1: Choices(),
    AgeBand.KS2: Choices(default=Profile.Default.ALLOW),
    AgeBand.STAFF: Choices(Profile.Default.ALLOW, False, Profile.YouTube.OFF, image_search=True),
    AgeBand.GUESTS: Choices(Profile.Default.ALLOW, True, Profile.YouTube.MODERATE, image_search=True),
}
STARTING_REASON = "Starting profile for this age"


def starting(group: Group) -> tuple[Choices, set[str]]:
    """P14, P32, P59: where a group of this age starts: its choices, and the categories it goes without."""
    blocked = {key for key, entry in catalog().items() if group.age_band in entry.blocked_for}
    return STARTING[AgeBand(group.age_band)], blocked.difference(OF_PROFILE)


def start_profiles(*, school: School, by: Person | None) -> list[Profile]:
    """P14: a profile for each group that has none, and a rule for each category its age band starts without."""
    require(by, "network.change_rules", school)
    made = []
    with transaction.atomic():
        for group in Group.objects.filter(school=school, profile__isnull=True).order_by("id"):
            choices, blocked = starting(group)
            made.append(Profile.objects.create(group=group, **_values(choices)))
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
                for key in sorted(blocked)
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


def change_profile(*, group: Group, by: Person | None, reason: str, choices: Choices, blocked: set[str]) -> Profile:
    """P14, P59: set what a group may reach. Categories that change become rules with this reason, or are withdrawn
    with it. Raises RuleRefused, and then nothing has changed; a mandatory category left out of `blocked` is refused
    and put on record (FM7)."""
    school = group.school
    require(by, "network.change_rules", school)
    reason = " ".join(reason.split())
    if not reason:
        raise RuleRefused("reason", "Say why. Whoever reads this next year will want to know.")
    check_blocked(group=group, by=by, blocked=blocked)
    with transaction.atomic():
        profile = Profile.objects.select_for_update().filter(group=group).first() or Profile(group=group)
        before = plain(profile) if profile.pk else {}
        for name, value in _values(choices).items():
            setattr(profile, name, value)
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


def check_blocked(*, group: Group, by: Person | None, blocked: set[str]) -> None:
    """Raises RuleRefused for a category that is unknown, or mandatory and left out (which is put on record)."""
    if unknown := blocked - set(catalog()):
        raise RuleRefused("blocked", f"There is no category “{sorted(unknown)[0][:80]}”.")
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


def profile_changes(*, group: Group, choices: Choices, blocked: set[str]) -> list[str]:
    """What saving this would change, a sentence each."""
    known: Profile | None = getattr(group, "profile", None)
    sentences = []
    for field in fields(Choices):
        before, after = getattr(known, field.name, None), getattr(choices, field.name)
        if before != after:
            was = f" (now: {_say(field.name, before)})" if known else ""
            sentences.append(f"{_LABELS[field.name]}: {_say(field.name, after)}{was}")
    standing = set(blocking_rules(group))
    titles = catalog().title
    sentences += [f"Blocked from now on: {titles(key)}" for key in sorted(_to_block(blocked, standing), key=titles)]
    sentences += [f"Blocked by this profile no more: {titles(key)}" for key in sorted(standing - blocked, key=titles)]
    return sentences


_LABELS = {
    "default": "When no rule speaks",
    "safe_search": "Safe search",
    "youtube": "YouTube",
    "image_search": "Image search",
    "ways_round": "Ways round the filter",
}


def _say(name: str, value: object) -> str:
    match name:
        case "default":
            return str(Profile.Default(str(value)).label).lower()
        case "youtube":
            return str(Profile.YouTube(str(value)).label).lower()
        case "safe_search":
            return "locked on" if value else "off"
        case "image_search":
            return "on" if value else "off"
        case _:
            return "open" if value else "closed"


def _change_categories(group: Group, by: Person | None, reason: str, blocked: set[str]) -> None:
    standing = blocking_rules(group)
    for key in sorted(_to_block(blocked, set(standing))):
        asked = NewRule(RuleLevel.GROUP, Rule.Action.BLOCK, f"category:{key}", reason, group=group)
        add_rule(school=group.school, by=by, asked=asked)
    for key in sorted(set(standing) - blocked):
        withdraw_rule(rule=standing[key], by=by, reason=reason)


def _to_block(blocked: set[str], standing: set[str]) -> set[str]:
    """Categories that need a rule; a mandatory one needs none, nothing opens it."""
    return {key for key in blocked - standing if not catalog().mandatory(key)}


def blocking_rules(group: Group) -> dict[str, Rule]:
    """The group's own rules that block a category at all times, of those that have a box on the profile's page."""
    rules = Rule.objects.filter(
        school=group.school,
        level=RuleLevel.GROUP,
        group=group,
        action=Rule.Action.BLOCK,
        kind=Rule.Kind.CATEGORY,
        timing="",
        until__isnull=True,
    )
    return {rule.value: rule for rule in rules.standing().exclude(value__in=OF_PROFILE).with_names()}


def _values(choices: Choices) -> dict[str, object]:
    return {field.name: getattr(choices, field.name) for field in fields(Choices)}


def plain(profile: Profile) -> dict[str, object]:
    return {field.name: getattr(profile, field.name) for field in fields(Choices)}
