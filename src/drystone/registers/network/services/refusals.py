"""What nobody may do, and what only the authority may: refused in plain words, and put on record."""

from __future__ import annotations

from typing import NoReturn

from drystone.registers.network.catalog import catalog
from drystone.registers.network.in_force import mandatory_title
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.permission import require
from drystone.registers.network.words import describe, plain
from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

COUNCIL = "network.change_global_rules"
ONLY_THE_AUTHORITY = "This rule is set for all schools of the authority; only the authority can change it."


class RuleRefused(Exception):
    """The rule cannot be: `field` of the form, and what to do. `other` is a rule that stands in its way."""

    def __init__(self, field: str, message: str, other: Rule | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.other = other


def speaks_for_authority(by: Person | None, authority_id: int | None) -> bool:
    """Whether this person sets the rules of this authority. None is the house itself."""
    if by is None:
        return True
    own = by.school.authority_id
    return own is not None and own == authority_id and bool(roles_of(by) & matrix()[COUNCIL])


def require_hand(*, school: School, by: Person | None, rule: Rule, verb: str) -> None:
    """P35: the school's rules need the permission; the authority's need the authority, and whoever else tries is
    refused on record. Raises NotAllowed or RuleRefused."""
    if rule.level != RuleLevel.GLOBAL:
        require(by, "network.change_rules", school)
    elif not speaks_for_authority(by, rule.authority_id):
        refuse(
            school=by.school if by else school,
            by=by,
            rule=rule,
            summary=f"Refused to {verb} a rule of the authority: {describe(rule)}",
            field="level",
            message=f"{ONLY_THE_AUTHORITY} This attempt is on record.",
        )


def refuse_to_open(*, school: School, by: Person | None, rule: Rule) -> None:
    """FM7: a rule that would open a mandatory category, or a site that a mandatory list names, raises RuleRefused,
    and the attempt is put on record. (An expression cannot be known beforehand: the decision asks mandatory lists
    before any rule.)"""
    if rule.action != Rule.Action.ALLOW:
        return
    if rule.kind == Rule.Kind.CATEGORY and catalog().mandatory(rule.value):
        title, what = catalog().title(rule.value), f"“{catalog().title(rule.value)}”"
    elif rule.kind == Rule.Kind.SITE and (title := mandatory_title(school, rule.value)):
        what = f"{rule.value}, which is on a list of “{title}”,"
    else:
        return
    refuse(
        school=school,
        by=by,
        rule=rule,
        summary=f"Refused to open {what.rstrip(',')}: nobody can",
        field=rule.kind,
        message=f"{what} is blocked by law and duty. Nobody can open it, and this attempt is on record.",
    )


def refuse(*, school: School, by: Person | None, rule: Rule, summary: str, field: str, message: str) -> NoReturn:
    record(
        school=school,
        by=by,
        verb="refused_filter_rule",
        subject=rule if rule.pk else f"{rule.kind}:{rule.value}"[:80],
        summary=summary,
        after=plain(rule),
    )
    raise RuleRefused(field, message)
