"""How benchmarks say what they found: a line at once, and at the end of `python -m bench` a table of ratios, and one
of what was to be reached."""

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


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that must be at least `wanted`, or at most."""

    what: str
    found: float
    wanted: float
    unit: str
    at_most: bool

    @property
    def met(self) -> bool:
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted


RATIOS: list[Ratio] = []
TARGETS: list[Target] = []


def say(line: str) -> None:
    print(line, flush=True)


def ratio(what: str, ours: float, theirs: float, *, unit: str, other: str, more: bool = True) -> Ratio:
    """Record and print one comparison, both sides measured in this run."""
    found = Ratio(what, ours, theirs, unit, more, other)
    RATIOS.append(found)
    say(f"  {what}: {number(ours)} {unit}, {other} {number(theirs)} {unit}: {found.factor:.2f} times as good")
    return found


def target(what: str, found: float, wanted: float, *, unit: str = "times", at_most: bool = False) -> Target:
    """Record and print one figure that was to be reached."""
    made = Target(what, found, wanted, unit, at_most)
    TARGETS.append(made)
    say(f"  {_reached(made)}")
    return made


def _reached(made: Target) -> str:
    bound = "at most" if made.at_most else "at least"
    word = "reached" if made.met else "NOT REACHED"
    return f"{word}: {made.what} {number(made.found)} {made.unit} (must be {bound} {number(made.wanted)})"


def targets() -> str:
    """What was to be reached, one a line; what was not stands first."""
    return "\n".join(_reached(made) for made in sorted(TARGETS, key=lambda made: made.met))


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def table() -> str:
    """All ratios of the run, one a line."""
    rows = [("what", "ours", "theirs", "unit", "against", "ratio")]
    rows += [(r.what, number(r.ours), number(r.theirs), r.unit, r.other, f"{r.factor:.2f}") for r in RATIOS]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
