"""What a rule would do, tried through the engine before it is added.

Before is the bundle in force. After is the draft with the rule in it, compiled with no more of the lists than what
they say of the address tried: the same engine, in milliseconds, where whole lists would take a minute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from django.conf import settings

from drystone.engine.filtering import Bundle, BundleError, Decision, compile_bundle, parse_request
from drystone.engine.filtering.overlay import EMPTY_OVERLAY
from drystone.engine.filtering.request import Request
from drystone.engine.filtering.rules import Rules, TargetKind, Timetable
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.draft import draft
from drystone.registers.network.words import whom
from drystone.registers.school.models import School
from drystone.registers.school.pseudonyms import person_secret

HTTP_ONLY = "Over HTTPS the filter sees only the name of the site: there, only a rule for the whole site works"
MOST_PLACES = 8
_STEP = timedelta(minutes=15)
_AHEAD = 14 * 24 * 4  # a fortnight in quarters of an hour


@dataclass(frozen=True, slots=True)
class Trial:
    """One place that the rule reaches: how the address tried is answered there, before and after."""

    where: str
    before: Decision | None  # None: nothing has been published
    after: Decision

    @property
    def changes(self) -> bool:
        return self.before is None or self.before.action is not self.after.action


@dataclass(frozen=True, slots=True)
class Preview:
    """`hosts`: what the rule covers, in words. `url` "" where there is nothing to try it with."""

    covers: str
    who: str
    url: str
    at: datetime | None
    trials: tuple[Trial, ...]


def preview(*, school: School, rule: Rule, now: datetime, example: str = "") -> Preview:
    """Raises RulesError, ListError or BundleError where the draft itself cannot be compiled."""
    url = example.strip() or _example(rule)
    at = _when(school, rule, now)
    trials = _trials(school, rule, url, at) if url and at else ()
    return Preview(_covers(rule), whom(rule), url, at, trials)


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
            return f"{rule.value} and everything below it, such as www.{rule.value}"


def _example(rule: Rule) -> str:
    match rule.kind:
        case Rule.Kind.SITE:
            return f"http://{rule.value}" + ("" if "/" in rule.value else "/")
        case Rule.Kind.CATEGORY:
            host = catalog()[rule.value].try_host
            return f"http://{host}/" if host else ""
        case _:
            return ""


def _when(school: School, rule: Rule, now: datetime) -> datetime | None:
    """Now, or the next time within a fortnight that the rule's schedule holds."""
    if rule.schedule is None:
        return now
    rules = draft(school, extra=_numbered(rule)).rules
    condition = rules.rules[-1].condition
    timetable = Timetable(rules.calendar, dict(rules.schedules), (condition,))
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    times = (quarter + _STEP * number for number in range(_AHEAD))
    found = next((time for time in times if timetable.mask_at(time)), None)
    return found.astimezone(ZoneInfo(school.time_zone)) if found else None


def _numbered(rule: Rule) -> Rule:
    """A rule that is not saved has no id, and the engine wants one."""
    if rule.pk is None:
        rule.pk = 0
    return rule


def _trials(school: School, rule: Rule, url: str, at: datetime) -> tuple[Trial, ...]:
    drafted = draft(school, extra=_numbered(rule))
    current = _current(school)
    places = _places(drafted.rules, rule)
    asked = [(where, parse_request(_whole(url), client=client, at=at, user=user)) for where, client, user in places]
    if not asked:
        return ()
    with TemporaryDirectory(prefix="preview-") as folder:
        after = _compile(Path(folder), drafted.rules, current, asked[0][1])
        return tuple(
            Trial(
                where,
                current.decide(request, EMPTY_OVERLAY) if current else None,
                after.decide(request, EMPTY_OVERLAY),
            )
            for where, request in asked
        )


def _whole(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _places(rules: Rules, rule: Rule) -> list[tuple[str, str, str]]:
    """(place in words, an address there, sign-on name) for the places that the rule reaches, and one it may not."""
    user = rule.person.sign_on if rule.person else ""
    found = []
    for zone in rules.zones.values():
        if rule.zone is not None and zone.key != rule.zone.slug:
            continue
        if rule.group is not None and zone.group != rule.group.slug:
            continue
        network = zone.addresses[0]
        client = str(network[min(1, network.num_addresses - 1)])
        found.append((f"{zone.label} ({rules.groups[zone.group].label})", client, user))
    if rule.level == RuleLevel.PERSON:
        return [(f"{rule.person}, in {where}", client, sign_on) for where, client, sign_on in found[:1]]
    return found[:MOST_PLACES]


def _current(school: School) -> Bundle | None:
    try:
        return Bundle.open(settings.HOME.school_bundles(school.slug) / "current", key=person_secret())
    except BundleError:
        return None


def _compile(folder: Path, rules: Rules, current: Bundle | None, request: Request) -> Bundle:
    """The draft, with lists that hold the address tried and nothing else."""
    naming = _lists_naming(rules, current, request)
    categories = {
        key: replace(category, lists=tuple(name for name in category.lists if name in naming))
        for key, category in (rules.categories or {}).items()
        if naming & set(category.lists)
    }
    for name in naming:
        (folder / "lists" / name).mkdir(parents=True)
        (folder / "lists" / name / "domains").write_text(f"{request.host}\n", encoding="utf-8")
    (folder / "lists").mkdir(exist_ok=True)
    speaking = tuple(
        rule for rule in rules.rules if rule.target.kind is not TargetKind.CATEGORY or rule.target.value in categories
    )
    secret = person_secret()
    compile_bundle(
        folder / "lists", replace(rules, categories=categories, rules=speaking), folder / "out" / "current", key=secret
    )
    return Bundle.open(folder / "out" / "current", key=secret)


def _lists_naming(rules: Rules, current: Bundle | None, request: Request) -> set[str]:
    """The lists that name the address: as the bundle in force says, and the starter's own addresses for trying out."""
    wanted = {name for category in (rules.categories or {}).values() for name in category.lists}
    naming = {
        name
        for entry in catalog().values()
        if entry.try_host and entry.try_host == request.host
        for name in entry.lists
        if name.startswith("starter/")
    }
    if current is not None and request.host:
        facts = current.facts_of_url(request.host, request.path)
        naming |= {name for number, name in enumerate(current.policy.lists) if facts.lists >> number & 1}
    return naming & wanted
