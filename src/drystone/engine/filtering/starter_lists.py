"""The lists that Drystone brings along, as a source like the others."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.categories import STARTER, STARTER_SOURCE
from drystone.engine.filtering.editions import settle, take
from drystone.engine.filtering.sources import Source, copy_lists, read_source, source_names, tree_digest


def install_starter(lists: Path, *, edition: str, at: datetime) -> bool:
    """True where they were new. Called at each start: takes a few milliseconds where they are in place."""
    digest = tree_digest(STARTER)
    settle(lists, STARTER_SOURCE)
    if STARTER_SOURCE in source_names(lists) and digest in read_source(lists, STARTER_SOURCE).edition:
        return False
    lists.mkdir(parents=True, exist_ok=True)
    staged = lists / f".{STARTER_SOURCE}.{os.getpid()}.incoming"
    shutil.rmtree(staged, ignore_errors=True)
    copy_lists(STARTER, staged)
    source = Source(
        name=STARTER_SOURCE,
        origin=str(STARTER),
        licence="EUPL-1.2",
        edition=f"{edition} ({digest})",
        fetched_at=at.isoformat(timespec="seconds"),
    )
    take(lists, staged, source, at=at, accepted="Drystone: it comes with this version")
    shutil.rmtree(staged, ignore_errors=True)
    return True
