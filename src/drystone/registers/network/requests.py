"""What the register of requests asks of the filter: what a site is, what a permit would open, a rule to be drafted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from drystone.engine.filtering import Decision, OverlayError
from drystone.engine.filtering.decision import decision
from drystone.engine.filtering.help import is_help
from drystone.engine.filtering.overlay import EMPTY_OVERLAY, FILE_NAME, Overlay, Permit
from drystone.registers.network.catalog import catalog
from drystone.registers.network.in_force import bundle_in_force, mandatory_title
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.network.words import describe
from drystone.registers.school.models import Group, Person, School

# What a child asked for under one of these says something about the child.
SENSITIVE_THEMES = frozenset(
    {
        "illegal",
        "pornography",
        "drugs and substance abuse",
        "violence",
        "violence against women and girls",
        "self-harm and eating disorders",
        "suicide",
        "hate speech",
        "extremism",
    }
)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """`mandatory` is the title of the mandatory category that names the site, or ""; `categories` are (key, title)."""

    help: bool
    mandatory: str
    categories: tuple[tuple[str, str], ...]
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """How one place is answered now, and with the permit."""

    where: str
    before: Decision
    after: Decision


def site_facts(school: School, host: str, category: str = "") -> SiteFacts:
    """`host` is canonical. `category`: one more that is known of it, as from the event that blocked it."""
    known, bundle = catalog(), bundle_in_force(school)
    keys = {category} if category else set()
    helps = is_help(host)
    if bundle is not None:
        facts = bundle.facts_of_url(host, "/")
        helps = helps or facts.help
        keys |= {each.key for each in bundle.policy.categories if any(facts.lists >> n & 1 for n in each.lists)}
    # A category whose theme nobody has told us may be anything, so it counts as sensitive.
    sensitive = any(key not in known or (known[key].theme or "illegal") in SENSITIVE_THEMES for key in keys)
    titles = sorted(((key, known.title(key)) for key in keys), key=lambda pair: pair[1])
    return SiteFacts(helps, mandatory_title(school, host), tuple(titles), sensitive)


def would_open(school: School, permit: Permit, at: datetime) -> tuple[Opening, ...]:
    """In each zone, for somebody nobody knows. Empty where nothing has been published."""
    bundle = bundle_in_force(school)
    if bundle is None:
        return ()
    try:
        now = Overlay.load(settings.HOME.school_bundles(school.slug) / FILE_NAME)
    except OverlayError:
        now = EMPTY_OVERLAY
    moment = bundle.moment(at)

    def decided(overlay: Overlay) -> list[Decision]:
        profiles = [bundle.profile_as(zone=zone, person="", at=at, overlay=overlay) for zone in bundle.zones]
        return [
            decision(bundle, permit.host, profile, bundle.verdict(permit.host, permit.path or "/", profile, moment))
            for profile in profiles
        ]

    before, after = decided(now), decided(replace(now, permits=(*now.permits, permit)))
    places = [f"{zone.title} ({bundle.groups[zone.group].title})" for zone in bundle.zones.values()]
    return tuple(map(Opening, places, before, after))


def draft_site_rule(
    *, school: School, by: Person | None, block: bool, host: str, reason: str, group: Group | None = None
) -> tuple[int, str]:
    """A rule for a site, which acts from the next publication: (its number, itself in words).

    Raises RuleRefused or NotAllowed.
    """
    asked = NewRule(
        level=RuleLevel.GROUP if group else RuleLevel.SCHOOL,
        action=Rule.Action.BLOCK if block else Rule.Action.ALLOW,
        target=f"site:{host}",
        reason=reason,
        group=group,
    )
    rule = add_rule(school=school, by=by, asked=asked)
    return rule.pk, describe(rule)
