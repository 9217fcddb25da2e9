"""Charts drawn on the server as SVG: pure functions from numbers to markup.

They print, they need no script, and the strict CSP lets them through: presentation attributes and classes, no style
attribute. Every series has a pattern of its own beside its colour, and its name in the legend, so that nothing
hangs on colour alone. Each chart is shown with its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup, escape

WIDTH, HEIGHT = 960, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 28, 44
LEGEND_ROW, LEGEND_COLUMN = 26, 310
SERIES_MOST = 8
TOTAL_ROOM = 60  # a bar's sum above it, where it does not run into its neighbour's

# Dark enough against white (3:1 and more), told apart in greys by their patterns.
COLOURS = ("#17474a", "#b5561a", "#4d3a8c", "#2f7d52", "#a3195b", "#1d62a8", "#7a6200", "#505a5f")
_PATTERNS = (
    "",
    '<path d="M0 8L8 0M-2 2L2 -2M6 10L10 6" stroke="#fff" stroke-width="1.6"/>',
    '<circle cx="4" cy="4" r="1.7" fill="#fff"/>',
    '<path d="M0 4H8" stroke="#fff" stroke-width="1.8"/>',
    '<path d="M0 0L8 8M-2 6L2 10M6 -2L10 2" stroke="#fff" stroke-width="1.6"/>',
    '<path d="M4 0V8" stroke="#fff" stroke-width="1.8"/>',
    '<path d="M0 4H8M4 0V8" stroke="#fff" stroke-width="1.3"/>',
    '<rect x="2" y="2" width="4" height="4" fill="none" stroke="#fff" stroke-width="1.2"/>',
)
_DASHES = ("", "8 4", "2 4", "12 4 2 4", "4 4", "16 6", "2 2", "10 3 3 3")


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one layer of the bars, a value for each label."""

    name: str
    values: tuple[float, ...]


def stacked_bars(
    *, key: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], unit: str = ""
) -> Markup:
    """A bar for each label, made of the series one on the other. `key` makes the chart's ids its own on the page.

    Raises ValueError for more than eight series, or values that are negative or not one for each label.
    """
    _check(labels, series)
    totals = [sum(each.values[place] for each in series) for place in range(len(labels))]
    scale = _Scale.up_to(max(totals, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    width = min(step * 0.72, 64)
    parts = [_patterns(key, len(series)), *_axes(scale, labels, step, unit)]
    for place, label in enumerate(labels):
        x, y = LEFT + step * place + (step - width) / 2, float(HEIGHT - BOTTOM)
        for number, each in enumerate(series):
            value = each.values[place]
            if not value:
                continue
            high = scale.pixels(value)
            y -= high
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{high:.1f}" fill="url(#{key}-{number})" '
                f'stroke="#fff" stroke-width="1"><title>{escape(label)}, {escape(each.name)}: {_say(value)}</title>'
                "</rect>"
            )
        if totals[place] and step >= TOTAL_ROOM:
            parts.append(_text(x + width / 2, y - 6, _say(totals[place]), "middle", "ds-chart__total"))
    return _svg(key, title, description, parts, series)


def lines(
    *, key: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], unit: str = ""
) -> Markup:
    """A line for each series, with a dot at each label."""
    _check(labels, series)
    scale = _Scale.up_to(max((value for each in series for value in each.values), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    parts = [_patterns(key, len(series)), *_axes(scale, labels, step, unit)]
    for number, each in enumerate(series):
        points = [
            (LEFT + step * (place + 0.5), HEIGHT - BOTTOM - scale.pixels(value))
            for place, value in enumerate(each.values)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{_DASHES[number]}"' if _DASHES[number] else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="3"{dash}>'
            f"<title>{escape(each.name)}</title></polyline>"
        )
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[number]}"><title>{escape(labels[place])}, '
            f"{escape(each.name)}: {_say(each.values[place])}</title></circle>"
            for place, (x, y) in enumerate(points)
        ]
    return _svg(key, title, description, parts, series)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From 0 to a round number, with round steps between."""

    top: float
    step: float

    @classmethod
    def up_to(cls, most: float) -> _Scale:
        if most <= 0:
            return cls(1, 1)
        rough = most / 5
        power = 10 ** floor(log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        step = max(step, 1)
        count = -(-most // step)
        return cls(step * count, step)

    def pixels(self, value: float) -> float:
        return value / self.top * (HEIGHT - TOP - BOTTOM)

    def ticks(self) -> Iterable[float]:
        return (self.step * number for number in range(round(self.top / self.step) + 1))


def _check(labels: Sequence[str], series: Sequence[Series]) -> None:
    if len(series) > SERIES_MOST:
        raise ValueError(f"a chart holds {SERIES_MOST} series; put the smallest together as “Other”")
    for each in series:
        if len(each.values) != len(labels):
            raise ValueError(f"{each.name}: {len(each.values)} values for {len(labels)} labels")
        if any(value < 0 for value in each.values):
            raise ValueError(f"{each.name}: a chart of counts has no negative values")


def _patterns(key: str, count: int) -> str:
    patterns = "".join(
        f'<pattern id="{key}-{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{COLOURS[number]}"/>{_PATTERNS[number]}</pattern>'
        for number in range(count)
    )
    return f"<defs>{patterns}</defs>"


def _axes(scale: _Scale, labels: Sequence[str], step: float, unit: str) -> Iterable[str]:
    for tick in scale.ticks():
        y = HEIGHT - BOTTOM - scale.pixels(tick)
        colour = "#0b0c0c" if tick == 0 else "#cfd8d4"
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        yield _text(LEFT - 8, y + 5, _say(tick), "end")
    if unit:
        yield _text(4, 16, unit, "start")
    every = -(-len(labels) * 62 // (WIDTH - LEFT - RIGHT)) or 1  # so that labels do not run into each other
    for place in range(0, len(labels), every):
        yield _text(LEFT + step * (place + 0.5), HEIGHT - BOTTOM + 24, labels[place], "middle")


def _svg(key: str, title: str, description: str, parts: Iterable[str], series: Sequence[Series]) -> Markup:
    columns = max(1, (WIDTH - LEFT) // LEGEND_COLUMN)
    legend = []
    for number, each in enumerate(series):
        x, y = LEFT + number % columns * LEGEND_COLUMN, HEIGHT + 8 + number // columns * LEGEND_ROW
        box = f'<rect x="{x}" y="{y}" width="18" height="18" fill="url(#{key}-{number})"/>'
        legend.append(box + _text(x + 26, y + 15, each.name, "start"))
    high = HEIGHT + 16 + -(-len(series) // columns) * LEGEND_ROW
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg class="ds-chart" viewBox="0 0 {WIDTH} {high}" role="img" aria-labelledby="{key}-title {key}-about" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-about">{escape(description)}</desc>{"".join(parts)}{"".join(legend)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str, classes: str = "ds-chart__text") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{classes}">{escape(text)}</text>'


def _say(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
