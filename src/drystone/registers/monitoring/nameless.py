"""P62: the share of traffic with no name on it, by day and by place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from markupsafe import Markup

from drystone.registers.school.charts import Series, stacked_bars
from drystone.registers.school.lake import lake
from drystone.registers.school.models import School, Zone

NOWHERE = "No zone"


@dataclass(frozen=True, slots=True)
class Share:
    """How much of some traffic names nobody."""

    name: str
    named: int
    total: int
    requires: bool = False  # a zone that asks everybody for a name

    @property
    def nameless(self) -> int:
        return self.total - self.named

    @property
    def percent(self) -> int:
        return percent(self.nameless, self.total)


@dataclass(frozen=True, slots=True)
class Nameless:
    """`days` in their order, `places` with most traffic without a name first."""

    days: tuple[Share, ...]
    places: tuple[Share, ...]
    whole: Share
    chart: Markup


def by_day(school: School, last: date, count: int) -> Nameless:
    """The `count` days up to and with `last`, each from midnight to midnight at the school."""
    clock = ZoneInfo(school.time_zone)
    dates = [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
    since = datetime.combine(dates[0], time(), clock)
    until = datetime.combine(last + timedelta(days=1), time(), clock)
    named: Counter[date | str] = Counter()
    total: Counter[date | str] = Counter()
    for each in lake().named_by_day(school.slug, since, until, school.time_zone):
        for key in (each.day, each.zone):
            named[key] += each.named
            total[key] += each.total
    days = tuple(Share(f"{day.day} {day:%b}", named[day], total[day]) for day in dates)
    whole = Share("All", sum(day.named for day in days), sum(day.total for day in days))
    zones = {zone.slug: zone for zone in Zone.objects.filter(school=school)}
    places = [
        Share(
            zones[key].name if key in zones else key or NOWHERE,
            named[key],
            total[key],
            key in zones and zones[key].require_person,
        )
        for key in total
        if isinstance(key, str)
    ]
    places.sort(key=lambda place: (-place.nameless, place.name))
    return Nameless(days, tuple(places), whole, _chart(days, whole))


def today(school: School) -> int | None:
    """The percentage of today's traffic that names nobody; None where there is no traffic."""
    clock = ZoneInfo(school.time_zone)
    midnight = datetime.combine(timezone.localdate(timezone=clock), time(), clock)
    found = lake().named_share(school.slug, midnight, midnight + timedelta(days=1))
    return percent(found.total - found.named, found.total) if found.total else None


def percent(part: int, whole: int) -> int:
    """Rounded, but 0 and 100 only where that is so: one request without a name is not none."""
    if not whole or not part:
        return 0
    return 100 if part == whole else min(99, max(1, round(100 * part / whole)))


def _chart(days: tuple[Share, ...], whole: Share) -> Markup:
    about = f"{whole.total:,} requests in {len(days)} days; {whole.percent} of 100 have no name on them"
    return stacked_bars(
        key="names",
        title="Traffic with and without a name, by day",
        description=f"{about}. The table below has every number.",
        labels=[day.name for day in days],
        series=[
            Series("With a name", tuple(day.named for day in days)),
            Series("Without a name", tuple(day.nameless for day in days)),
        ],
        unit="requests",
    )
