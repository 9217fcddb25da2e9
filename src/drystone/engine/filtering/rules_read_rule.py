"""Reads the list of rules: each with what it names checked against the rest of the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from drystone.engine.filtering import rules_schema as schema
from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules import RULE_LEVELS, Rule, Target
from drystone.engine.filtering.rules_fields import NAME, Fields, check_name
from drystone.engine.filtering.rules_values import read_target
from drystone.engine.filtering.rules_yaml import Complain
from drystone.engine.filtering.words import RuleAction, TargetKind

_NOTHING = Target(TargetKind.SITE, "")  # stands in where the target was refused, and goes no further


@dataclass(frozen=True, slots=True)
class Known:
    """What the rest of the file names. `mandatory` are categories."""

    mandatory: frozenset[str]
    groups: tuple[str, ...]
    zones: tuple[str, ...]
    people: frozenset[str]
    schedules: tuple[str, ...]


def read_rule_list(file: Fields, known: Known, complain: Complain) -> tuple[Rule, ...]:
    rules = []
    for number, node in enumerate(file.items("rules"), start=1):
        fields = Fields(node, schema.RULE, f"rule {number}", complain)
        if fields.readable:
            rules.append(_rule(fields, known))
    return _with_ids(rules, file)


def _rule(fields: Fields, known: Known) -> Rule:
    level = _level(fields)
    action, target = _action(fields, known)
    rule = Rule(
        id=fields.text("id"),
        level=level or Level.SCHOOL,
        action=action,
        target=target,
        reason=fields.text("reason"),
        by=fields.text("by"),
        group=fields.name_of("group", known.groups, "groups"),
        zone=fields.name_of("zone", known.zones, "zones"),
        person=_person(fields, known),
        locked=fields.flag("locked"),
        when=fields.name_of("when", known.schedules, "schedules"),
        outside=fields.name_of("outside", known.schedules, "schedules"),
        until=fields.day("until"),
        redirect=fields.page("redirect"),
        line=fields.line,
    )
    _check(fields, rule)
    if level is not None:
        _check_level(fields, rule)
    return rule


def _level(fields: Fields) -> Level | None:
    text = fields.text("level")
    if text in RULE_LEVELS:
        return Level(text)
    if text:
        hint = schema.suggestion(text, tuple(map(str, RULE_LEVELS)))
        fields.complain(fields.line_of("level"), f"level is '{text}'; {hint}")
    return None


def _action(fields: Fields, known: Known) -> tuple[RuleAction, Target]:
    if fields.has("block") == fields.has("allow"):
        both = fields.has("block")
        message = "has both block and allow; keep one" if both else "has neither block nor allow; add one"
        fields.complain(fields.line, message)
        return RuleAction.BLOCK, _NOTHING
    action = RuleAction.BLOCK if fields.has("block") else RuleAction.ALLOW
    text, line = fields.text(action), fields.line_of(action)
    try:
        target = read_target(text)
    except ValueError as error:
        if text:
            fields.complain(line, f"{action}: {error}")
        return action, _NOTHING
    if target.kind is TargetKind.CATEGORY:
        _check_category(fields, known, action, target.value, line)
    return action, target


def _check_category(fields: Fields, known: Known, action: RuleAction, category: str, line: int) -> None:
    """A category that the file does not name may be a folder of LISTS: `rules.with_folders` finds out."""
    if not NAME.fullmatch(category):
        fields.complain(line, f"'{category}' cannot name a category; use letters, digits, _ and - only")
    if action is RuleAction.ALLOW and category in known.mandatory:
        fields.complain(line, f"category '{category}' is mandatory and nothing may open it; take this rule out")


def _person(fields: Fields, known: Known) -> str:
    written = fields.text("person")
    person = sign_on_name(written)
    if person and person not in known.people:
        fields.complain(fields.line_of("person"), f"'{written}' is not under people; add the person there first")
    return person


def _check(fields: Fields, rule: Rule) -> None:
    """What no key can tell alone."""
    if rule.id:
        check_name(fields, rule.id, fields.line_of("id"), "rule")
    if rule.when and rule.when == rule.outside:
        message = f"holds when and outside '{rule.when}', so never; keep one of the two"
        fields.complain(fields.line_of("outside"), message)


def _check_level(fields: Fields, rule: Rule) -> None:
    if rule.level in (Level.GROUP, Level.ZONE, Level.PERSON) and not getattr(rule, rule.level):
        fields.complain(fields.line, f"is of level {rule.level} and names none; add {rule.level}: …")
    if rule.locked and rule.level is not Level.GLOBAL:
        fields.complain(fields.line_of("locked"), "only a rule of level global can be locked; leave locked out")


def _with_ids(rules: list[Rule], file: Fields) -> tuple[Rule, ...]:
    """Rules without an id get `<level>-<n>`, the n-th of their level; a number already given is passed over."""
    lines: dict[str, int] = {}
    for rule in rules:
        if rule.id and rule.id in lines:
            message = f"id '{rule.id}' is taken by the rule on line {lines[rule.id]}; choose another"
            file.complain(rule.line, message)
        elif rule.id:
            lines[rule.id] = rule.line
    count: Counter[Level] = Counter()
    named = []
    for rule in rules:
        count[rule.level] += 1
        while not rule.id and f"{rule.level}-{count[rule.level]}" in lines:
            count[rule.level] += 1
        named.append(rule if rule.id else replace(rule, id=f"{rule.level}-{count[rule.level]}"))
    return tuple(named)
