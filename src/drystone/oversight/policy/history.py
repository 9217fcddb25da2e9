"""A promise's last ninety days as a strip of squares, one a day. The table beside it says the same in words."""

from __future__ import annotations

from datetime import date, timedelta

from markupsafe import Markup

from drystone.oversight.policy.models import DailyFinding

DAYS = 90
WIDTH = 8  # units a day


def history_chart(findings: list[DailyFinding], today: date) -> Markup:
    """SVG without style or script. Height stands for the state as well as colour, for those who do not see colours."""
    by_day = {finding.day: finding for finding in findings}
    first = today - timedelta(days=DAYS - 1)
    bars = Markup("").join(
        _bar(number, by_day[day]) for number in range(DAYS) if (day := first + timedelta(days=number)) in by_day
    )
    label = f"How this promise stood each day from {first.day} {first:%B} to {today.day} {today:%B}"
    return Markup(
        '<svg class="ds-chart ds-history" viewBox="0 0 {w} 44" width="{w}" height="44" role="img" aria-label="{label}">'
        '<line class="ds-history__base" x1="0" x2="{w}" y1="40" y2="40"/>{bars}</svg>'
    ).format(w=DAYS * WIDTH, label=label, bars=bars)


HEIGHTS = {"met": 36, "due": 24, "breached": 12, "not assessed": 12, "not recorded": 5, "not applicable": 5}


def _bar(number: int, finding: DailyFinding) -> Markup:
    height = HEIGHTS[finding.state]
    return Markup(
        '<rect class="ds-history__{state}" x="{x}" y="{y}" width="{w}" height="{h}"><title>{day}: {word}</title></rect>'
    ).format(
        state=finding.state.replace(" ", "-"),
        x=number * WIDTH + 1,
        y=40 - height,
        w=WIDTH - 2,
        h=height,
        day=finding.day,
        word=finding.state,
    )
