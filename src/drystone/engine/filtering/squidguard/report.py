"""What an import made of a squidGuard.conf, and what it could not: for the screen, a file and other programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from drystone.engine.filtering.squidguard.conf import Word


class Kind(StrEnum):
    LOST = "no equal"  # it does nothing here, and somebody has to decide what to do about it
    STRICTER = "stricter"  # it stands, and keeps back more than squidGuard did
    CHANGED = "other words"  # it stands, in another form; nothing to do
    SAME = "look at"  # it stands as squidGuard did it, which may not be what was meant


@dataclass(frozen=True, slots=True)
class Item:
    """`line` of the squidGuard.conf, 0 for none; `what` is the part of it, as `src staff`."""

    kind: Kind
    line: int
    what: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.what}: {self.message}"


@dataclass(slots=True)
class ImportReport:
    source: str
    counts: dict[str, int] = field(default_factory=dict)
    items: dict[Item, None] = field(default_factory=dict)  # in their order, each once

    def add(self, kind: Kind, word: Word | None, what: str, message: str) -> None:
        self.items[Item(kind, word.line if word else 0, what, message)] = None

    def of(self, kind: Kind) -> list[Item]:
        return sorted((item for item in self.items if item.kind is kind), key=lambda item: item.line)

    def as_json(self) -> dict[str, Any]:
        items = [asdict(item) for kind in Kind for item in self.of(kind)]
        return {"source": self.source, "counts": self.counts, "items": items}

    def lines(self) -> Iterator[str]:
        """As people read it."""
        counts = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        yield f"{self.source}: {counts}"
        for kind, heading in _HEADINGS.items():
            if items := self.of(kind):
                yield ""
                yield heading
                yield from (f"  {item}" for item in items)


_HEADINGS = {
    Kind.LOST: "Has no equal: decide what to do about each",
    Kind.STRICTER: "Stands, and keeps back more than squidGuard did",
    Kind.SAME: "Stands as squidGuard did it: is it what was meant?",
    Kind.CHANGED: "Stands in another form: nothing to do",
}
