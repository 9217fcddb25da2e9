"""What standing rules have to say to a rule that somebody wants: as much already, the contrary, or that it would
never be heard. Worked out from the rules alone, for one rule or a thousand, with one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from drystone.engine.filtering.help import above
from drystone.engine.filtering.rules_values import read_target
from drystone.registers.network.models import Ages, Rule, RuleLevel
from drystone.registers.network.models.rules import RuleQuerySet
from drystone.registers.network.words import describe, whom

_SPEAKS = (RuleLevel.PERSON, RuleLevel.ZONE, RuleLevel.GROUP, RuleLevel.SCHOOL, RuleLevel.GLOBAL)


class Clash(StrEnum):
    COVERED = "covered"  # another does the same already
    UNHEARD = "unheard"  # another says the contrary, and speaks first
    PARTLY = "partly"  # another says the contrary, and speaks first for some of those this one is for
    CONTRARY = "contrary"  # another says the contrary, and this one speaks first


@dataclass(frozen=True, slots=True)
class Note:
    """One standing rule, and what it means for the rule wanted."""

    clash: Clash
    rule: Rule
    sentence: str


class Standing:
    """Those of the rules given that stand, found by what they are about."""

    def __init__(self, rules: RuleQuerySet, *, without: Iterable[int] = ()) -> None:
        self._by_host: dict[str, list[Rule]] = defaultdict(list)
        self._by_text: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        left_out = set(without)
        for rule in rules.standing().with_names().order_by("id"):
            if rule.pk in left_out:
                continue
            if rule.kind == Rule.Kind.SITE:
                self._by_host[read_target(f"site:{rule.value}").host].append(rule)
            else:
                self._by_text[rule.kind, rule.value].append(rule)

    def notes(self, wanted: Rule) -> list[Note]:
        """What stands in the wanted rule's way first."""
        found = [note for rule in self._near(wanted) if (note := _note(wanted, rule))]
        order = list(Clash)
        return sorted(found, key=lambda note: order.index(note.clash))

    def _near(self, wanted: Rule) -> list[Rule]:
        """Rules about the same thing, or about something that takes it in."""
        if wanted.kind != Rule.Kind.SITE:
            return self._by_text.get((wanted.kind, wanted.value), [])
        target = read_target(f"site:{wanted.value}")
        near = [rule for host in above(target.host) for rule in self._by_host.get(host, ())]
        return [rule for rule in near if _takes_in(rule.value, wanted.value)]


def _note(wanted: Rule, other: Rule) -> Note | None:
    if not _meet(wanted, other):
        return None
    says = describe(other)
    if wanted.action == other.action:
        if _always(other) and _reaches_all(other, wanted) and not wanted.locked:
            return Note(Clash.COVERED, other, f"A rule does this already: {says}.")
        return None
    if _first(other, wanted) and not _reaches_all(other, wanted):
        return Note(Clash.PARTLY, other, f"A rule goes before this one for {whom(other)}: {says}.")
    if _first(other, wanted):
        when = "" if _always(other) else " while it holds"
        if other.locked:
            return Note(Clash.UNHEARD, other, f"This rule would do nothing. The authority has locked another: {says}.")
        return Note(Clash.UNHEARD, other, f"This rule would do nothing{when}. Another goes before it: {says}.")
    return Note(Clash.CONTRARY, other, f"A rule says the contrary, and this one goes before it: {says}.")


def _takes_in(wide: str, narrow: str) -> bool:
    """Whether the one site covers the other: at its host, or by a part of the path."""
    outer, inner = read_target(f"site:{wide}"), read_target(f"site:{narrow}")
    if outer.path:
        return outer.host == inner.host and (inner.path + "/").startswith(outer.path.rstrip("/") + "/")
    return True


def _meet(one: Rule, two: Rule) -> bool:
    """Whether some request could be of both: not two different groups, zones or people."""
    if one.ages or two.ages:
        bands = [band for band in (_bands(one), _bands(two)) if band]
        return len(bands) < 2 or bool(bands[0] & bands[1])
    for scope in ("group_id", "zone_id", "person_id"):
        mine, theirs = getattr(one, scope), getattr(two, scope)
        if mine and theirs and mine != theirs:
            return False
    if one.zone and two.group_id and one.zone.group_id != two.group_id:
        return False
    return not (two.zone and one.group_id and two.zone.group_id != one.group_id)


def _bands(rule: Rule) -> frozenset[str]:
    if rule.ages:
        return frozenset(str(band) for band in Ages(rule.ages).bands)
    return frozenset({rule.group.age_band}) if rule.group else frozenset()


def _whom(rule: Rule) -> tuple[object, ...]:
    return (rule.level, rule.ages, rule.group_id, rule.zone_id, rule.person_id)


def _always(rule: Rule) -> bool:
    return not rule.timing and rule.until is None


def _reaches_all(other: Rule, wanted: Rule) -> bool:
    """Whether the other rule is for everybody the wanted one is for."""
    if _whom(other) == _whom(wanted):
        return True
    everybody = other.level in (RuleLevel.GLOBAL, RuleLevel.SCHOOL) and not other.group_id
    return everybody and (not other.ages or bool(_bands(wanted)) and _bands(wanted) <= _bands(other))


def _first(one: Rule, two: Rule) -> bool:
    """Whether the first is heard before the second where both hold (steps 4 to 6 of the decision)."""
    return _precedence(one) < _precedence(two)


def _precedence(rule: Rule) -> tuple[bool, int, int, int, bool]:
    host_length, path_length = 0, 0
    if rule.kind == Rule.Kind.SITE:
        target = read_target(f"site:{rule.value}")
        host_length, path_length = len(target.host), len(target.path)
    return (not rule.locked, _SPEAKS.index(RuleLevel(rule.level)), -path_length, -host_length, rule.action != "block")
