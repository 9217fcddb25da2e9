"""The rules as they stand in the registers now: what the next publication will put in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import time
from ipaddress import ip_network
from urllib.parse import urlsplit

from django.db.models import Prefetch, Q
from django.utils import timezone

from drystone.engine.filtering import rules as engine
from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.rules_values import read_help_host, read_target, tidy
from drystone.engine.filtering.words import RuleAction
from drystone.registers.network.catalog import Catalog, catalog
from drystone.registers.network.models import Ages, Profile, Rule, Schedule
from drystone.registers.network.models.profiles import IMAGE_SEARCH
from drystone.registers.school.models import (
    AcademicYear,
    AddressRange,
    AgeBand,
    Closure,
    Group,
    Person,
    Role,
    RoleHolding,
    School,
    Term,
    Zone,
)

STAFF_ROLES = (
    Role.HEAD,
    Role.COORDINATOR,
    Role.SAFEGUARDING_LEAD,
    Role.TEACHER,
    Role.SUPPORT_STAFF,
    Role.OFFICE,
    Role.TECHNICIAN,
)
GUEST_ROLES = (Role.GOVERNOR, Role.CHAIR, Role.COUNCIL, Role.PARENT)


@dataclass(frozen=True, slots=True)
class Draft:
    """`rules` for the engine, the register's rows behind them, and what had to be left out and why. `open` are
    categories that rules block and no list has any more: to publish without them would open what is closed.
    `profiles` are by the slug of their group; a group without one is shut."""

    rules: engine.Rules
    rows: dict[str, Rule]
    schedules: dict[str, Schedule]
    profiles: dict[str, Profile]
    left_out: list[str] = field(default_factory=list)
    open: tuple[str, ...] = ()


def draft(
    school: School, *, pseudonymous: bool = False, extra: Sequence[Rule] = (), without: Collection[int] = ()
) -> Draft:
    """The whole rules file of a school, from the registers. `extra` are rules that are only being tried, `without`
    the numbers of those that are tried to be done without.

    With `pseudonymous` people stand in it by their keys: so it can be kept when they have left (P42).
    The number of queries does not grow with the school.
    """
    left_out: list[str] = []
    known = catalog()
    groups = list(Group.objects.filter(school=school).select_related("profile"))
    zones = _zones(school, left_out)
    people = _people(school, groups, pseudonymous, left_out)
    rows = list(Rule.objects.of(school).standing().exclude(pk__in=without).with_names().order_by("id"))
    rows += extra
    profiles = {group.slug: _profile(group) for group in groups}
    rules, kept = _rules(rows, known, groups, zones, people, left_out)
    rules += [rule for group in groups for rule in _of_profile(group, profiles[group.slug], known)]
    used = {name for rule in rules for name in (rule.when, rule.outside) if name}
    schedules = {
        row.slug: row
        for row in Schedule.objects.filter(school=school).prefetch_related("further")
        if row.removed_at is None or row.slug in used
    }
    whole = engine.Rules(
        school=engine.School(name=school.name, slug=school.slug),
        calendar=calendar_of(school),
        categories={
            key: engine.Category(key, entry.lists, entry.title, entry.mandatory) for key, entry in known.items()
        },
        groups={group.slug: _group(group, profiles[group.slug]) for group in groups},
        zones=zones,
        people={person.name: person for person in people.values()},
        schedules={slug: schedule_of(row) for slug, row in schedules.items()},
        rules=tuple(rules),
        help=_help(school, left_out),
        source=f"the rules of {school.name}",
    )
    blocks = {row.value for row in rows if row.kind == Rule.Kind.CATEGORY and row.action == Rule.Action.BLOCK}
    blocks.update(key for profile in profiles.values() for key in profile.shut_categories)
    return Draft(whole, kept, schedules, profiles, left_out, open=tuple(sorted(blocks.difference(known))))


def _profile(group: Group) -> Profile:
    """Where nobody has said what a group may reach, it reaches what rules allow, and its searches are safe."""
    known: Profile | None = getattr(group, "profile", None)
    return known or Profile(group=group, default=Profile.Default.BLOCK)


def _group(group: Group, profile: Profile) -> engine.Group:
    return engine.Group(
        group.slug,
        engine.Default(profile.default),
        title=group.name,
        safe_search=profile.safe_search,
        youtube=engine.YouTube(profile.youtube),
    )


def _of_profile(group: Group, profile: Profile, known: Catalog) -> list[engine.Rule]:
    """P59: what the profile shuts by itself, as rules of the group."""
    return [
        engine.Rule(
            id=f"profile-{group.slug}-{key}",
            level=Level.GROUP,
            action=RuleAction.BLOCK,
            target=read_target(f"category:{key}"),
            reason=profile_reason(group.name, key),
            by=f"the profile of {group.name}",
            group=group.slug,
        )
        for key in profile.shut_categories
        if key in known
    ]


def profile_reason(group: str, category: str) -> str:
    """What is said of an answer that a profile gave by itself."""
    what = "Image search is off" if category in IMAGE_SEARCH else "Ways round the filter are closed"
    return f"{what} for {group}"


def _zones(school: School, left_out: list[str]) -> dict[str, engine.Zone]:
    ranges = Prefetch("ranges", AddressRange.objects.order_by("id"))
    zones = {}
    for zone in Zone.objects.filter(school=school).select_related("group").prefetch_related(ranges).order_by("slug"):
        networks = [ip_network(entry.network) for entry in zone.ranges.all()]
        if not networks:
            left_out.append(f"The zone {zone.name} has no addresses, so the filter cannot know it.")
            continue
        zones[zone.slug] = engine.Zone(
            zone.slug, tidy(networks), zone.group.slug, title=zone.name, require_person=zone.require_person
        )
    return zones


def _people(school: School, groups: list[Group], pseudonymous: bool, left_out: list[str]) -> dict[int, engine.Person]:
    """Everyone with a sign-on name and a group, by primary key."""
    by_band = {group.age_band: group.slug for group in reversed(groups)}
    slugs = {group.pk: group.slug for group in groups}
    roles = _roles_of_adults(school)
    people: dict[int, engine.Person] = {}
    taken: dict[str, str] = {}
    # Bare values: pages that only compare the draft with what is in force read a thousand people here.
    rows = Person.objects.filter(school=school).exclude(sign_on="").order_by("id")
    columns = ("pk", "key", "sign_on", "school_class__group", "preferred_name", "given_names", "family_name")
    for pk, key, sign_on, group_pk, preferred, given, family in rows.values_list(*columns):
        group = slugs.get(group_pk) if group_pk else _group_of_adult(roles.get(pk, set()), by_band)
        name = sign_on_name(sign_on)
        if not group or not name:
            continue
        whole = f"{preferred or given} {family}"
        if name in taken:
            left_out.append(f"{whole} has the same sign-on name as {taken[name]}: “{sign_on}”.")
            continue
        taken[name] = whole
        people[pk] = engine.Person(key if pseudonymous else name, group)
    return people


def _roles_of_adults(school: School) -> dict[int, set[str]]:
    """A role that begins later, or is over, gives nobody the staff's profile."""
    today, roles = timezone.localdate(), dict[int, set[str]]()
    asked = RoleHolding.objects.filter(person__school=school, role__in=[*STAFF_ROLES, *GUEST_ROLES])
    held = asked.filter(Q(ends__isnull=True) | Q(ends__gte=today), starts__lte=today)
    for pk, role in held.order_by().values_list("person_id", "role"):
        roles.setdefault(pk, set()).add(role)
    return roles


def _group_of_adult(held: set[str], by_band: dict[str, str]) -> str:
    if held & set(STAFF_ROLES):
        return by_band.get(AgeBand.STAFF, "")
    return by_band.get(AgeBand.GUESTS, "") if held & set(GUEST_ROLES) else ""


def _rules(
    rows: list[Rule],
    known: Catalog,
    groups: list[Group],
    zones: dict[str, engine.Zone],
    people: dict[int, engine.Person],
    left_out: list[str],
) -> tuple[list[engine.Rule], dict[str, Rule]]:
    rules, kept = [], {}
    for row in rows:
        why = _cannot_act(row, known, zones, people)
        if why:
            left_out.append(f"The rule for {row.value} is left out: {why}.")
            continue
        for key, group in _groups_of(row, groups):
            rules.append(_rule(row, key, group, people))
            kept[key] = row
    return rules, kept


def _groups_of(row: Rule, groups: list[Group]) -> list[tuple[str, str]]:
    """(id, group) of each rule that a row becomes: a rule of the authority for an age is one for each group of it."""
    if not row.ages:
        return [(row.key, row.group.slug if row.group else "")]
    bands = Ages(row.ages).bands
    return [(f"{row.key}-{group.slug}", group.slug) for group in groups if group.age_band in bands]


def _rule(row: Rule, key: str, group: str, people: dict[int, engine.Person]) -> engine.Rule:
    schedule = row.schedule.slug if row.schedule else ""
    return engine.Rule(
        id=key,
        level=Level(row.level),
        action=RuleAction(row.action),
        target=read_target(f"{row.kind}:{row.value}"),
        reason=row.reason,
        by=row.author_name,
        group=group,
        zone=row.zone.slug if row.zone else "",
        person=people[row.person_id].name if row.person_id else "",
        locked=row.locked,
        when=schedule if row.timing == Rule.Timing.WHEN else "",
        outside=schedule if row.timing == Rule.Timing.OUTSIDE else "",
        until=row.until,
    )


def _cannot_act(row: Rule, known: Catalog, zones: dict[str, engine.Zone], people: dict[int, engine.Person]) -> str:
    if row.kind == Rule.Kind.CATEGORY and row.value not in known:
        return "no installed list has this category any more"
    if row.zone is not None and row.zone.slug not in zones:
        return f"the zone {row.zone.name} has no addresses"
    if row.person_id and row.person_id not in people:
        return f"{row.person} has no network sign-on name or no group any more"
    return ""


def schedule_of(row: Schedule) -> engine.Schedule:
    spans = tuple(row.spans)
    return engine.Schedule(
        row.slug,
        tuple(
            engine.Period(days, _minute(starts, 0), _minute(ends, 24 * 60), row.within, dates=spans)
            for days, starts, ends in row.periods
        ),
    )


def _minute(clock: time | None, otherwise: int) -> int:
    return clock.hour * 60 + clock.minute if clock else otherwise


def calendar_of(school: School) -> engine.Calendar:
    years = AcademicYear.objects.filter(school=school).prefetch_related(
        Prefetch("terms", Term.objects.order_by("starts")), Prefetch("closures", Closure.objects.order_by("starts"))
    )
    terms, holidays = [], []
    for year in years:
        for term in year.terms.all():
            terms.append((term.starts, term.ends))
            if term.half_term_starts and term.half_term_ends:
                holidays.append((term.half_term_starts, term.half_term_ends))
        holidays += [(closure.starts, closure.ends) for closure in year.closures.all()]
    return engine.Calendar(school.time_zone, tuple(sorted(terms)), tuple(sorted(set(holidays))))


def _help(school: School, left_out: list[str]) -> tuple[str, ...]:
    """The school's own pages are always reachable, whichever way somebody wrote their addresses."""
    hosts = []
    for site in school.own_hosts:
        host = urlsplit(site).netloc if "://" in site else site.partition("/")[0]
        try:
            hosts.append(read_help_host(host))
        except ValueError as error:
            left_out.append(f"The school's own site {site} is left out: {error}.")
    return tuple(dict.fromkeys(hosts))
