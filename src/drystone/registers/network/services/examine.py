"""What somebody asks for, as a rule that could be saved; whatever is wrong with it is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from drystone.engine.filtering.rules import TargetKind
from drystone.engine.filtering.rules_values import read_target
from drystone.registers.network.catalog import Catalog, catalog
from drystone.registers.network.expressions import explain_fault
from drystone.registers.network.models import Ages, Rule, RuleLevel, Schedule
from drystone.registers.network.services.refusals import RuleRefused
from drystone.registers.school.models import Group, Person, School, Zone

LONGEST_REASON = 500
LONGEST_VALUE = 2000


@dataclass(frozen=True, slots=True)
class NewRule:
    """What somebody asks for. `target` as in the rules file: `site:news.example`, `category:gambling`. `ages` and
    `locked` are for rules of the authority."""

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
    ages: str = ""
    locked: bool = False


def examine(*, school: School, asked: NewRule, replaces: Rule | None = None) -> Rule:
    """P35: the rule as it would be, not saved. Raises RuleRefused for whatever is wrong with it."""
    of_authority = asked.level == RuleLevel.GLOBAL
    kind, value = read(asked.target, catalog())
    rule = Rule(
        school=None if of_authority else school,
        authority=school.authority if of_authority else None,
        level=asked.level,
        action=asked.action,
        kind=kind,
        value=value,
        ages=asked.ages if of_authority else "",
        group=asked.group if asked.level in (RuleLevel.GROUP, RuleLevel.SCHOOL) else None,
        zone=asked.zone if asked.level == RuleLevel.ZONE else None,
        person=asked.person if asked.level == RuleLevel.PERSON else None,
        timing=asked.timing,
        schedule=asked.schedule if asked.timing else None,
        until=asked.until,
        locked=asked.locked and of_authority,
        reason=reason_of(asked.reason),
    )
    _check_level(rule, replaces)
    _check_whom(rule, school)
    if rule.timing and rule.schedule is None:
        raise RuleRefused("schedule", "Choose a schedule, or say that the rule holds at all times.")
    if rule.until and rule.until < timezone.localdate():
        raise RuleRefused("until", "The last day must be today or later.")
    if same := double_of(rule, replaces):
        raise RuleRefused("target", "There is the same rule already. Change or withdraw that one.", same)
    return rule


def _check_level(rule: Rule, replaces: Rule | None) -> None:
    if replaces is not None and (replaces.level == RuleLevel.GLOBAL) != (rule.level == RuleLevel.GLOBAL):
        raise RuleRefused("level", "A rule of the authority stays one. Withdraw it, and make another.")
    if rule.level != RuleLevel.GLOBAL:
        return
    if rule.authority is None:
        raise RuleRefused("level", "This school belongs to no council or trust, so there are no rules for all schools.")
    if rule.timing:
        raise RuleRefused("timing", "Schedules are each school’s own, so a rule for all schools holds at all times.")
    if rule.ages and rule.ages not in Ages.values:
        raise RuleRefused("ages", "Choose an age from the list.")


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


def double_of(rule: Rule, replaces: Rule | None = None) -> Rule | None:
    """The standing rule that says the same, if there is one."""
    same = ("school", "authority", "level", "action", "kind", "value", "ages", "group", "zone", "person", "timing",
            "schedule", "until", "locked")  # fmt: skip
    exact = {name: getattr(rule, name) for name in same}
    wanted = {name if value is not None else f"{name}__isnull": value if value is not None else True
              for name, value in exact.items()}  # fmt: skip
    return Rule.objects.filter(**wanted).standing().exclude(pk=replaces.pk if replaces else 0).first()


def read(text: str, known: Catalog) -> tuple[Rule.Kind, str]:
    """A target as rules hold it: its kind, and its canonical value. Raises RuleRefused."""
    kind = text.partition(":")[0]
    field = kind if kind in Rule.Kind.values else "target"
    if kind == Rule.Kind.EXPRESSION and (fault := explain_fault(text.partition(":")[2].strip())):
        raise RuleRefused(field, fault)
    try:
        target = read_target(text)
    except ValueError as error:
        words = str(error)
        raise RuleRefused(field, f"{words[:1].upper()}{words[1:]}.") from error
    if target.kind is TargetKind.CATEGORY and target.value not in known:
        raise RuleRefused("category", "Choose a category from the list.")
    if target.kind is TargetKind.SITE and "." not in target.host and ":" not in target.host:
        raise RuleRefused(field, f"“{target.host}” is the whole top of the Internet’s names. Name the site itself.")
    if len(target.value) > LONGEST_VALUE:
        raise RuleRefused(field, f"That is too long: {LONGEST_VALUE:,} characters at most.")
    return Rule.Kind(str(target.kind)), target.value


def reason_of(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise RuleRefused("reason", "Say why. Whoever reads this rule next year will want to know.")
    if len(reason) > LONGEST_REASON:
        raise RuleRefused("reason", f"The reason must be {LONGEST_REASON} characters or fewer.")
    return reason
