"""P14, P32, P35, P49, P59: whether the filter is in force, for every age, and proves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.urls import reverse
from django.utils import timezone

from drystone.engine.filtering import Bundle, BundleError, parse_rules
from drystone.engine.filtering.rules import Rules
from drystone.engine.filtering.rules import Zone as FilterZone
from drystone.registers.network import gateways, queries
from drystone.registers.network.catalog import all_sources
from drystone.registers.network.models import CheckRun, Publication
from drystone.registers.network.questions import blocked_at
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.services.publishing import bundle_folder, edition_in_force
from drystone.registers.school.controls import Control, Evidence, Finding, State, register
from drystone.registers.school.models import AgeBand, Group, School, Zone
from drystone.registers.school.moments import moment
from drystone.registers.school.pseudonyms import person_secret


def _evidence(*names: tuple[str, str]) -> tuple[Evidence, ...]:
    return tuple(Evidence(text, reverse(f"network:{name}")) for text, name in names)


def _at_a_gateway(school: School, current: Publication) -> list[str]:
    """Gateways that run with this edition: by what they say themselves, or where they do not say (Squid), by the
    answers they gave to the last check of this edition."""
    run = queries.latest_run(school)
    proved = {gate["name"] for gate in run.gateways} if run and run.edition == current.edition and run.passed else set()
    return [
        gate.name
        for gate in gateways.running(school)
        if gate.edition == current.edition or (not gate.edition and gate.name in proved)
    ]


@register
class ProfilePerAgeBand(Control):
    """P14, FM8: a profile for each age band of pupils, none the same as the staff's, in force at a gateway."""

    key = "network.profile_per_age_band"

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        groups = list(Group.objects.filter(school=school).select_related("profile"))
        pupils = [group for group in groups if AgeBand(group.age_band).is_pupils]
        evidence = _evidence(("What each group may reach", "profiles"), ("History of publications", "publications"))
        current = current_publication(school)
        if not pupils or current is None:
            what = "No group of pupils has been set up" if not pupils else "Nothing has been published"
            return Finding(State.NOT_RECORDED, f"{what}, so no age band has a profile in force.", evidence=evidence)
        published = current.content.get("groups", {})
        in_force = [group for group in pupils if group.slug in published and hasattr(group, "profile")]
        have, want = len(in_force), len(pupils)
        if have < want:
            missing = _names(group.name for group in pupils if group not in in_force)
            return Finding(State.BREACHED, f"No profile is in force for {missing}.", have, want, evidence=evidence)
        if same := _same_as_staff(groups, pupils, current):
            return Finding(State.BREACHED, f"{same} may reach the same as staff.", have - 1, want, evidence=evidence)
        if not (at := _at_a_gateway(school, current)):
            sentence = f"{want} age bands have a profile, and no running gateway is known to filter by it."
            return Finding(State.BREACHED, sentence, 0, want, evidence=evidence)
        sentence = f"Each of {want} age bands of pupils has a profile of its own, in force at {_names(at)}."
        return Finding(State.MET, sentence, have, want, evidence=evidence)


def _same_as_staff(groups: Sequence[Group], pupils: Sequence[Group], current: Publication) -> str:
    """The first group of pupils that may reach exactly what a group of staff may, by the rules in force."""
    rules = parse_rules(current.rules)

    def reach(group: Group) -> object:
        known = rules.groups.get(group.slug)
        own = frozenset((rule.action, rule.target, rule.condition) for rule in rules.rules if rule.group == group.slug)
        return known and (known.default, known.safe_search, known.youtube, own)

    staff = [reach(group) for group in groups if group.age_band == AgeBand.STAFF]
    return next((group.name for group in pupils if reach(group) in staff), "")


@register
class SocialNetworksBlocked(Control):
    """P32: social networks are blocked for every group of pupils. That pupils and parents are told so is the other half
    of the promise, which agreements will record; until then it is never shown as kept."""

    key = "network.social_networks_blocked"

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        evidence = _evidence(("What each group may reach", "profiles"), ("Filter rules", "rules"))
        pupils, rules = _pupils_in_force(school)
        if rules is None:
            return Finding(State.NOT_RECORDED, "Nothing has been published for pupils.", evidence=evidence)
        if open_for := [group.name for group in pupils if not _shut(rules, group, "social_networks")]:
            sentence = f"Social networks are not blocked at all times for {_names(open_for)}."
            return Finding(State.BREACHED, sentence, 0, 2, evidence=evidence)
        sentence = "Social networks are blocked for all pupils. That pupils and parents are told is not recorded."
        return Finding(State.NOT_RECORDED, sentence, 1, 2, evidence=evidence)


@register
class ImageSearch(Control):
    """P59: safe search is locked for all pupils, and image search is shut where the school has switched it off. What
    staff acknowledge is not recorded yet, so it is never shown as kept."""

    key = "network.image_search"

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        evidence = _evidence(("What each group may reach", "profiles"))
        pupils, rules = _pupils_in_force(school)
        if rules is None:
            return Finding(State.NOT_RECORDED, "Nothing has been published for pupils.", evidence=evidence)
        if unsafe := [group.name for group in pupils if not rules.groups[group.slug].safe_search]:
            return Finding(State.BREACHED, f"Safe search is off for {_names(unsafe)}.", 0, 2, evidence=evidence)
        off = [group for group in pupils if not group.profile.image_search]
        if leaks := [group.name for group in off if not _shut(rules, group, "image_search")]:
            sentence = f"Image search is to be off for {_names(leaks)}, and a rule opens it, or that is not published."
            return Finding(State.BREACHED, sentence, 0, 2, evidence=evidence)
        where = f"off for {_names(group.name for group in off)}" if off else "on for all pupils, as the school chose"
        sentence = f"Safe search is locked for all pupils, image search is {where}."
        sentence += " What staff acknowledge is not recorded."
        return Finding(State.NOT_RECORDED, sentence, 1, 2, evidence=evidence)


def _pupils_in_force(school: School) -> tuple[list[Group], Rules | None]:
    """Groups of pupils that have a profile, and the rules in force; None where there is no one or nothing."""
    groups = Group.objects.filter(school=school, profile__isnull=False).select_related("profile")
    current = current_publication(school)
    rules = parse_rules(current.rules) if current else None
    pupils = [group for group in groups if AgeBand(group.age_band).is_pupils and rules and group.slug in rules.groups]
    return pupils, rules if pupils else None


def _shut(rules: Rules, group: Group, category: str) -> bool:
    """Blocked for the group at all times, wherever in the school it is."""
    return blocked_at(category, FilterZone("", (), group.slug), rules)


@register
class FilterInForce(Control):
    """P35: third parties' lists, by category, at every level, in a bundle that is whole and in force."""

    key = "network.filter_in_force"
    parameters: ClassVar = {"max_list_days": "Days after which a list is due an update"}

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        """`max_list_days`: lists older than this are due an update (30)."""
        current = current_publication(school)
        evidence = _evidence(("Filter rules", "rules"), ("Lists", "lists"), ("History of publications", "publications"))
        if current is None:
            sentence = "No filter has been published. Gateways block everything but help until there is one."
            return Finding(State.NOT_RECORDED, sentence, evidence=evidence)
        broken = _broken(school, current)
        if broken:
            return Finding(State.BREACHED, broken, 0, 1, evidence=evidence)
        if not (at := _at_a_gateway(school, current)):
            sentence = "The filter is published, and no running gateway is known to filter by it."
            return Finding(State.BREACHED, sentence, 0, 1, evidence=evidence)
        hosts = int(current.counts.get("hosts", 0))
        head = f"A filter that knows {hosts:,} sites is in force at {_names([f'the gateway “{name}”' for name in at])}"
        age = _age(int(str(params.get("max_list_days", 30))))
        if age:
            return Finding(State.DUE, f"{head}. {age}", 0, 1, due=timezone.localdate(), evidence=evidence)
        return Finding(State.MET, f"{head}, its lists are up to date.", 1, 1, evidence=evidence)


def _broken(school: School, current: Publication) -> str:
    """What is wrong with the bundle on disk, in a sentence, or ""."""
    on_disk = edition_in_force(school)
    if on_disk != current.edition:
        return f"The edition on disk ({on_disk or 'none'}) is not the one published ({current.edition}). Publish again."
    try:
        bundle = Bundle.open(bundle_folder(school) / "current", key=person_secret())
    except BundleError as error:
        return f"The published edition is damaged: {error}"
    if not bundle.manifest["counts"]["hosts"]:
        return "The published edition has no list with a site in it."
    return ""


def _age(most: int) -> str:
    sources, faults = all_sources()
    if faults:
        return faults[0]
    outside = [source for source in sources if source.name != "starter"]
    if not outside:
        return "Only the starter lists are installed: ask the technician to add a list by others, such as UT1."
    for source in outside:
        days = (timezone.now() - datetime.fromisoformat(source.fetched_at)).days
        if days > most:
            return f"The list {source.name} is {days} days old: ask the technician to update it."
    return ""


@register
class SelfTest(Control):
    """P49, FM5: the filter's last test of itself is fresh, passed, and reached every zone through every gateway."""

    key = "network.self_test"
    parameters: ClassVar = {"within_hours": "Hours for which a check counts"}

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        """`within_hours`: how old the last test may be (24)."""
        run = queries.latest_run(school)
        evidence = _evidence(("Filter checks", "checks"))
        if run is None or run.finished_at is None:
            sentence = "The filter has never tested itself. It does so every hour while a gateway runs."
            return Finding(State.NOT_RECORDED, sentence, evidence=evidence)
        when = timezone.localtime(run.finished_at)
        evidence += (Evidence(f"Check of {moment(when)}", reverse("network:check_run", args=[run.pk])),)
        have, want = run.passed, run.passed + run.failed + run.not_tested
        state, sentence = self._judge(school, run, int(str(params.get("within_hours", 24))))
        due = timezone.localdate() if state is State.DUE else None
        return Finding(state, sentence, have, want, due=due, evidence=evidence)

    @staticmethod
    def _judge(school: School, run: CheckRun, hours: int) -> tuple[State, str]:
        assert run.finished_at is not None  # noqa: S101 - for the type checker
        if run.failed:
            return State.BREACHED, run.sentence
        if not run.passed:
            return State.BREACHED, run.sentence or "The last check tested nothing."
        if timezone.now() - run.finished_at > timedelta(hours=hours):
            return State.DUE, f"The last check is more than {hours} hours old; it passed then."
        if missing := _not_reached(school, run):
            return State.DUE, f"The last check passed, but did not reach {missing}."
        current = current_publication(school)
        if current is None or current.edition != run.edition:
            return State.DUE, "The last check passed, but a new edition has been published since."
        return State.MET, run.sentence


def _not_reached(school: School, run: CheckRun) -> str:
    """Zones that have addresses, and gateways that run, and are not in the run."""
    zones = Zone.objects.filter(school=school, ranges__isnull=False).distinct().exclude(slug__in=run.zones)
    known = {gate["name"] for gate in run.gateways}
    doors = [f"the gateway {gate.name}" for gate in gateways.running(school) if gate.name not in known]
    return _names([*(f"the zone {zone.name}" for zone in zones), *doors])


def _names(names: Iterable[str]) -> str:
    """“a, b and c”."""
    each = list(names)
    return each[0] if len(each) == 1 else ", ".join(each[:-1]) + f" and {each[-1]}" if each else ""
