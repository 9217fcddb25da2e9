"""Rules in the words of people: one sentence for a rule, used by lists, changes, audit and preview alike."""

from __future__ import annotations

import ipaddress

from drystone.registers.network.catalog import Catalog, catalog
from drystone.registers.network.models import Rule, RuleLevel


def describe(rule: Rule, known: Catalog | None = None) -> str:
    """“Block Gambling for Key Stage 2, only during Lunch, until 31 January 2027”. Who describes many rules gives the
    catalogue, which otherwise is looked for on the disk each time."""
    parts = [f"{rule.get_action_display()} {target(rule, known)} for {whom(rule)}"]
    if rule.schedule is not None:
        parts.append(f"{rule.get_timing_display().lower()} {rule.schedule.name}")
    if rule.until is not None:
        parts.append(f"until {rule.until.day} {rule.until:%B %Y}")
    if rule.locked:
        parts.append("locked")
    return ", ".join(parts)


def target(rule: Rule, known: Catalog | None = None) -> str:
    match rule.kind:
        case Rule.Kind.CATEGORY:
            return f"“{(known or catalog()).title(rule.value)}”"
        case Rule.Kind.EXPRESSION:
            return f"addresses that match {rule.value}"
        case _:
            return rule.value


def kind(rule: Rule) -> str:
    """What sort of thing the rule is about: a site may be a whole one, a part of one, or an address."""
    if rule.kind != Rule.Kind.SITE:
        return str(rule.get_kind_display())
    host, slash, _ = rule.value.replace("?", "/", 1).partition("/")
    if slash:
        return "Part of a site"
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "Site"
    return "IP address"


def whom(rule: Rule) -> str:
    match rule.level:
        case RuleLevel.GLOBAL:
            schools = f"all schools of {rule.authority}"
            return f"{_ages(rule)} in {schools}" if rule.ages else schools
        case RuleLevel.ZONE:
            return str(rule.zone or rule.place_name)
        case RuleLevel.PERSON:
            return str(rule.person)
        case _:
            return str(rule.group) if rule.group else rule.place_name or "everyone at the school"


def _ages(rule: Rule) -> str:
    label = rule.get_ages_display().partition(" (")[0]
    return label if label.startswith("Key") else label.lower()


def plain(rule: Rule) -> dict[str, str]:
    """A rule for the audit trail; a person stands in it by key."""
    values = {
        "level": rule.level,
        "action": rule.action,
        "target": f"{rule.kind}:{rule.value}",
        "ages": rule.ages,
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
