"""What the board reads: stored findings only, so that a page costs the same however slow a control is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from drystone.oversight.policy.library import Library, Promise, policy_library
from drystone.oversight.policy.models import DailyFinding
from drystone.registers.school.controls import REGISTRY, State
from drystone.registers.school.models import Role, School

# Worst first: what a head must see at the top.
ORDER = (State.BREACHED, State.NOT_ASSESSED, State.DUE, State.NOT_RECORDED, State.MET, State.NOT_APPLICABLE)
NOT_YET = "It has not been assessed yet."


@dataclass(frozen=True, slots=True)
class Line:
    """A promise as the board shows it: how it stands, and how it stood the day before it was last assessed."""

    promise: Promise
    state: State
    finding: DailyFinding | None
    before: State | None

    @property
    def sentence(self) -> str:
        return self.finding.sentence if self.finding else NOT_YET

    @property
    def broke(self) -> bool:
        """It was not breached on the last day before, and is now."""
        return self.state is State.BREACHED and self.before not in (None, State.BREACHED)

    @property
    def mended(self) -> bool:
        return self.before is State.BREACHED and self.state is State.MET


@dataclass(frozen=True, slots=True)
class Board:
    """The policy with a state on each sentence."""

    lines: tuple[Line, ...]
    sections: tuple[tuple[str, str, tuple[Line, ...]], ...]  # id, title, lines; filtered, empty ones left out
    counts: tuple[tuple[State, int], ...]  # of all lines, worst first
    as_at: DailyFinding | None  # the newest finding

    @property
    def changed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.broke or line.mended)

    def due_by(self, day: date) -> tuple[Line, ...]:
        dated = [ln for ln in self.lines if ln.finding and ln.finding.due and ln.finding.due <= day]
        return tuple(sorted(dated, key=lambda ln: ln.finding.due))  # type: ignore[union-attr, arg-type, return-value]


def board(
    school: School,
    on: date,
    *,
    state: State | None = None,
    owner: Role | None = None,
    text: str = "",
    library: Library | None = None,
) -> Board:
    """The newest finding of each promise up to `on`; filters narrow the sections, never the counts."""
    library = library or policy_library()
    latest, before = _two_latest(school, on)
    lines = tuple(_line(promise, latest, before) for promise in library)
    by_id = {line.promise.id: line for line in lines}
    wanted = text.casefold().split()
    sections = []
    for section in library.sections:
        kept = tuple(
            line
            for line in (by_id[promise.id] for promise in section.promises)
            if (state is None or line.state is state)
            and (owner is None or line.promise.owner is owner)
            and _holds(line.promise, wanted)
        )
        if kept:
            sections.append((section.id, section.title, kept))
    counts = Counter(line.state for line in lines)
    newest = max(latest.values(), key=lambda f: f.assessed_at, default=None)
    return Board(lines, tuple(sections), tuple((s, counts[s]) for s in ORDER if counts[s]), newest)


def history(school: School, promise_id: str, on: date, days: int = 90) -> list[DailyFinding]:
    """A promise's findings of the last `days` days, oldest first. A day without one stays a gap."""
    since = on - timedelta(days=days - 1)
    found = DailyFinding.objects.filter(school=school, promise=promise_id, day__range=(since, on))
    return list(found.order_by("day"))


def parameter_words(promise: Promise) -> dict[str, str]:
    """What the parameters of a promise mean, as its control says."""
    control = REGISTRY.get(promise.control)
    return dict(control.parameters) if control else {}


def _two_latest(school: School, on: date) -> tuple[dict[str, DailyFinding], dict[str, DailyFinding]]:
    """Per promise the newest finding, and the newest of a day before that; one query over a fortnight."""
    recent = DailyFinding.objects.filter(school=school, day__range=(on - timedelta(days=14), on)).order_by("-day")
    latest: dict[str, DailyFinding] = {}
    before: dict[str, DailyFinding] = {}
    for finding in recent:
        if finding.promise not in latest:
            latest[finding.promise] = finding
        else:
            before.setdefault(finding.promise, finding)
    return latest, before


def _line(promise: Promise, latest: dict[str, DailyFinding], before: dict[str, DailyFinding]) -> Line:
    finding, earlier = latest.get(promise.id), before.get(promise.id)
    state = State(finding.state) if finding else State.NOT_RECORDED
    return Line(promise, state, finding, State(earlier.state) if earlier else None)


def _holds(promise: Promise, words: list[str]) -> bool:
    body = f"{promise.id} {promise.text} {promise.kept_when}".casefold()
    return all(word in body for word in words)
