"""What a run would write, row by row, before any of it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


class Draft:
    """Rows to add, change and remove. The rows themselves are changed in memory at once, so that what is planned later
    sees what was planned before; the database knows nothing of it until `journal.write`."""

    def __init__(self) -> None:
        self.added: dict[type[Model], list[Model]] = defaultdict(list)
        self.removed: dict[type[Model], dict[Any, Model]] = defaultdict(dict)
        self.changed: dict[type[Model], dict[Any, Model]] = defaultdict(dict)
        self._before: dict[tuple[type[Model], Any], dict[str, Any]] = defaultdict(dict)

    def add(self, row: Row) -> Row:
        """An unsaved row; it may point at other unsaved rows of the draft."""
        self.added[type(row)].append(row)
        return row

    def change(self, row: Model, **new: Any) -> dict[str, tuple[Any, Any]]:
        """Sets fields; a relation to a row (unsaved perhaps) or None. What differed: old and new."""
        differs = {}
        for name, value in new.items():
            column: str = row._meta.get_field(name).attname  # type: ignore[union-attr]
            old = getattr(row, column)
            if (value.pk or value if isinstance(value, Model) else value) == old:
                continue
            differs[name] = (old, value)
            if row.pk is not None:
                self._before[type(row), row.pk].setdefault(column, old)
                self.changed[type(row)][row.pk] = row
            setattr(row, name, value)
        return differs

    def remove(self, row: Model) -> None:
        self.removed[type(row)][row.pk] = row

    def before(self, row: Model) -> dict[str, Any]:
        """What the changed columns of a row held."""
        return self._before[type(row), row.pk]

    @property
    def empty(self) -> bool:
        return not (any(self.added.values()) or any(self.removed.values()) or any(self.changed.values()))

    def sizes(self) -> Iterator[tuple[str, str, int]]:
        """How many rows of each table it adds, changes and removes, in a steady order."""
        for verb, tables in (("added", self.added), ("changed", self.changed), ("removed", self.removed)):
            for table in sorted(tables, key=lambda table: table._meta.label):
                if tables[table]:
                    yield verb, table._meta.label, len(tables[table])
