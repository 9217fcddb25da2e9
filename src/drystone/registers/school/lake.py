"""The event lake of this house, opened once in a process.

DuckDB, Ibis and pyarrow take a second to load, so that is left to the first question: other pages need not wait.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from drystone.engine.eventlog.lake import Lake


def lake() -> Lake:
    return _lake(settings.HOME.lake)


@lru_cache(maxsize=2)
def _lake(root: Path) -> Lake:
    from drystone.engine.eventlog.lake import Lake

    return Lake(root)
