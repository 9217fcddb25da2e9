"""The decision: who may see what, in the order of the house. First that speaks wins.

1 mandatory lists · 2 help · 3 access · 4 locked global rules · 5 rules for sites, and permits of the overlay · 6 rules
for categories · 7 the group's default; and an allowed search engine is answered with its safe host. Pure: the time
comes in the request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drystone.engine.filtering import reasons
from drystone.engine.filtering.bundle import Bundle, Facts, Verdict
from drystone.engine.filtering.policy import SPEAKS, bits
from drystone.engine.filtering.request import Action, Decision, Level, Request
from drystone.engine.filtering.safesearch import safe_host
from drystone.engine.filtering.who import Profile
from drystone.engine.filtering.words import Anything

if TYPE_CHECKING:
    from drystone.engine.filtering.overlay import Overlay, Permit

Precedence = tuple[bool, bool, int, int, int, bool, int]

_ANYTHING = {str(Anything.SITE): "none", str(Anything.ADDRESS): "in-addr"}  # %t of a page, as SquidGuard says it
UNREADABLE = Verdict(Action.BLOCK, reasons.UNREADABLE, rule="unreadable", level="")
HELP = Verdict(Action.ALLOW, reasons.HELP, rule="help", level=Level.HELP)


def decide(request: Request, bundle: Bundle, overlay: Overlay | None = None, *, shut: str = "") -> Decision:
    """`shut` is a reason for which nothing but help is open (an overlay that cannot be read)."""
    profile = bundle.profile_for(request.client, request.user, overlay, request.at, shut=shut)
    verdict = bundle.verdict(request.host, request.path, profile, bundle.moment(request.at))
    return decision(bundle, request.host, profile, verdict)


def decision(bundle: Bundle, host: str, profile: Profile, verdict: Verdict) -> Decision:
    """The whole decision, of a verdict and who asked."""
    return Decision(
        action=verdict.action,
        reason=verdict.reason,
        host=host,
        category=verdict.category,
        rule=verdict.rule,
        level=verdict.level,
        list=verdict.list,
        edition=bundle.edition,
        school=bundle.school,
        zone=profile.zone,
        group=profile.group,
        person=profile.person,
        safe_host=verdict.safe_host,
        device=profile.device,
    )


def judge(bundle: Bundle, host: str, path: str, profile: Profile, moment: int) -> Verdict:
    """The seven steps. Callers go by Bundle.verdict, which keeps the result."""
    verdict = _seven_steps(bundle, host, path, profile, moment)
    if verdict.action is Action.BLOCK:
        return _with_page(bundle, verdict, profile)
    return _made_safe(bundle, host, profile, verdict) if verdict is not HELP else verdict


def _seven_steps(bundle: Bundle, host: str, path: str, profile: Profile, moment: int) -> Verdict:
    if not host:
        return UNREADABLE
    facts = bundle.facts_of_url(host, path)
    if facts.lists & bundle.mandatory:
        category, title, name = bundle.mandatory_category(facts)
        return Verdict(Action.BLOCK, reasons.mandatory(title), category, "mandatory", Level.MANDATORY, name)
    if facts.help:
        return HELP
    if profile.barred:
        category, _, name = bundle.category_of(facts)
        return Verdict(Action.BLOCK, profile.barred, category, profile.barred_by, Level.ACCESS, name)
    speaking = facts.rules & profile.holding & moment
    number = speaks_first(bundle, speaking, host, path, profile) if speaking else None
    permit = permit_before(bundle, number, host, path, profile)
    if permit is not None:
        return _by_permit(bundle, facts, permit, profile)
    if number is not None:
        return _by_rule(bundle, facts, number, profile)
    return _by_default(bundle, facts, profile)


def speaks_first(bundle: Bundle, speaking: int, host: str, path: str, profile: Profile) -> int:
    """The number of the rule that decides: the lowest bit, but for what only the request can order."""
    masks = bundle.masks
    first = (speaking & -speaking).bit_length() - 1
    rivals = speaking & masks.stratum(first)
    if masks.rules[first].for_category:
        if bundle.groups[profile.group].match == "first":
            return min(bits(rivals), key=masks.file_order.__getitem__)
        return first
    if not rivals & masks.expressions:
        return first
    return min(bits(rivals), key=lambda number: precedence(bundle, number, host, path))


def precedence(bundle: Bundle, number: int, host: str, path: str) -> Precedence:
    """The place of a rule in the order for this request: the lower speaks first. An expression counts as long as it
    reaches into the path."""
    rule = bundle.masks.rules[number]
    length = bundle.reach(number, host, path) if rule.expression else len(rule.path)
    return (*rule.stratum, -length, -len(rule.host), not rule.block, rule.place)


def permit_before(bundle: Bundle, number: int | None, host: str, path: str, profile: Profile) -> Permit | None:
    """The permit that speaks before rule `number` does, if any: as an allow rule for a site, so never before a
    locked one, and at one level and length not before a block."""
    found = profile.permits.on(host, path)
    if not found:
        return None
    first = min(found, key=_permit_precedence)
    return first if number is None or _permit_precedence(first) < precedence(bundle, number, host, path) else None


def _permit_precedence(permit: Permit) -> Precedence:
    level = SPEAKS.index(Level(permit.level))
    return (True, False, level, -len(permit.path.rstrip("/")), -len(permit.host), True, -1)


def _by_rule(bundle: Bundle, facts: Facts, number: int, profile: Profile) -> Verdict:
    rule = bundle.masks.rules[number]
    category, title, name = bundle.category_of(facts, rule.category)
    reason = reasons.by_rule(rule, title if rule.for_category else "", bundle.groups[profile.group].title)
    if not rule.block:
        return Verdict(Action.ALLOW, reason, category, rule.id, rule.level, name)
    target = _ANYTHING.get(rule.anything, category)
    return Verdict(Action.BLOCK, reason, category, rule.id, rule.level, name, redirect=rule.redirect, target=target)


def _with_page(bundle: Bundle, verdict: Verdict, profile: Profile) -> Verdict:
    """A blocked one, with the page that goes in its place: the rule's, else its category's, else the group's."""
    if not bundle.has_pages or verdict.redirect:
        return verdict
    page = bundle.pages.get(verdict.target or verdict.category, "")
    if not page and profile.group in bundle.groups:
        page = bundle.groups[profile.group].redirect
    return replace(verdict, redirect=page) if page else verdict


def _by_permit(bundle: Bundle, facts: Facts, permit: Permit, profile: Profile) -> Verdict:
    category, _, name = bundle.category_of(facts)
    reason = reasons.by_permit(permit, bundle.groups[profile.group].title, bundle.timezone)
    return Verdict(Action.ALLOW, reason, category, permit.rule, permit.level, name)


def _by_default(bundle: Bundle, facts: Facts, profile: Profile) -> Verdict:
    group = bundle.groups[profile.group]
    category, title, name = bundle.category_of(facts)
    block = group.default == "block"
    reason = reasons.by_default(block, title, group.title)
    return Verdict(Action.BLOCK if block else Action.ALLOW, reason, category, "default", Level.PROFILE, name)


def _made_safe(bundle: Bundle, host: str, profile: Profile, verdict: Verdict) -> Verdict:
    """P59, FM12: the engine is reached at the address where its safe mode is locked on."""
    group = bundle.groups[profile.group]
    safe = safe_host(host, group.youtube) if group.safe_search else ""
    if not safe:
        return verdict
    reason = f"{verdict.reason} {reasons.SAFE_SEARCH}"
    return Verdict(
        Action.SAFE_SEARCH, reason, verdict.category, verdict.rule, verdict.level, verdict.list, safe_host=safe
    )
