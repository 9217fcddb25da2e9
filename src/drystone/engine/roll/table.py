"""Tables: CSV in any of its dialects, and Excel workbooks, read by a mapping of their columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drystone.engine.roll import text
from drystone.engine.roll.cells import dfe_number
from drystone.engine.roll.headings import guess, recognised
from drystone.engine.roll.mapping import GUARDIAN_PARTS, GUARDIANS, About, Mapping
from drystone.engine.roll.simple import SimpleRolls
from drystone.engine.roll.staging import Cells, Staging
from drystone.engine.roll.values import Place, RollFile, SchoolRef, Scope, Scopes, Source, UnreadableRoll
from drystone.engine.roll.workbook import sheet_names, workbook_rows

LOOKED_AT = 200  # rows from which the meaning of columns is guessed
TITLE_ROWS = 15  # rows above the headings, at most: a report's title, the school, the day
MOST_SCHOOLS = 2_000

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a screen shows while columns are mapped: the headings, some rows, and the likeliest mapping."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sheets: tuple[str, ...]  # of a workbook
    guess: Mapping


def is_workbook(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PK\x03\x04"


@contextmanager
def table_rows(path: Path, sheet: str = "") -> Iterator[Iterator[Row]]:
    if is_workbook(path):
        rows = workbook_rows(path, sheet)
        try:
            yield rows
        finally:
            rows.close()  # type: ignore[attr-defined]  # a generator: it closes its file
        return
    with text.open_text(lambda: path.open("rb"), path.name) as stream:
        yield text.rows(stream, path.name)


def sample(path: Path, *, sheet: str = "", rows: int = 5) -> Sample:
    """UnreadableRoll if there is no table in it."""
    with table_rows(path, sheet) as every:
        first = list(itertools.islice(every, LOOKED_AT))
    at = headings_at(first, path.name)
    headings = unique(first[at][1])
    below = [cells for _, cells in first[at + 1 :]]
    some = tuple(tuple(padded(cells, len(headings))) for cells in below[:rows])
    return Sample(tuple(headings), some, sheet_names(path) if is_workbook(path) else (), guess(headings, below, sheet))


def read_table(path: Path, sha256: str, mapping: Mapping | None = None) -> RollFile:
    """Without a mapping the headings must say enough by themselves."""
    mapping = mapping or sample(path).guess
    if problems := mapping.problems():
        raise UnreadableRoll(f"{path.name}: {problems[0]}. Map its columns first.")
    staging = Staging()
    try:
        names = stage(path, mapping, staging)
    except BaseException:
        staging.close()
        raise
    return RollFile(
        source=Source.TABLE,
        version="",
        scopes=scopes_of(mapping),
        sha256=sha256,
        staged=SimpleRolls(staging, names, mapping.dates, tells_contacts(mapping)),
    )


def scopes_of(mapping: Mapping) -> Scopes:
    whole = Scope.FULL if mapping.complete else Scope.DELTA
    told = "class_name" in mapping.fields()
    classes = Scope.DELTA if told else Scope.ABSENT  # a class that no row names may be empty
    memberships = whole if told else Scope.ABSENT
    if mapping.about is About.STAFF:
        return Scopes(staff=whole, classes=classes, memberships=memberships)
    guardians = Scope.DELTA if tells_contacts(mapping) else Scope.ABSENT
    return Scopes(pupils=whole, guardians=guardians, classes=classes, memberships=memberships)


def tells_contacts(mapping: Mapping) -> bool:
    return any(key.startswith("guardian_") for key in mapping.fields())


def stage(path: Path, mapping: Mapping, staging: Staging) -> dict[str, SchoolRef]:
    """Puts every row down; returns the schools by the text that names them."""
    names: dict[str, SchoolRef] = {}
    with table_rows(path, mapping.sheet) as rows:
        headings = find_headings(rows, mapping, path.name)
        keys = [mapping.columns.get(heading, "") for heading in headings]
        kind = "pupil" if mapping.about is About.PUPILS else "staff"
        for line, row in rows:
            told = dict(cell for cell in zip(keys, padded(row, len(keys)), strict=False) if cell[0])
            school = school_of(told, names, path.name, line)
            if any(row[len(keys) :]):
                what = f"The row has {len(row)} cells, and there are {len(keys)} headings"
                staging.refuse(school, Place("", line), what, "Is there a comma too many in it? Correct the row", told)
            elif any(told.values()):
                staging.put(kind, school, str(line), Place("", line), *taken_apart(told))
    if not staging.counts:
        raise UnreadableRoll(f"{path.name} has headings and no rows below them. Export it again.")
    staging.finish()
    return names


def taken_apart(told: Cells) -> tuple[Cells, list[Cells]]:
    """The pupil's own cells, and those of each contact."""
    contacts = []
    for number in range(1, GUARDIANS + 1):
        found = {part.key: told[key] for part in GUARDIAN_PARTS if (key := f"guardian_{number}_{part.key}") in told}
        if any(found.values()):
            contacts.append({**found, "order": str(number)})
    return {key: text for key, text in told.items() if not key.startswith("guardian_")}, contacts


def school_of(told: Cells, names: dict[str, SchoolRef], name: str, line: int) -> str:
    text = told.pop("school", "")
    if text not in names:
        if len(names) >= MOST_SCHOOLS:
            raise UnreadableRoll(f"{name}, line {line}: more than {MOST_SCHOOLS:,} schools. Is the column right?")
        number = dfe_number(text)
        names[text] = SchoolRef(dfe_number=number) if number else SchoolRef(name=text)
    return text


def find_headings(rows: Iterator[Row], mapping: Mapping, name: str) -> list[str]:
    """Leaves `rows` at the row below the headings."""
    best: set[str] = set(mapping.columns)
    for _, row in itertools.islice(rows, TITLE_ROWS):
        headings = unique(row)
        missing = set(mapping.columns) - set(headings)
        if not missing:
            return headings
        best = min(best, missing, key=len)
    heading = next((heading for heading in mapping.columns if heading in best), "")
    raise UnreadableRoll(f"{name} has no column “{heading}”, which the mapping names. Map its columns again.")


def headings_at(rows: Sequence[Row], name: str) -> int:
    """The first row of the most recognised headings; the first row if no row has any."""
    if not rows:
        raise UnreadableRoll(f"{name} has no rows. Export it again.")
    known = [recognised(row) for _, row in rows[:TITLE_ROWS]]
    return known.index(max(known))


def unique(headings: Sequence[str]) -> list[str]:
    """Headings that can be told apart: the second “Email” is “Email (2)”, an empty one “column 4”."""
    trimmed = list(headings)
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    found: list[str] = []
    for place, heading in enumerate(trimmed, start=1):
        named = heading or f"column {place}"
        times = sum(1 for other in trimmed[: place - 1] if other == heading) if heading else 0
        found.append(f"{named} ({times + 1})" if times else named)
    return found


def padded(row: Sequence[str], width: int) -> list[str]:
    return [*row[:width], *([""] * (width - len(row)))]
