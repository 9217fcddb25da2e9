"""What a rule would do, tried through the engine before it is added, changed or withdrawn.

Before is the bundle in force. After is the draft with the rule in it, compiled with no more of the lists than what
they say of the addresses tried: the same engine, in milliseconds, where whole lists would take a minute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from drystone.engine.filtering import Bundle, Decision, compile_bundle, parse_request
from drystone.engine.filtering.overlay import EMPTY_OVERLAY
from drystone.engine.filtering.request import Request
from drystone.engine.filtering.rules import Rules, TargetKind, Timetable
from drystone.engine.filtering.schedule import Condition
from drystone.registers.network.catalog import catalog
from drystone.registers.network.in_force import bundle_in_force
from drystone.registers.network.models import Ages, Rule, RuleLevel
from drystone.registers.network.services.draft import calendar_of, draft, schedule_of
from drystone.registers.network.words import whom
from drystone.registers.school.models import Group, School
from drystone.registers.school.pseudonyms import person_secret

HTTP_ONLY = "Over HTTPS the filter sees only the name of the site: there, only a rule for the whole site works"
MOST_PLACES = 8
PLACES_OF_A_PERSON = 3
_STEP = timedelta(minutes=15)
_AHEAD = 14 * 24 * 4  # a fortnight in quarters of an hour


@dataclass(frozen=True, slots=True)
class Trial:
    """One place that the rule reaches: how the address tried is answered there, before and after, and `then`, when
    the rule's last day is over (None where it has none)."""

    where: str
    before: Decision | None  # None: nothing has been published
    after: Decision
    then: Decision | None = None

    @property
    def changes(self) -> bool:
        return self.before is None or self.before.action is not self.after.action


@dataclass(frozen=True, slots=True)
class Preview:
    """`covers`: what the rule covers, in words. `url` "" where there is nothing to try it with."""

    covers: str
    who: str
    url: str
    at: datetime | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody somewhere: in words, an address there, a sign-on name or ""."""

    where: str
    client: str
    user: str


def preview(
    *, school: School, rule: Rule, now: datetime, example: str = "", goes: bool = False, without: Collection[int] = ()
) -> Preview:
    """`goes`: the rule stands, and is tried to be done without; else it is tried with, and without those given by
    their numbers (what it takes the place of). Raises RulesError, ListError or BundleError where the draft itself
    cannot be compiled."""
    url = example.strip() or _example(rule)
    at = _when(school, rule, now)
    if not url or not at:
        return Preview(_covers(rule), whom(rule), url, at, ())
    extra, gone = ([], {rule.pk, *without}) if goes else ([_numbered(rule, 0)], set(without))
    drafted = draft(school, extra=extra, without=gone).rules
    places = _places(school, drafted, rule)
    asked = [_asks(url, place, at) for place in places]
    with _tried(school, drafted, asked[:1]) as (current, after):
        later = _after_the_end(school, rule, now) if not goes else None
        trials = tuple(
            Trial(
                place.where,
                current.decide(request, EMPTY_OVERLAY) if current else None,
                after.decide(request, EMPTY_OVERLAY),
                after.decide(replace(request, at=later), EMPTY_OVERLAY) if later else None,
            )
            for place, request in zip(places, asked, strict=True)
        )
    return Preview(_covers(rule), whom(rule), url, at, trials)


def preview_many(
    *, school: School, rules: Sequence[Rule], now: datetime, without: Collection[int] = ()
) -> tuple[datetime | None, list[Trial | None]]:
    """What each of many rules for sites changes in the first place that they reach: rules that differ in the site
    only. When it was tried, and the trials; None for each where there is no such place or time."""
    at = _when(school, rules[0], now) if rules else None
    drafted = draft(school, extra=[_numbered(rule, -n) for n, rule in enumerate(rules)], without=without).rules
    places = _places(school, drafted, rules[0])[:1] if at else []
    if not places or at is None:
        return at, [None] * len(rules)
    asked = [_asks(_example(rule), places[0], at) for rule in rules]
    with _tried(school, drafted, asked) as (current, after):
        trials: list[Trial | None] = [
            Trial(
                places[0].where,
                current.decide(request, EMPTY_OVERLAY) if current else None,
                after.decide(request, EMPTY_OVERLAY),
            )
            for request in asked
        ]
    return at, trials


def _covers(rule: Rule) -> str:
    match rule.kind:
        case Rule.Kind.CATEGORY:
            lists = ", ".join(catalog()[rule.value].lists)
            return f"Every site on the lists of “{catalog().title(rule.value)}” ({lists})"
        case Rule.Kind.EXPRESSION:
            return f"Every address with a part that matches {rule.value}"
        case _:
            host, slash, path = rule.value.partition("/")
            if slash:
                return f"Pages of {host} whose address begins with /{path}. {HTTP_ONLY}"
            if host.replace(".", "").isdecimal() or ":" in host:
                return f"The address {host} itself, where a page is asked for by it and not by a name"
            return (
                f"{rule.value} and everything below it, such as {'www' if not host.startswith('www.') else 'a'}.{host}"
            )


def _example(rule: Rule) -> str:
    match rule.kind:
        case Rule.Kind.SITE:
            return f"http://{rule.value}" + ("" if "/" in rule.value else "/")
        case Rule.Kind.CATEGORY:
            host = catalog()[rule.value].try_host
            return f"http://{host}/" if host else ""
        case _:
            return ""


def _when(school: School, rule: Rule, now: datetime, *, until_counts: bool = True) -> datetime | None:
    """Now, or the next time within a fortnight that the rule's schedule holds."""
    if rule.schedule is None:
        return now
    schedule = schedule_of(rule.schedule)
    condition = Condition(
        when=schedule.key if rule.timing == Rule.Timing.WHEN else "",
        outside=schedule.key if rule.timing == Rule.Timing.OUTSIDE else "",
        until=rule.until if until_counts else None,
    )
    timetable = Timetable(calendar_of(school), {schedule.key: schedule}, (condition,))
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    times = (quarter + _STEP * number for number in range(_AHEAD))
    found = next((time for time in times if timetable.mask_at(time)), None)
    return found.astimezone(ZoneInfo(school.time_zone)) if found else None


def _after_the_end(school: School, rule: Rule, now: datetime) -> datetime | None:
    """A moment after the rule's last day at which it would else hold."""
    if rule.until is None:
        return None
    zone = ZoneInfo(school.time_zone)
    day_after = datetime.combine(rule.until + timedelta(days=1), now.astimezone(zone).time(), zone)
    return _when(school, rule, day_after, until_counts=False)


def _numbered(rule: Rule, number: int) -> Rule:
    """A rule that is not saved has no id, and the engine wants one."""
    if rule.pk is None:
        rule.pk = number
    return rule


def _asks(url: str, place: Place, at: datetime) -> Request:
    whole = url if "://" in url else f"http://{url}"
    return parse_request(whole, client=place.client, at=at, user=place.user)


def _places(school: School, rules: Rules, rule: Rule) -> list[Place]:
    """Places that the rule reaches."""
    groups = _groups_reached(school, rule)
    found = []
    for zone in rules.zones.values():
        if rule.zone is not None and zone.key != rule.zone.slug:
            continue
        if groups is not None and zone.group not in groups:
            continue
        network = zone.addresses[0]
        client = str(network[min(1, network.num_addresses - 1)])
        where = f"{zone.label} ({rules.groups[zone.group].label})"
        found.append((where, client))
    if rule.level == RuleLevel.PERSON and rule.person:
        user = rule.person.sign_on
        return [Place(f"{rule.person}, in {where}", client, user) for where, client in found[:PLACES_OF_A_PERSON]]
    return [Place(where, client, "") for where, client in found[:MOST_PLACES]]


def _groups_reached(school: School, rule: Rule) -> set[str] | None:
    """Slugs of the groups that the rule is for; None where it is for all."""
    if rule.ages:
        bands = Ages(rule.ages).bands
        return set(Group.objects.filter(school=school, age_band__in=bands).values_list("slug", flat=True))
    return {rule.group.slug} if rule.group is not None else None


@contextmanager
def _tried(school: School, rules: Rules, asked: Sequence[Request]) -> Iterator[tuple[Bundle | None, Bundle]]:
    """The bundle in force, and the draft with lists that hold the addresses tried and nothing else."""
    current = bundle_in_force(school)
    with TemporaryDirectory(prefix="preview-") as folder:
        yield current, _compile(Path(folder), rules, current, asked)


def _compile(folder: Path, rules: Rules, current: Bundle | None, asked: Sequence[Request]) -> Bundle:
    naming = _lists_naming(rules, current, asked)
    categories = {
        key: replace(category, lists=tuple(name for name in category.lists if name in naming))
        for key, category in (rules.categories or {}).items()
        if naming.keys() & set(category.lists)
    }
    (folder / "lists").mkdir()
    for name, hosts in naming.items():
        (folder / "lists" / name).mkdir(parents=True)
        text = "".join(f"{host}\n" for host in sorted(hosts))
        (folder / "lists" / name / "domains").write_text(text, encoding="utf-8")
    speaking = tuple(
        rule for rule in rules.rules if rule.target.kind is not TargetKind.CATEGORY or rule.target.value in categories
    )
    secret = person_secret()
    compile_bundle(
        folder / "lists", replace(rules, categories=categories, rules=speaking), folder / "out" / "current", key=secret
    )
    return Bundle.open(folder / "out" / "current", key=secret)


def _lists_naming(rules: Rules, current: Bundle | None, asked: Sequence[Request]) -> dict[str, set[str]]:
    """The lists that name the addresses, each with those it names: as the bundle in force says, and the starter's own
    addresses for trying out."""
    wanted = {name for category in (rules.categories or {}).values() for name in category.lists}
    starters = {entry.try_host: entry.lists for entry in catalog().values() if entry.try_host}
    naming: dict[str, set[str]] = {}
    for request in asked:
        names = {name for name in starters.get(request.host, ()) if name.startswith("starter/")}
        if current is not None and request.host:
            facts = current.facts_of_url(request.host, request.path)
            names |= {name for number, name in enumerate(current.policy.lists) if facts.lists >> number & 1}
        for name in names & wanted:
            naming.setdefault(name, set()).add(request.host)
    return naming
