"""Where rows wait between reading a file and asking it school by school: a temporary SQLite database.

A county's file may list its pupils in any order, and name their guardians, classes and births in other files. Rows
are therefore put down as they come and picked up by school or by key, so that memory stays flat whatever the file's
size. SQLite keeps the database in a file without a name: it is gone when the process is.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drystone.engine.roll.values import Place, UnreadableRoll

MOST_PER_SCHOOL = 50_000  # rows of one kind; the largest primary school of the country has some 2,000 pupils
OF_ONE_SCHOOL = frozenset({"pupil", "staff", "refused"})  # OneRoster knows only at the end what is a school
AT_ONCE = 2_000
ASKED_AT_ONCE = 500

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Staged:
    """A row as it was put down. `cells` are text by name; `lists` are rows within the row, such as contacts."""

    key: str
    where: Place
    cells: Cells
    lists: list[Cells] = field(default_factory=list)

    def saying(self, cells: Cells) -> Staged:
        """The same row in other words."""
        return Staged(self.key, self.where, cells, self.lists)


class Staging:
    """Rows by kind, school and key, and links between keys. Close it."""

    def __init__(self) -> None:
        self.database = sqlite3.connect("")  # no name: private, on disk as soon as it outgrows the cache
        self.database.executescript(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
            CREATE TABLE rows (kind TEXT, school TEXT, key TEXT, file TEXT, line INT, cells TEXT, lists TEXT);
            CREATE TABLE links (one TEXT, other TEXT);
            """
        )
        self.waiting: list[tuple[str, str, str, str, int, str, str]] = []
        self.pairs: list[tuple[str, str]] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.linked = False

    def put(
        self, kind: str, school: str, key: str, where: Place, cells: Cells, lists: list[Cells] | None = None
    ) -> None:
        self.counts[kind, school] = self.counts.get((kind, school), 0) + 1
        if kind in OF_ONE_SCHOOL:
            self.check_size(kind, school, str(where))
        told = json.dumps({name: text for name, text in cells.items() if text is not None}, ensure_ascii=False)
        self.waiting.append((kind, school, key, where.file, where.line, told, json.dumps(lists) if lists else ""))
        if len(self.waiting) >= AT_ONCE:
            self.flush()

    def check_size(self, kind: str, school: str, where: str) -> None:
        """UnreadableRoll if these rows cannot be those of one school."""
        if self.counts.get((kind, school), 0) > MOST_PER_SCHOOL:
            raise UnreadableRoll(
                f"{where}: more than {MOST_PER_SCHOOL:,} rows for one school{f' ({school})' if school else ''}. "
                "Export the roll of one school, or name each row’s school in a column of its own."
            )

    def link(self, one: str, others: Iterable[str]) -> None:
        """People of whom one names the other. It is asked from both ends."""
        self.pairs += [(one, other) for other in others]
        self.linked = self.linked or bool(self.pairs)
        if len(self.pairs) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        try:
            self.database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", self.waiting)
            self.database.executemany("INSERT INTO links VALUES (?, ?)", self.pairs)
        except sqlite3.OperationalError as error:
            folder = os.environ.get("SQLITE_TMPDIR") or os.environ.get("TMPDIR") or "/var/tmp"  # noqa: S108
            raise UnreadableRoll(f"Rows cannot be kept in temporary files ({error}). Make room in {folder}.") from None
        self.waiting.clear()
        self.pairs.clear()

    def refuse(self, school: str, where: Place, what: str, todo: str, cells: Cells | None = None) -> None:
        """A row of which not enough can be trusted to put it down as what it is."""
        self.put("refused", school, "", where, {**(cells or {}), "what": what, "todo": todo})

    def finish(self) -> None:
        """All rows are down: they can be asked for. Ends in a state that is quick to ask."""
        self.flush()
        self.database.executescript(
            "CREATE INDEX by_school ON rows (kind, school); CREATE INDEX by_key ON rows (kind, key);"
            "CREATE INDEX from_one ON links (one); CREATE INDEX from_other ON links (other);"
        )

    def of_school(self, kind: str, school: str) -> Iterator[Staged]:
        """In the order in which the file has them."""
        yield from self._rows("kind = ? AND school = ? ORDER BY rowid", (kind, school))

    def by_key(self, kind: str, keys: Iterable[str]) -> dict[str, list[Staged]]:
        """Rows of these keys, whatever their school, in the file's order."""
        found: dict[str, list[Staged]] = {}
        for some in batches(keys):
            marks = ",".join("?" * len(some))
            for row in self._rows(f"kind = ? AND key IN ({marks}) ORDER BY rowid", (kind, *some)):
                found.setdefault(row.key, []).append(row)
        return found

    def without(self, kind: str, school: str, other: str) -> Iterator[Staged]:
        """Rows of a school whose key no row of the other kind has, at any school."""
        none = "NOT EXISTS (SELECT 1 FROM rows AS more WHERE more.kind = ? AND more.key = rows.key)"
        yield from self._rows(f"kind = ? AND school = ? AND {none} ORDER BY rowid", (kind, school, other))

    def links_of(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Whom each of these is linked with: first those that it names, then those that name it."""
        found: dict[str, dict[str, None]] = {}
        for some in batches(keys):
            marks = ",".join("?" * len(some))
            own = f"SELECT one, other FROM links WHERE one IN ({marks}) ORDER BY rowid"  # noqa: S608 - marks only
            named = f"SELECT other, one FROM links WHERE other IN ({marks}) ORDER BY rowid"  # noqa: S608 - marks only
            for query in (own, named):
                for one, other in self.database.execute(query, some):
                    found.setdefault(one, {})[other] = None
        return {one: list(others) for one, others in found.items()}

    def schools(self, *kinds: str) -> list[str]:
        return sorted({school for kind, school in self.counts if kind in kinds})

    def _rows(self, where: str, values: tuple[str, ...]) -> Iterator[Staged]:
        query = f"SELECT key, file, line, cells, lists FROM rows WHERE {where}"  # noqa: S608 - fixed text and marks
        for key, file, line, cells, lists in self.database.execute(query, values):
            yield Staged(key, Place(file, line), json.loads(cells), json.loads(lists) if lists else [])

    def close(self) -> None:
        self.database.close()


def batches(keys: Iterable[str]) -> Iterator[list[str]]:
    every = list(dict.fromkeys(keys))
    for start in range(0, len(every), ASKED_AT_ONCE):
        yield every[start : start + ASKED_AT_ONCE]
