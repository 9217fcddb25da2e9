"""Bringing an edition of lists into the house: from a folder, a file or an address, to where editions are judged.

The one way for the command, the screens and the worker; what becomes of the edition is for engine/filtering/editions.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.editions import Outcome, settle, take
from drystone.engine.filtering.formats import convert, slug
from drystone.engine.filtering.lists import FILES, ListError, Report
from drystone.engine.filtering.sources import Source, SourceError, check_name, copy_lists, note_unchanged, tree_digest
from drystone.gateway.fetch import FetchError, Validators, expanded, fetch, file_digest, unpack

Progress = Callable[[str, int, int], None]  # what, done, of (0 where nobody knows)
UPLOAD = "upload:"  # origin of a file that somebody sent by the browser: there is nowhere to ask for a newer one
MOST_FILES = 200  # of one folder of plain lists


def bring(
    lists: Path,
    source: Source,
    *,
    at: datetime,
    file: Path | None = None,
    known: bool = False,
    sha256: str = "",
    ask: bool = False,
    accepted: str = "",
    progress: Progress | None = None,
    timeout: float = 30,
) -> Outcome | None:
    """Fetches or copies an edition and hands it to `take`; None where its server says that it has not changed.

    `file` is what came by the browser. `known`: only if it is newer than the one at work. Raises SourceError and
    FetchError, one line each, in terms of where the list came from; what is at work stays.
    """
    check_name(source.name)
    lists.mkdir(parents=True, exist_ok=True)
    with _staging(lists, source.name) as staged:
        try:
            settle(lists, source.name)
            if file is not None or not source.remote:
                new, read = _take_local(source, staged, sha256, file or Path(source.origin))
            else:
                known = known and tree_digest(lists / source.name) == source.sha256  # a damaged one comes anew
                fetched = _fetch_remote(lists, source, staged, known, sha256, progress, timeout)
                if fetched is None:
                    note_unchanged(lists, source, at)
                    return None
                new, read = fetched
            new = replace(new, fetched_at=at.isoformat(timespec="seconds"), edition=new.edition or f"{at:%Y-%m-%d}")
            if progress:
                progress("Reading every entry", 0, 0)
            return take(lists, staged, new, at=at, read=read, ask=ask, accepted=accepted)
        except (SourceError, ListError) as error:  # a person knows where the list came from, not where it is unpacked
            said = str(error).replace(str(staged), source.origin)
            if isinstance(error, FetchError):
                raise
            if isinstance(error, SourceError):
                raise type(error)(said) from error
            raise SourceError(said) from error


def _fetch_remote(
    lists: Path, source: Source, staged: Path, known: bool, sha256: str, progress: Progress | None, timeout: float
) -> tuple[Source, Mapping[str, Report]] | None:
    download = lists / f".{source.name}.download"  # kept where the line breaks, and resumed
    fetched = fetch(
        source.origin,
        download,
        known=Validators(source.etag, source.last_modified) if known else None,
        sha256=sha256,
        progress=(lambda done, of: progress("Fetching", done, of)) if progress else None,
        timeout=timeout,
        local=source.local,
    )
    if fetched is None:
        return None
    try:
        new, read = _unpacked(source, download, staged)
    finally:
        download.unlink(missing_ok=True)
    said = fetched.validators
    new = replace(
        new,
        edition=said.last_modified,
        etag=said.etag,
        last_modified=said.last_modified,
        verified_by=fetched.verified_by,
    )
    return new, read


def _take_local(source: Source, staged: Path, sha256: str, path: Path) -> tuple[Source, Mapping[str, Report]]:
    source = replace(source, edition="", etag="", last_modified="", verified_by="")
    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder")
    if path.is_file():
        if sha256 and file_digest(path, "sha256") != sha256.lower():
            raise SourceError(f"{path}: is not what --sha256 says; nothing was changed")
        return _unpacked(source, path, staged)
    if any((path / file).is_file() for file in FILES):  # the folder is itself one list
        copy_lists(path.parent, staged, only=path.name)
        (staged / path.name).rename(staged / source.name)  # the category is called as the source is
        return replace(source, format="squidguard", warnings=()), {}
    plain = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if plain and not any(entry.is_dir() for entry in path.iterdir()):
        return _each_file(source, plain, staged)
    copy_lists(path, staged)
    return replace(source, format="squidguard", warnings=()), {}


def _each_file(source: Source, files: list[Path], staged: Path) -> tuple[Source, Mapping[str, Report]]:
    """A folder of plain files: each a list, called as the file is."""
    if len(files) > MOST_FILES:
        raise SourceError(
            f"{files[0].parent}: has {len(files)} files; more than {MOST_FILES} lists in one folder are none"
        )
    read: dict[str, Report] = {}
    forms = set()
    for file in files:
        name = slug(file.stem) or source.name
        form, reports = convert(file, staged, name=name, form=source.format, mandatory=_mandatory(source, name))
        forms.add(form)
        read |= reports
    return replace(source, format=forms.pop() if len(forms) == 1 else source.format, warnings=()), read


def _unpacked(source: Source, archive: Path, staged: Path) -> tuple[Source, Mapping[str, Report]]:
    """An archive's lists, or those of one file of any layout, which may be compressed."""
    notes = unpack(archive, staged)
    if notes is not None:
        return replace(source, format="squidguard", warnings=notes), {}
    form = "" if source.format == "squidguard" else source.format
    with expanded(archive) as text:
        form, read = convert(text, staged, name=source.name, form=form, mandatory=_mandatory(source, source.name))
    return replace(source, format=form, warnings=()), read


def _mandatory(source: Source, folder: str) -> bool:
    category = source.category(folder)
    return category is not None and category.mandatory


@contextmanager
def _staging(lists: Path, name: str) -> Iterator[Path]:
    staged = lists / f".{name}.{os.getpid()}.incoming"
    shutil.rmtree(staged, ignore_errors=True)
    try:
        yield staged
    finally:
        with suppress(OSError):
            shutil.rmtree(staged, ignore_errors=True)


__all__ = ["UPLOAD", "FetchError", "Progress", "bring"]
