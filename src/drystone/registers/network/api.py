"""What other registers and the set-up wizard may ask of the network register."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from drystone.engine.filtering.explain import Explanation
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import OF_PROFILE, CheckRun, Publication, Rule
from drystone.registers.network.models import number_of as rule_number
from drystone.registers.network.requests import Opening, SiteFacts, draft_site_rule, site_facts, would_open
from drystone.registers.network.services.changes import current_publication, pending_changes
from drystone.registers.network.services.draft import profile_reason
from drystone.registers.network.services.profiles import start_profiles
from drystone.registers.network.services.publishing import CannotPublish, publish
from drystone.registers.network.services.refusals import RuleRefused
from drystone.registers.network.services.tryouts import CannotTryOut, try_out
from drystone.registers.network.tasks import SETTLE_SECONDS, check_by_itself
from drystone.registers.network.why import CannotExplain, explain_now
from drystone.registers.school.models import Group, Person, School

__all__ = [
    "SETTLE_SECONDS",
    "CannotPublish",
    "NetworkFacts",
    "Opening",
    "RuleRefused",
    "SiteFacts",
    "category_titles",
    "check_filter",
    "draft_site_rule",
    "explain_for",
    "network_facts",
    "publish_first",
    "reasons_of",
    "rule_number",
    "site_facts",
    "try_out_draft",
    "would_open",
]


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """How the filter of a school stands, for pages of other rooms."""

    edition: str
    published_at: datetime | None
    published_by: str
    rules: int
    unpublished: int


def publish_first(school: School, by: Person | None) -> Publication:
    """Starting profiles for each age band, and the first bundle, before this returns. Raises CannotPublish."""
    start_profiles(school=school, by=by)
    publication = publish(school=school, by=by, note="The first edition, made when the school was set up")
    if publication.failure:
        raise CannotPublish(publication.failure)
    return publication


def check_filter(school: School) -> None:
    """P49: the filter tests itself, now. Wait SETTLE_SECONDS after publishing, until gateways have the edition."""
    check_by_itself(school, CheckRun.Trigger.PUBLISH)


def try_out_draft(school: School, *, days: int) -> None:
    """Try the draft on the traffic of the last days; what came of it stands on its page."""
    with suppress(CannotTryOut):  # somebody is at it already
        try_out(school=school, by=None, days=days)


def network_facts(school: School) -> NetworkFacts:
    current = current_publication(school)
    return NetworkFacts(
        edition=current.edition if current else "",
        published_at=current.finished_at if current else None,
        published_by=current.by_name if current else "",
        rules=Rule.objects.of(school).standing().count(),
        unpublished=len(pending_changes(school)),
    )


def explain_for(
    school: School,
    url: str,
    *,
    zone: str = "",
    person: Person | None = None,
    group: str = "",
    at: datetime | None = None,
    edition: str = "",
) -> Explanation | None:
    """Why an address is open or closed: `zone` and `group` by their slugs, what is left out worked out from the rest;
    `edition` "" is the one in force, "draft" the draft. None where there is no such edition, zone or group in it."""
    try:
        return explain_now(school, url, zone=zone, person=person, group=group, at=at, edition=edition)
    except CannotExplain:
        return None


def reasons_of(school: School, keys: set[str]) -> dict[str, str]:
    """The reasons of rules by their ids in events. A rule never changes, so this holds for events of any edition."""
    numbers = {key: number for key in keys if (number := rule_number(key)) is not None}
    rules = Rule.objects.of(school).filter(pk__in=numbers.values()).only("pk", "reason")
    reasons = {rule.pk: rule.reason for rule in rules}
    said = {key: reasons[number] for key, number in numbers.items() if number in reasons}
    return said | _of_profiles(school, {key for key in keys if key.startswith("profile-")})


def _of_profiles(school: School, keys: set[str]) -> dict[str, str]:
    """What a profile shuts by itself has the group and the category in its id."""
    if not keys:
        return {}
    groups = Group.objects.filter(school=school)
    ids = {f"profile-{group.slug}-{key}": (group.name, key) for group in groups for key in OF_PROFILE}
    return {key: profile_reason(*ids[key]) for key in keys & ids.keys()}


def category_titles() -> dict[str, str]:
    """Categories in plain words, by the keys that events have."""
    return {key: entry.title for key, entry in catalog().items()}
