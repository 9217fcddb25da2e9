"""Making, changing, withdrawing and putting back rules. A change withdraws the old rule, and the new one names it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.examine import LONGEST_REASON, NewRule, double_of, examine, reason_of
from drystone.registers.network.services.permission import require
from drystone.registers.network.services.refusals import RuleRefused, refuse_to_open, require_hand
from drystone.registers.network.words import describe, plain
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

HOUSE = "Drystone"


def add_rule(
    *, school: School, by: Person | None, asked: NewRule, replaces: Rule | None = None, as_name: str = HOUSE
) -> Rule:
    """FM1: a rule with who and why; it acts from the next publication on. One of level GLOBAL is the authority's, for
    all its schools. `as_name` stands for the house itself where nobody is signed in.

    Raises RuleRefused. To open what is mandatory is refused, and the attempt is put on record (FM7).
    """
    if replaces is not None:
        require_hand(school=school, by=by, rule=replaces, verb="change")
    if asked.level != RuleLevel.GLOBAL:
        require(by, "network.change_rules", school)
    rule = examine(school=school, asked=asked, replaces=replaces)
    require_hand(school=school, by=by, rule=rule, verb="add")
    refuse_to_open(school=school, by=by, rule=rule)
    rule.author, rule.author_name, rule.replaces = by, by.name if by else as_name, replaces
    with transaction.atomic():
        if replaces is not None:
            _withdraw(replaces, by=by, reason=f"Replaced: {rule.reason}"[:LONGEST_REASON], as_name=as_name)
        rule.save(force_insert=True)
        record(
            school=rule.school,
            by=by,
            as_name=as_name,
            verb="add_filter_rule",
            subject=rule,
            summary=f"Added the rule: {describe(rule)}",
            after=plain(rule),
        )
    return rule


def add_rules(*, school: School, by: Person | None, asked: Sequence[NewRule], replaces: Sequence[Rule] = ()) -> str:
    """Many rules at once, all or none; returns the mark that they share. `replaces` are withdrawn for them (rules
    that said the contrary). Raises RuleRefused for the first that cannot be."""
    rules = [examine(school=school, asked=each) for each in asked]
    if not rules:
        raise RuleRefused("sites", "There is no site to add a rule for.")
    for rule in rules:
        require_hand(school=school, by=by, rule=rule, verb="add")
        refuse_to_open(school=school, by=by, rule=rule)
    batch = secrets.token_hex(6)
    for rule in rules:
        rule.author, rule.author_name, rule.batch = by, by.name if by else HOUSE, batch
    first = rules[0]
    with transaction.atomic():
        for old in replaces:
            require_hand(school=school, by=by, rule=old, verb="change")
            _withdraw(old, by=by, reason=f"Replaced: {first.reason}"[:LONGEST_REASON])
        Rule.objects.bulk_create(rules)
        record(
            school=first.school,
            by=by,
            verb="add_filter_rules",
            subject=f"batch:{batch}",
            summary=f"Added {len(rules)} rules at once, like: {describe(first)}",
            after={**plain(first), "target": [f"{rule.kind}:{rule.value}" for rule in rules]},
        )
    return batch


def withdraw_rule(*, rule: Rule, by: Person | None, reason: str, as_name: str = HOUSE) -> Rule:
    """The rule stays on record and leaves the next publication. Raises RuleRefused."""
    require_hand(school=_school_of(rule, by), by=by, rule=rule, verb="withdraw")
    with transaction.atomic():
        _withdraw(rule, by=by, reason=reason_of(reason), as_name=as_name)
    return rule


def withdraw_rules(*, rules: Sequence[Rule], by: Person | None, reason: str, permitted: bool = False) -> int:
    """All of them or none: how many. `permitted`: the caller has seen to it that `by` may. Raises RuleRefused."""
    for rule in () if permitted else rules:
        require_hand(school=_school_of(rule, by), by=by, rule=rule, verb="withdraw")
    said = reason_of(reason)
    with transaction.atomic():
        for rule in rules:
            _withdraw(rule, by=by, reason=said)
    return len(rules)


def restore_rule(*, rule: Rule, by: Person | None) -> Rule:
    """Undo: a withdrawn rule stands again, under its own number, as if it had never gone; the audit trail keeps both.
    Raises RuleRefused where that cannot be any more."""
    school = _school_of(rule, by)
    require_hand(school=school, by=by, rule=rule, verb="put back")
    _check_can_stand(rule)
    refuse_to_open(school=school, by=by, rule=rule)
    before = {"withdrawn": rule.withdrawn_at and rule.withdrawn_at.isoformat(), "reason": rule.withdrawn_reason}
    with transaction.atomic():
        changed = Rule.objects.filter(pk=rule.pk, withdrawn_at__isnull=False).update(
            withdrawn_at=None, withdrawn_by=None, withdrawn_by_name="", withdrawn_reason=""
        )
        if not changed:
            raise RuleRefused("reason", "Somebody else has put this rule back already.")
        rule.refresh_from_db()
        record(
            school=rule.school,
            by=by,
            verb="restore_filter_rule",
            subject=rule,
            summary=f"Put back the rule: {describe(rule)}",
            before=before,
            after=plain(rule),
        )
    return rule


def _check_can_stand(rule: Rule) -> None:
    if rule.standing:
        raise RuleRefused("reason", "This rule is in use.")
    if Rule.objects.filter(replaces=rule).exists():
        raise RuleRefused("reason", "Another rule took its place. Change or withdraw that one.")
    if rule.place_name:
        raise RuleRefused("reason", f"{rule.place_name} is no longer there, so this rule would be for nobody.")
    if rule.schedule is not None and rule.schedule.removed_at:
        raise RuleRefused("reason", f"Its schedule, {rule.schedule}, was removed. Add a new rule.")
    if rule.over_on(timezone.localdate()):
        raise RuleRefused("reason", "Its last day is past. Add a new rule.")
    if rule.kind == Rule.Kind.CATEGORY and rule.value not in catalog():
        raise RuleRefused("reason", "No installed list has this category any more.")
    if double_of(rule):
        raise RuleRefused("reason", "There is the same rule again already.")


def _school_of(rule: Rule, by: Person | None) -> School:
    """Whose permissions and lists count: the rule's own school; for a rule of the authority, that of who asks."""
    school = rule.school or (by.school if by else None)
    if school is None and rule.authority is not None:
        school = rule.authority.schools.first()
    if school is None:
        raise RuleRefused("level", "This rule belongs to no school.")
    return school


def _withdraw(rule: Rule, *, by: Person | None, reason: str, as_name: str = HOUSE) -> None:
    now = timezone.now()
    changed = Rule.objects.filter(pk=rule.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=by, withdrawn_by_name=by.name if by else as_name, withdrawn_reason=reason
    )
    if not changed:
        raise RuleRefused("reason", "Somebody else has withdrawn this rule already.")
    rule.refresh_from_db()
    record(
        school=rule.school,
        by=by,
        as_name=as_name,
        verb="withdraw_filter_rule",
        subject=rule,
        summary=f"Withdrew the rule: {describe(rule)}",
        before=plain(rule),
        after={"withdrawn": now.isoformat(), "reason": reason},
    )


__all__ = [
    "NewRule",
    "RuleRefused",
    "add_rule",
    "add_rules",
    "examine",
    "refuse_to_open",
    "restore_rule",
    "withdraw_rule",
    "withdraw_rules",
]
