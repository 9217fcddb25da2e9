"""A publication that changed only rules need not read the lists again.

The index depends on the lists alone. Which lists an edition was made of stands in its receipt, as one hash over their
contents and over the code that reads them; an edition of the same hash gives its index to the next, file for file, as
hard links. So publishing a rule costs a reading of the lists' bytes, and an edition that is kept costs some kilobytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from drystone.engine.filtering.bundle import Bundle, BundleError
from drystone.engine.filtering.lists import FILES, Report, find_folder

INDEX = ("sites.ids", "sites.trie", "urls.ids", "urls.trie")


@dataclass(frozen=True, slots=True)
class Index:
    """What a bundle has of its lists: the index files lie in its folder, and this is the rest."""

    sets: tuple[tuple[int, ...], ...]
    expressions: tuple[tuple[int, str], ...]  # (list, pattern)
    hosts: int
    urls: int
    width: int  # bytes of a set's id
    reports: tuple[Report, ...]
    warnings: tuple[str, ...]


def source_digest(lists: Path, names: Iterable[str]) -> str:
    """A hash of the lists' contents, in this order, and of the code that reads them. Raises ListError and OSError.

    Contents, not times: a list that was written over within the clock's tick, or restored with its old date, must
    not leave what it closed open (P35). A hundred megabytes take a fifth of a second.
    """
    whole = sha256(_reader_digest())
    for name in names:
        folder = find_folder(lists, name)
        for file in FILES:
            path = folder / file
            if not path.exists():
                continue
            with path.open("rb") as source:
                whole.update(json.dumps([name, file, file_digest(source, "sha256").hexdigest()]).encode())
    return whole.hexdigest()


@cache
def _reader_digest() -> bytes:
    """Lists that are read otherwise than before are other lists."""
    code = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return code.digest()


def take_over(source: str, editions: Iterable[Path], work: Path, *, key: bytes) -> Index | None:
    """The index of the first of these editions that was made of the same lists and is whole, linked into `work`.
    None: there is none, and the lists must be read."""
    for edition in editions:
        folder = Path(os.path.realpath(edition))
        receipt = _receipt_of(folder)
        if receipt.get("source") != source:
            continue
        with suppress(BundleError, OSError, KeyError, TypeError):
            old = Bundle.open(folder, key=key)
            for name in INDEX:
                _link(folder / name, work / name)
            return Index(
                sets=old.policy.sets,
                expressions=old.policy.expressions,
                hosts=old.manifest["counts"]["hosts"],
                urls=old.manifest["counts"]["urls"],
                width=old.manifest["id_bytes"],
                reports=tuple(Report(**each) for each in receipt["lists"]),
                warnings=tuple(receipt["warnings"]),
            )
        for name in INDEX:
            (work / name).unlink(missing_ok=True)
    return None


def receipt_path(folder: Path) -> Path:
    """Where the receipt of an edition lies: beside its folder, since its bytes depend on lists and rules alone."""
    return folder.with_name(f"{folder.name}.receipt.json")


def _receipt_of(folder: Path) -> dict[str, Any]:
    try:
        receipt = json.loads(receipt_path(folder).read_bytes())
    except (OSError, ValueError):
        return {}
    return receipt if isinstance(receipt, dict) else {}


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)  # noqa: PTH200 - the same in pathlib, the other way round
    except OSError:  # another file system, or one without links
        shutil.copyfile(old, new)
