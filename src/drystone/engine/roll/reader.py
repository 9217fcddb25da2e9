"""The one way in: any file of the roll, by its content."""

from __future__ import annotations

import os
from pathlib import Path

from drystone.engine.roll.ctf import read_ctf
from drystone.engine.roll.detect import Kind, detect
from drystone.engine.roll.mapping import Mapping
from drystone.engine.roll.oneroster import read_oneroster
from drystone.engine.roll.opened import digest
from drystone.engine.roll.table import read_table
from drystone.engine.roll.values import RollFile


def read(path: str | os.PathLike[str], *, mapping: Mapping | None = None) -> RollFile:
    """Reads it to its end, so that what is wrong with the file as a whole is known before anything is done.

    `mapping` is for tables; without one their headings must say enough. UnreadableRoll if the file is of no use.
    """
    file = Path(path)
    kind = detect(file)
    sha256 = digest(file)
    match kind:
        case Kind.CTF:
            return read_ctf(file, sha256)
        case Kind.ONEROSTER:
            return read_oneroster(file, sha256)
        case Kind.CSV | Kind.WORKBOOK:
            return read_table(file, sha256, mapping)
