"""Making and withdrawing rules. A change is both: the old rule is withdrawn, the new one names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from drystone.engine.filtering.rules import TargetKind
from drystone.engine.filtering.rules_values import read_target
from drystone.registers.network.catalog import Catalog, catalog
from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.services.permission import require
from drystone.registers.network.words import describe
from drystone.registers.school.models import Authority, Group, Person, School, Zone
from drystone.registers.school.services.audit import record

LONGEST_REASON = 500


class RuleRefused(Exception):
    """The rule cannot be: `field` of the form, and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewRule:
    """What somebody asks for. `target` as in the rules file: `site:news.example`, `category:gambling`."""

    level: RuleLevel
    action: Rule.Action
    target: str
    reason: str
    group: Group | None = None
    zone: Zone | None = None
    person: Person | None = None
    timing: Rule.Timing = Rule.Timing.ALWAYS
    schedule: Schedule | None = None
    until: date | None = None


def add_rule(*, school: School, by: Person | None, asked: NewRule, replaces: Rule | None = None) -> Rule:
    """FM1: a rule with who and why; it acts from the next publication on.

    Raises RuleRefused. To open a mandatory category is refused, and the attempt is put on record (FM7).
    """
    require(by, "network.change_rules", school)
    rule = examine(school=school, asked=asked, replaces=replaces)
    refuse_to_open(school=school, by=by, rule=rule)
    rule.author, rule.author_name, rule.replaces = by, by.name if by else "Drystone", replaces
    with transaction.atomic():
        if replaces is not None:
            _withdraw(replaces, by=by, reason=f"Replaced: {rule.reason}"[:LONGEST_REASON])
        rule.save(force_insert=True)
        record(
            school=school,
            by=by,
            verb="add_filter_rule",
            subject=rule,
            summary=f"Added the rule: {describe(rule)}",
            after=plain(rule),
        )
    return rule


def add_global_rule(
    *, authority: Authority, by_name: str, action: Rule.Action, target: str, reason: str, locked: bool = False
) -> Rule:
    """A rule of the authority for all its schools; each of them sees it and none can change it."""
    kind, value = _target(target, catalog())
    if action == Rule.Action.ALLOW and kind == Rule.Kind.CATEGORY and catalog().mandatory(value):
        raise RuleRefused("category", "This category is blocked by law and duty. Nobody can open it.")
    with transaction.atomic():
        rule = Rule.objects.create(
            authority=authority,
            level=RuleLevel.GLOBAL,
            action=action,
            kind=kind,
            value=value,
            locked=locked,
            reason=_reason(reason),
            author_name=by_name,
        )
        record(
            school=None,
            by=None,
            as_name=by_name,
            verb="add_filter_rule",
            subject=rule,
            summary=f"Added for all schools of {authority}: {describe(rule)}",
            after=plain(rule),
        )
    return rule


def withdraw_rule(*, rule: Rule, by: Person | None, reason: str) -> Rule:
    """The rule stays on record and leaves the next publication. Raises RuleRefused."""
    if rule.school is None:
        raise RuleRefused(
            "reason", "This rule is set for all schools of the authority; only the authority can withdraw it."
        )
    require(by, "network.change_rules", rule.school)
    with transaction.atomic():
        _withdraw(rule, by=by, reason=_reason(reason))
    return rule


def _withdraw(rule: Rule, *, by: Person | None, reason: str) -> None:
    now = timezone.now()
    changed = Rule.objects.filter(pk=rule.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=by, withdrawn_by_name=by.name if by else "Drystone", withdrawn_reason=reason
    )
    if not changed:
        raise RuleRefused("reason", "Somebody else has withdrawn this rule already.")
    rule.refresh_from_db()
    record(
        school=rule.school,
        by=by,
        verb="withdraw_filter_rule",
        subject=rule,
        summary=f"Withdrew the rule: {describe(rule)}",
        before=plain(rule),
        after={"withdrawn": now.isoformat(), "reason": reason},
    )


def examine(*, school: School, asked: NewRule, replaces: Rule | None = None) -> Rule:
    """The rule as it would be, not saved. Raises RuleRefused for whatever is wrong with it."""
    if asked.level == RuleLevel.GLOBAL:
        raise RuleRefused("level", "Rules for all schools are set by the authority.")
    kind, value = _target(asked.target, catalog())
    rule = Rule(
        school=school,
        level=asked.level,
        action=asked.action,
        kind=kind,
        value=value,
        group=asked.group if asked.level in (RuleLevel.GROUP, RuleLevel.SCHOOL) else None,
        zone=asked.zone if asked.level == RuleLevel.ZONE else None,
        person=asked.person if asked.level == RuleLevel.PERSON else None,
        timing=asked.timing,
        schedule=asked.schedule if asked.timing else None,
        until=asked.until,
        reason=_reason(asked.reason),
    )
    _check_whom(rule, school)
    if rule.timing and rule.schedule is None:
        raise RuleRefused("schedule", "Choose a schedule, or say that the rule holds at all times.")
    if rule.until and rule.until < timezone.localdate():
        raise RuleRefused("until", "The last day must be today or later.")
    if _double(rule, school, replaces):
        raise RuleRefused("target", "There is the same rule already. Change or withdraw that one.")
    return rule


def _check_whom(rule: Rule, school: School) -> None:
    """What the level names is there, and is this school's: an id from another school is no such thing here."""
    for level in (RuleLevel.GROUP, RuleLevel.ZONE, RuleLevel.PERSON):
        whom = getattr(rule, level)
        if rule.level == level and whom is None:
            raise RuleRefused(level, f"Choose the {level} that the rule is for.")
        if whom is not None and whom.school_id != school.pk:
            raise RuleRefused(level, f"There is no such {level} at {school.name}.")
    if rule.schedule is not None and (rule.schedule.school_id != school.pk or rule.schedule.removed_at):
        raise RuleRefused("schedule", f"There is no such schedule at {school.name}.")
    if rule.person is not None and not rule.person.sign_on:
        message = (
            f"{rule.person.name} has no network sign-on name, so the filter cannot know them. Add it under People."
        )
        raise RuleRefused("person", message)


def _double(rule: Rule, school: School, replaces: Rule | None) -> bool:
    return (
        Rule.objects.filter(
            school=school,
            level=rule.level,
            action=rule.action,
            kind=rule.kind,
            value=rule.value,
            group=rule.group,
            zone=rule.zone,
            person=rule.person,
            timing=rule.timing,
            schedule=rule.schedule,
            until=rule.until,
        )
        .standing()
        .exclude(pk=replaces.pk if replaces else 0)
        .exists()
    )


def _target(text: str, known: Catalog) -> tuple[Rule.Kind, str]:
    kind = text.partition(":")[0]
    field = kind if kind in Rule.Kind.values else "target"
    try:
        target = read_target(text)
    except ValueError as error:
        words = str(error)
        raise RuleRefused(field, f"{words[:1].upper()}{words[1:]}.") from error
    if target.kind is TargetKind.CATEGORY and target.value not in known:
        raise RuleRefused("category", "Choose a category from the list.")
    if len(target.value) > 2000:
        raise RuleRefused(field, "That is too long: 2,000 characters at most.")
    return Rule.Kind(str(target.kind)), target.value


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise RuleRefused("reason", "Say why. Whoever reads this rule next year will want to know.")
    if len(reason) > LONGEST_REASON:
        raise RuleRefused("reason", f"The reason must be {LONGEST_REASON} characters or fewer.")
    return reason


def refuse_to_open(*, school: School, by: Person | None, rule: Rule) -> None:
    """FM7: a rule that would open a mandatory category raises RuleRefused, and the attempt is put on record."""
    if rule.action != Rule.Action.ALLOW or rule.kind != Rule.Kind.CATEGORY or not catalog().mandatory(rule.value):
        return
    title = catalog().title(rule.value)
    record(
        school=school,
        by=by,
        verb="refused_filter_rule",
        subject=f"category:{rule.value}"[:80],
        summary=f"Refused to open “{title}”, which nobody can",
        after=plain(rule),
    )
    raise RuleRefused(
        "category", f"“{title}” is blocked by law and duty. Nobody can open it, and this attempt is on record."
    )


def plain(rule: Rule) -> dict[str, str]:
    """A rule for the audit trail; a person stands in it by key."""
    values = {
        "level": rule.level,
        "action": rule.action,
        "target": f"{rule.kind}:{rule.value}",
        "group": rule.group.slug if rule.group else "",
        "zone": rule.zone.slug if rule.zone else "",
        "person": rule.person.key if rule.person else "",
        rule.timing or "when": rule.schedule.slug if rule.schedule else "",
        "until": rule.until.isoformat() if rule.until else "",
        "locked": "yes" if rule.locked else "",
        "reason": rule.reason,
        "replaces": f"rule-{rule.replaces_id}" if rule.replaces_id else "",
    }
    return {name: value for name, value in values.items() if value}
