"""What was blocked, by category and day: the numbers, the chart and its table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from drystone.registers.school.charts import Series, stacked_bars
from drystone.registers.school.lake import lake
from drystone.registers.school.models import School

LAYERS = 6  # categories with a layer of their own; the rest are one
OTHER = "Other categories"
NO_CATEGORY = "No category: a rule for a site, or the profile"


@dataclass(frozen=True, slots=True)
class Blocks:
    """`rows` of the table: (category, a count for each day, sum), most first; `sums` are the days' own."""

    days: tuple[date, ...]
    rows: tuple[tuple[str, tuple[int, ...], int], ...]
    sums: tuple[int, ...]
    chart: Markup

    @property
    def total(self) -> int:
        return sum(self.sums)


def by_day(school: School, last: date, count: int, titles: dict[str, str]) -> Blocks:
    """The `count` days up to and with `last`, each from midnight to midnight at the school."""
    zone = ZoneInfo(school.time_zone)
    days = tuple(last - timedelta(days=back) for back in range(count - 1, -1, -1))
    since = datetime.combine(days[0], time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    cells: Counter[tuple[str, date]] = Counter()
    sums: Counter[str] = Counter()
    for each in lake().blocks_by_day(school.slug, since, until, school.time_zone):
        name = titles.get(each.category, each.category) or NO_CATEGORY
        cells[name, each.day] += each.count
        sums[name] += each.count
    rows = tuple((name, tuple(cells[name, day] for day in days), total) for name, total in sums.most_common())
    return Blocks(days, rows, tuple(sum(row[1][place] for row in rows) for place in range(count)), _chart(days, rows))


def _chart(days: tuple[date, ...], rows: tuple[tuple[str, tuple[int, ...], int], ...]) -> Markup:
    series = [Series(name, counts) for name, counts, _ in rows[:LAYERS]]
    if rest := rows[LAYERS:]:
        series.append(Series(OTHER, tuple(sum(row[1][place] for row in rest) for place in range(len(days)))))
    most = max(zip((sum(row[1][n] for row in rows) for n in range(len(days))), days, strict=True), default=(0, None))
    about = f"{sum(row[2] for row in rows):,} blocks in {len(days)} days"
    if most[1] is not None and most[0]:
        about += f"; most on {most[1]:%A} {most[1].day} {most[1]:%B}: {most[0]:,}"
    if rows:
        about += f"; most often “{rows[0][0]}”: {rows[0][2]:,}"
    return stacked_bars(
        key="blocks",
        title="Blocks by category and day",
        description=f"{about}. The table below has every number.",
        labels=[f"{day.day} {day:%b}" for day in days],
        series=series,
        unit="blocks",
    )
