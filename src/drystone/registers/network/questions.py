"""What the filter's self-test asks, and what must come back: worked out from the rules as published.

It does not ask the engine what it would decide: a mistake there would pass its own test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drystone.engine.filtering import HELP_SITES
from drystone.engine.filtering.help import above
from drystone.engine.filtering.rules import Condition, Default, Rule, RuleAction, Rules, TargetKind, Zone
from drystone.registers.network.catalog import Catalog
from drystone.registers.network.models import CheckKind

ORDINARY = "ordinary-site.drystone.example"  # RFC 2606: on no list, and nobody's
ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Question:
    """Ask for `url` as a device at `client`. `refused`: the gateway must refuse; None: it cannot be asked, `why`."""

    zone: str
    zone_name: str
    group_name: str
    client: str
    kind: CheckKind
    url: str
    refused: bool | None
    category: str = ""
    why: str = ""


def questions(rules: Rules, known: Catalog) -> list[Question]:
    """Every zone × (mandatory categories, over HTTP and HTTPS; categories that are blocked there; help; an ordinary
    site)."""
    return [question for zone in rules.zones.values() for question in _of_zone(zone, rules, known)]


def _of_zone(zone: Zone, rules: Rules, known: Catalog) -> Iterator[Question]:
    group = rules.groups[zone.group]
    network = zone.addresses[0]
    client = str(network[min(1, network.num_addresses - 1)])

    def ask(kind: CheckKind, url: str, refused: bool | None, category: str = "", why: str = "") -> Question:
        return Question(zone.key, zone.label, group.label, client, kind, url, refused, category, why)

    for key, category in (rules.categories or {}).items():
        if not category.mandatory and not blocked_at(key, zone, rules):
            continue
        kind = CheckKind.MANDATORY if category.mandatory else CheckKind.BLOCKED
        host = known[key].try_host if key in known else ""
        if not host:
            yield ask(kind, "", None, key, "its lists have no site that is there to be tried")
        elif not category.mandatory and (rule := _opens(host, zone, rules)):
            yield ask(kind, f"http://{host}/", None, key, f"a rule for a site opens it here: {rule.reason}")
        else:
            yield ask(kind, f"http://{host}/", True, key)
            if category.mandatory:
                yield ask(kind, f"https://{host}/", True, key)
    yield ask(CheckKind.HELP, f"http://{HELP_SITES[0]}/", False)
    closed = group.default is Default.BLOCK or zone.require_person
    yield ask(CheckKind.ORDINARY, f"http://{ORDINARY}/", closed)


def _applies(rule: Rule, zone: Zone) -> bool:
    return not rule.person and rule.group in ("", zone.group) and rule.zone in ("", zone.key)


def blocked_at(category: str, zone: Zone, rules: Rules) -> bool:
    """Blocked here at all times: a rule says so, and none, at whatever time, says the contrary."""
    about = [
        rule
        for rule in rules.rules
        if rule.target.kind is TargetKind.CATEGORY and rule.target.value == category and _applies(rule, zone)
    ]
    blocks = [rule for rule in about if rule.action is RuleAction.BLOCK and rule.condition == ALWAYS]
    return bool(blocks) and all(rule.action is RuleAction.BLOCK for rule in about)


def _opens(host: str, zone: Zone, rules: Rules) -> Rule | None:
    """A rule that lets this very site through here."""
    names = set(above(host))
    for rule in rules.rules:
        allows = rule.action is RuleAction.ALLOW and _applies(rule, zone)
        if allows and (rule.target.host in names or rule.target.kind in (TargetKind.EXPRESSION, TargetKind.ANY)):
            return rule
    return None
