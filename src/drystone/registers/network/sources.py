"""Where lists come from: the starter that ships with Drystone, and what `drystone lists add` has installed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from drystone.engine.home import Home
from drystone.registers.network.catalog import STARTER, STARTER_NAME, installed


@dataclass(frozen=True, slots=True)
class Source:
    """One source of lists and its provenance, as far as it is known."""

    name: str
    title: str
    origin: str
    licence: str
    fetched_at: datetime | None
    edition: str
    entries: int | None
    categories: int

    @property
    def in_words(self) -> str:
        when = f", of {self.fetched_at:%d.%m.%Y %H:%M}" if self.fetched_at else ""
        return f"{self.title}{when} (edition {self.edition})"

    def plain(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "origin": self.origin,
            "licence": self.licence,
            "fetched_at": self.fetched_at.isoformat() if self.fetched_at else "",
            "edition": self.edition,
            "entries": self.entries,
            "categories": self.categories,
        }


def all_sources() -> list[Source]:
    """The starter first."""
    return [starter(), *(_installed(settings.HOME, folder) for folder in installed(settings.HOME.lists))]


@lru_cache(maxsize=1)
def starter() -> Source:
    files = sorted(STARTER.glob("*/[du]*"))
    content = b"".join(path.read_bytes() for path in files)
    return Source(
        STARTER_NAME,
        "Drystone’s starter lists",
        "Made for Drystone; it comes with each release",
        "As Drystone itself",
        None,
        sha256(content).hexdigest()[:16],
        sum(1 for line in content.splitlines() if line.strip() and not line.startswith(b"#")),
        len({path.parent.name for path in files}),
    )


def _installed(home: Home, folder: Path) -> Source:
    """A source without provenance is shown as such: it was copied in by hand."""
    try:
        told = json.loads((home.lists / f"{folder.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    told = told if isinstance(told, dict) else {}
    stat = folder.stat()
    fallback = sha256(f"{folder.name} {stat.st_ino} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    return Source(
        folder.name,
        str(told.get("title") or folder.name),
        str(told.get("origin") or told.get("url") or "not recorded"),
        str(told.get("licence") or "not recorded"),
        _moment(told.get("fetched_at")) or datetime.fromtimestamp(stat.st_mtime, tz=UTC),
        str(told.get("edition") or told.get("sha256") or fallback)[:16],
        told.get("entries") if isinstance(told.get("entries"), int) else None,
        sum(1 for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()),
    )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def joined_lists(home: Home) -> Iterator[Path]:
    """One LISTS folder of links to every source, each pinned to what it means now: an update that swaps a source
    while a bundle is compiled does not mix two editions."""
    home.run.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="lists-", dir=home.run) as folder:
        joined = Path(folder)
        (joined / STARTER_NAME).symlink_to(os.path.realpath(STARTER))
        for source in installed(home.lists):
            (joined / source.name).symlink_to(os.path.realpath(source))
        yield joined
