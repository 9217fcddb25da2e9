"""How benchmarks say what they found: a line at once, and a table of ratios at the end of `python -m bench`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """`ours` against `theirs`, in `unit`; `more` says whether more is better."""

    what: str
    ours: float
    theirs: float
    unit: str
    more: bool
    other: str

    @property
    def factor(self) -> float:
        """Above 1: ours is better."""
        better, worse = (self.ours, self.theirs) if self.more else (self.theirs, self.ours)
        return better / worse if worse else float("inf")


RATIOS: list[Ratio] = []


def say(line: str) -> None:
    print(line, flush=True)


def ratio(what: str, ours: float, theirs: float, *, unit: str, other: str, more: bool = True) -> Ratio:
    """Record and print one comparison, both sides measured in this run."""
    found = Ratio(what, ours, theirs, unit, more, other)
    RATIOS.append(found)
    say(f"  {what}: {number(ours)} {unit}, {other} {number(theirs)} {unit}: {found.factor:.2f} times as good")
    return found


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def table() -> str:
    """All ratios of the run, one a line."""
    rows = [("what", "ours", "theirs", "unit", "against", "ratio")]
    rows += [(r.what, number(r.ours), number(r.theirs), r.unit, r.other, f"{r.factor:.2f}") for r in RATIOS]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
