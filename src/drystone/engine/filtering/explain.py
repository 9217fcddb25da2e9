"""P35, P14: why a request is answered as it is, step by step: what was looked at, what spoke, what lost and why.

The decision itself is `judge`'s, and the steps are told by the same masks that it decided by, so an explanation cannot
say anything else than the filter does. Of people only keys are known here; who shows an explanation puts names in, for
those who may see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drystone.engine.filtering import reasons
from drystone.engine.filtering.bundle import Bundle, Facts
from drystone.engine.filtering.decision import decision, judge, permit_before, precedence, speaks_first
from drystone.engine.filtering.help import above
from drystone.engine.filtering.overlay import Overlay, Permit
from drystone.engine.filtering.policy import BundleRule, bits
from drystone.engine.filtering.request import Action, Decision, Level, Request
from drystone.engine.filtering.safesearch import safe_host
from drystone.engine.filtering.schedule import local_time
from drystone.engine.filtering.who import Profile

MANDATORY, HELP, ACCESS, LOCKED, SITE, CATEGORY, DEFAULT, SAFE = range(1, 9)
TITLES = {
    MANDATORY: "Lists that must be blocked for everyone",
    HELP: "Help that is always open",
    ACCESS: "Who may use the Internet at all",
    LOCKED: "Locked rules for every school",
    SITE: "Rules for this site",
    CATEGORY: "Rules for the categories it is in",
    DEFAULT: "What the group may reach when no rule speaks",
    SAFE: "Safe search",
}


class Outcome(StrEnum):
    SPOKE = "spoke"  # it decided
    LOST = "lost"  # it is about this site, this asker and this time, and something else spoke before it
    NOT_NOW = "not-now"  # its schedule does not hold, or it is over
    NOT_THEM = "not-them"  # it is for others
    FACT = "fact"  # what a list says; a list decides nothing unless a rule is about its category


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule, a permit or a list that is about this site. `key` is its id in events, or the list's folder; `why` says
    why it did not decide. `rule` is the rule itself, for whoever has better words for it."""

    key: str
    sentence: str
    outcome: Outcome
    why: str = ""
    rule: BundleRule | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One of the seven, or safe search (8). What comes after the step that spoke was not `reached`."""

    number: int
    title: str
    spoke: bool
    reached: bool
    sentence: str
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`zone` and `group` are titles, "" for none. The host of the decision is "" where it could not be read: then no
    step was reached."""

    decision: Decision
    at: datetime
    path: str
    zone: str
    group: str
    steps: tuple[Step, ...]

    @property
    def decided_by(self) -> Step | None:
        return next((step for step in self.steps if step.spoke and step.number != SAFE), None)


def explain(request: Request, bundle: Bundle, overlay: Overlay | None = None, *, shut: str = "") -> Explanation:
    """The same decision as `decide`, and how it came about."""
    profile = bundle.profile_for(request.client, request.user, overlay, request.at, shut=shut)
    return explain_to(profile, request.host, request.path, bundle, request.at)


def explain_to(
    profile: Profile, host: str, path: str, bundle: Bundle, at: datetime, schedules: Mapping[str, str] | None = None
) -> Explanation:
    """The same for whoever has this profile. `schedules` are names for the keys that schedules have."""
    verdict = judge(bundle, host, path, profile, bundle.moment(at))
    whole = decision(bundle, host, profile, verdict)
    zone = bundle.zones[profile.zone].title if profile.zone in bundle.zones else ""
    group = bundle.groups[profile.group].title if profile.group in bundle.groups else ""
    steps = _Chain(bundle, host, path, profile, at, whole, schedules or {}).steps() if host else ()
    return Explanation(whole, at, path, zone, group, steps)


class _Chain:
    """The steps for one request; each method tells one."""

    def __init__(
        self,
        bundle: Bundle,
        host: str,
        path: str,
        profile: Profile,
        at: datetime,
        whole: Decision,
        schedules: Mapping[str, str],
    ) -> None:
        self.schedules = schedules
        self.bundle, self.host, self.path, self.profile, self.at, self.whole = bundle, host, path, profile, at, whole
        self.facts: Facts = bundle.facts_of_url(host, path)
        self.holding = self.facts.rules & profile.holding & bundle.moment(at)
        first = speaks_first(bundle, self.holding, host, path, profile) if self.holding and profile.group else None
        self.permit = permit_before(bundle, first, host, path, profile)
        self.first = None if self.permit else first
        self.decided = self._decided()

    def steps(self) -> tuple[Step, ...]:
        return (
            self._mandatory(),
            self._help(),
            self._access(),
            self._rules(LOCKED, "No locked rule is about it."),
            self._rules(SITE, "No rule is about this very site."),
            self._categories(),
            self._default(),
            self._safe_search(),
        )

    def _decided(self) -> int:
        match self.whole.level:
            case Level.MANDATORY:
                return MANDATORY
            case Level.HELP:
                return HELP
            case Level.ACCESS:
                return ACCESS
            case Level.PROFILE:
                return DEFAULT
        return SITE if self.first is None else step_of(self.bundle.masks.rules[self.first])

    def _step(self, number: int, sentence: str, considered: tuple[Considered, ...] = ()) -> Step:
        reached = number <= self.decided or number == SAFE
        return Step(number, TITLES[number], number == self.decided, reached, sentence, considered)

    def _mandatory(self) -> Step:
        found = tuple(each for each, mandatory in self._lists() if mandatory)
        return self._step(MANDATORY, self.whole.reason if found else "None of them names it.", found)

    def _help(self) -> Step:
        entry = next((name for name in above(self.host) if self.bundle.is_help(name)), "")
        if not entry:
            return self._step(HELP, "It is not a site of help, nor one of the school’s own.")
        outcome = Outcome.SPOKE if self.decided == HELP else Outcome.LOST
        found = Considered(entry, f"{entry}, and everything below it, is always open", outcome, self._too_late(HELP))
        return self._step(HELP, reasons.HELP, (found,))

    def _access(self) -> Step:
        if self.profile.barred:
            return self._step(ACCESS, self.profile.barred)
        where = self.bundle.zones[self.profile.zone].title if self.profile.zone else "An address in no zone"
        group = self.bundle.groups[self.profile.group].title
        known = "somebody who is signed on" if self.profile.person else "nobody signed on"
        return self._step(ACCESS, f"{where}, {known}, filtered as {group}: access stands.")

    def _rules(self, step: int, silent: str) -> Step:
        rules = [n for n in bits(self.facts.rules) if step_of(self.bundle.masks.rules[n]) == step]
        found = [self._rule(number) for number in rules]
        if step == SITE:
            found += [self._permit(permit) for permit in self.profile.permits.on(self.host, self.path)]
        return self._step(step, self._sentence(step, found, silent), tuple(found))

    def _categories(self) -> Step:
        lists = tuple(each for each, mandatory in self._lists() if not mandatory)
        rules = [n for n in bits(self.facts.rules) if step_of(self.bundle.masks.rules[n]) == CATEGORY]
        found = (*lists, *map(self._rule, rules))
        silent = "No list names it." if not lists else "It is listed, and no rule is about what it is listed as."
        return self._step(CATEGORY, self._sentence(CATEGORY, list(found), silent), found)

    def _default(self) -> Step:
        group = self.bundle.groups.get(self.profile.group)
        if group is None:
            return self._step(DEFAULT, "There is no group to go by.")
        reach = "only the sites chosen for them" if group.default == "block" else "everything that no rule blocks"
        return self._step(DEFAULT, f"{group.title} may open {reach}.")

    def _safe_search(self) -> Step:
        group = self.bundle.groups.get(self.profile.group)
        on = group is not None and safe_host(self.host, group.youtube)
        if self.whole.action is Action.SAFE_SEARCH:
            sentence = f"Its searches are made safe: the connection goes to {self.whole.safe_host}."
        elif not on or group is None:
            sentence = "It is no search engine that could be made safe."
        elif self.whole.blocked:
            sentence = "It is a search engine, and blocked, so there is nothing to make safe."
        else:
            sentence = f"It is a search engine, and {group.title} has safe search off."
        spoke = self.whole.action is Action.SAFE_SEARCH
        return Step(SAFE, TITLES[SAFE], spoke, not self.whole.blocked, sentence)

    def _sentence(self, step: int, found: list[Considered], silent: str) -> str:
        if step == self.decided:
            return self.whole.reason
        rules = [each for each in found if each.outcome is not Outcome.FACT]
        if not rules:
            return silent
        held = sum(each.outcome is Outcome.LOST for each in rules)
        if held:
            return f"Not reached: {self._too_late(step)}."
        return "Rules are about it, and none of them for this group, place or time."

    def _lists(self) -> list[tuple[Considered, bool]]:
        """(what a list says, whether it is mandatory), each list once, by its most specific entry."""
        policy = self.bundle.policy
        entries = {number: entry for entry, number in self.bundle.listings(self.host, self.path)}
        found = []
        for number, entry in entries.items():
            for category in policy.categories:
                if number in category.lists:
                    spoke = category.mandatory and self.decided == MANDATORY
                    text = f"{category.title}: on the list {policy.lists[number]}"
                    text += f", as {entry}" if entry else ", by an expression"
                    outcome = Outcome.SPOKE if spoke else Outcome.FACT
                    found.append((Considered(policy.lists[number], text, outcome), category.mandatory))
        return found

    def _rule(self, number: int) -> Considered:
        rule = self.bundle.masks.rules[number]
        if number == self.first and self.decided == step_of(rule):
            outcome, why = Outcome.SPOKE, ""
        elif not self.profile.holding >> number & 1:
            outcome, why = Outcome.NOT_THEM, f"it is for {self._whom(rule)}"
        elif not self.holding >> number & 1:
            outcome, why = Outcome.NOT_NOW, self._not_now(rule)
        else:
            outcome, why = Outcome.LOST, self._lost(number)
        return Considered(rule.id, self._rule_sentence(rule), outcome, why, rule)

    def _permit(self, permit: Permit) -> Considered:
        text = f"Allow {permit.host}{permit.path}, opened on request" + (f": {permit.reason}" if permit.reason else "")
        if permit is self.permit and self.decided == SITE:
            return Considered(permit.rule, text, Outcome.SPOKE)
        why = self._too_late(SITE) or "a rule speaks before it: of a more specific level, longer, or a block as long"
        if self.permit is not None and not self._too_late(SITE):
            why = "another permit speaks before it"
        return Considered(permit.rule, text, Outcome.LOST, why)

    def _lost(self, number: int) -> str:
        """Why a rule that holds did not decide."""
        masks, rule = self.bundle.masks, self.bundle.masks.rules[number]
        if late := self._too_late(step_of(rule)):
            return late
        if self.first is None:
            return "a permit speaks before it"
        winner = masks.rules[self.first]
        if winner.for_category is not rule.for_category:
            return "a locked rule for a site speaks before one for a category"
        if winner.level != rule.level:
            return f"{reasons.LEVELS[Level(winner.level)]} speaks before {reasons.LEVELS[Level(rule.level)]}"
        if rule.for_category and self.bundle.groups[self.profile.group].match == "first":
            return "the rules of this group are read in order, and another comes before it"
        ours, theirs = (precedence(self.bundle, n, self.host, self.path) for n in (number, self.first))
        if ours[3:5] != theirs[3:5]:
            return "another is about a longer part of the address, and speaks before it"
        return (
            "a block speaks before it"
            if winner.block and not rule.block
            else "another comes before it and says the same"
        )

    def _too_late(self, step: int) -> str:
        return f"step {self.decided} had decided already" if self.decided < step else ""

    def _not_now(self, rule: BundleRule) -> str:
        condition = self.bundle.policy.timetable.conditions[rule.condition]
        if condition.until is not None and self._day().date() > condition.until:
            return f"it ended on {condition.until.day} {condition.until:%B %Y}"
        name = condition.when or condition.outside
        holds = "it holds only during" if condition.when else "it does not hold during"
        return f"{holds} “{self.schedules.get(name, name)}”"

    def _day(self) -> datetime:
        return local_time(self.at, self.bundle.timezone)

    def _whom(self, rule: BundleRule) -> str:
        if rule.person:
            return "one person"
        if rule.zone:
            return self.bundle.zones[rule.zone].title if rule.zone in self.bundle.zones else rule.zone
        if rule.group:
            return self.bundle.groups[rule.group].title if rule.group in self.bundle.groups else rule.group
        return "every school" if rule.level == Level.GLOBAL else "everyone at the school"

    def _rule_sentence(self, rule: BundleRule) -> str:
        what = rule.category and f"“{self.bundle.categories.get(rule.category, rule.category)}”"
        what = what or (rule.expression and f"addresses that match {rule.expression}") or rule.host + rule.path
        what = what or _ANYTHING.get(rule.anything, "")
        by = f" ({rule.by})" if rule.by else ""
        return f"{'Block' if rule.block else 'Allow'} {what} for {self._whom(rule)}: {rule.reason or 'no reason'}{by}"


_ANYTHING = {"site": "every site", "address": "every site that is asked for by a number and not by its name"}


def step_of(rule: BundleRule) -> int:
    """At which of the seven steps a rule speaks."""
    if rule.locked:
        return LOCKED
    return CATEGORY if rule.for_category else SITE
