"""The lines of a run as its pages show them: a tab at a time, a page at a time, found by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from drystone.engine.roll.names import fold
from drystone.registers.roll.models import Line, Run, RunKind, RunState, Tab
from drystone.registers.roll.words import kinds_of
from drystone.registers.school.models import Guardianship
from drystone.registers.school.pages import page_of
from drystone.registers.school.views import person_of

PER_PAGE = 50
DECIDED = (Tab.DOUBT, Tab.CLASS)  # tabs whose lines are questions
ABOUT = {
    Tab.DOUBT: "Drystone is not sure who these are, and does not guess. Say it for each; a line without an answer is "
    "left out.",
    Tab.CLASS: "The file names classes that are not in Drystone. Each is made as is chosen here; the group says how "
    "its pupils are filtered.",
    Tab.NEW: "They are in the file and not in Drystone.",
    Tab.CHANGED: "What is in Drystone, and what the file says instead.",
    Tab.MOVE: "They go from one class or year to another.",
    Tab.LEAVER: "They are not at the school any more.",
    Tab.REFUSED: "These rows are left out, and what Drystone has stays as it is. Put them right in your school’s "
    "database, export again and import again.",
    Tab.REMARK: "These rows are taken in. You may want to look at them in your school’s database.",
}
HEADINGS = {
    Tab.NEW: ("Name", "What the file says"),
    Tab.LEAVER: ("Name", "What becomes of them"),
    Tab.REFUSED: ("Where", "Who", "Why, and what to do"),
    Tab.REMARK: ("Name", "What"),
}


@dataclass(frozen=True, slots=True)
class TabLink:
    value: str
    text: str
    count: int


@dataclass(slots=True)
class Shown:
    """What templates draw: the tabs that have lines, and one page of the tab asked for."""

    tabs: list[TabLink]
    tab: str = ""
    text: str = ""
    page: Any = None
    pagination: Mapping[str, Any] = field(default_factory=dict)
    undecided: int = 0
    second_yes: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    decides: bool = False
    kinds: str = ""

    @property
    def title(self) -> str:
        return Tab(self.tab).label

    @property
    def about(self) -> str:
        return ABOUT[Tab(self.tab)]

    @property
    def headings(self) -> tuple[str, ...]:
        return HEADINGS.get(Tab(self.tab), ("Name", "What changes"))

    @property
    def searchable(self) -> bool:
        return bool(self.text) or any(each.value == self.tab and each.count > PER_PAGE for each in self.tabs)

    @property
    def refused(self) -> bool:
        return any(each.value == Tab.REFUSED for each in self.tabs)

    @property
    def nothing(self) -> bool:
        """Nobody would be changed, and nothing is to be decided."""
        return not any(each.value not in (Tab.REFUSED, Tab.REMARK) for each in self.tabs)


def shown(request: HttpRequest, run: Run) -> Shown:
    lines = lines_of(request, run)
    counts = dict(lines.order_by().values_list("tab").annotate(count=Count("pk")))
    tabs = [TabLink(tab.value, _text(run, tab), counts[tab.value]) for tab in Tab if counts.get(tab.value)]
    found = Shown(tabs, second_yes=str(run.counts.get("second_yes", "")), chosen=answers(run))
    if not tabs:
        return found
    asked = request.GET.get("tab", "")
    found.tab = asked if asked in counts else tabs[0].value
    found.text = request.GET.get("text", "").strip()[:100]
    found.decides = run.state == RunState.WAITING and found.tab in DECIDED
    found.undecided = _undecided(lines, found.chosen)
    found.page, found.pagination = page_of(request, _searched(lines.filter(tab=found.tab), found.text), PER_PAGE)
    found.kinds = kinds_of(run, found.tab)
    if found.decides:
        found.chosen = {**_proposed(found.page), **found.chosen}
    return found


def _proposed(lines: Any) -> dict[str, str]:
    """What holds while nobody says otherwise: the file's lines name it in words."""
    words = {line.key: [new for _, _, new in line.fields] for line in lines}
    return {line.key: value for line in lines for value, told in line.options if told in words[line.key]}


def lines_of(request: HttpRequest, run: Run) -> QuerySet[Line]:
    """P64: whom a court keeps from a child reads nothing of that child here either."""
    kept_from = Guardianship.objects.filter(guardian=person_of(request), pupil=OuterRef("person"), barred=True)
    return Line.objects.filter(run=run).exclude(Q(person__isnull=False) & Exists(kept_from))


def answers(run: Run) -> Mapping[str, str]:
    """What was decided, by the key of the question."""
    return {str(key): str(value) for key, value in run.choices.items() if isinstance(value, str)}


def csv_lines_of(lines: QuerySet[Line]) -> Iterator[list[object]]:
    """A line for each difference, so that a spreadsheet can sort them."""
    for line in lines.iterator(500):
        for name, old, new in line.fields or [("", "", "")]:
            yield [line.name, line.what, line.where, line.detail, name, old, new]


def _searched(lines: QuerySet[Line], text: str) -> QuerySet[Line]:
    for word in fold(text).split():
        lines = lines.filter(search__contains=word)
    return lines.order_by("position")


def _undecided(lines: QuerySet[Line], chosen: Mapping[str, str]) -> int:
    asked = lines.filter(tab=Tab.DOUBT).exclude(key="").values_list("key", flat=True)
    return sum(key not in chosen for key in asked)


def _text(run: Run, tab: Tab) -> str:
    if run.kind == RunKind.YEAR:
        return {Tab.MOVE: "Moving up", Tab.LEAVER: "Leaving", Tab.CHANGED: "Classes that go along"}.get(tab, tab.label)
    return str(tab.label)
