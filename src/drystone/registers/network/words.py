"""Rules in the words of people: one sentence for a rule, used by lists, changes, audit and preview alike."""

from __future__ import annotations

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Rule, RuleLevel


def describe(rule: Rule) -> str:
    """“Block Gambling for Key Stage 2, only during Lunch, until 31 January 2027”."""
    parts = [f"{rule.get_action_display()} {target(rule)} for {whom(rule)}"]
    if rule.schedule is not None:
        parts.append(f"{rule.get_timing_display().lower()} {rule.schedule.name}")
    if rule.until is not None:
        parts.append(f"until {rule.until.day} {rule.until:%B %Y}")
    if rule.locked:
        parts.append("locked")
    return ", ".join(parts)


def target(rule: Rule) -> str:
    match rule.kind:
        case Rule.Kind.CATEGORY:
            return f"“{catalog().title(rule.value)}”"
        case Rule.Kind.EXPRESSION:
            return f"addresses that match {rule.value}"
        case _:
            return rule.value


def whom(rule: Rule) -> str:
    match rule.level:
        case RuleLevel.GLOBAL:
            return "all schools of the authority"
        case RuleLevel.ZONE:
            return str(rule.zone)
        case RuleLevel.PERSON:
            return str(rule.person)
        case _:
            return str(rule.group) if rule.group else "everyone at the school"
