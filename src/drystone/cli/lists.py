"""`drystone lists`: where lists of sites come from, and whether they are sound."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import emit_json, fail
from drystone.engine.filtering import sources
from drystone.engine.filtering.categories import STARTER_SOURCE, category_of, informational
from drystone.engine.filtering.lists import FILES
from drystone.engine.filtering.sources import Source, SourceError
from drystone.engine.home import Home
from drystone.gateway.fetch import FetchError, Progress, Validators, fetch, file_digest, unpack

OLD_DAYS = 31  # UT1 changes daily, most makers at least weekly

app = typer.Typer(help="Add, update and check lists of sites.", add_completion=False)
HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.", envvar="DRYSTONE_HOME")]
DEFAULT_HOME = Path("var")
SmallerOption = Annotated[bool, typer.Option("--smaller-is-right", help="Take an edition of less than half the size.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call the source: ut1, council, …")],
    origin: Annotated[str, typer.Argument(metavar="PATH-or-URL", help="A folder, an archive, or where to fetch one.")],
    home: HomeOption = DEFAULT_HOME,
    licence: Annotated[str, typer.Option(help="Under which its maker gives it, such as “CC BY-SA 4.0”.")] = "",
    sha256: Annotated[str, typer.Option(help="What the archive must hash to.")] = "",
    smaller_is_right: SmallerOption = False,
) -> None:
    """Add a source of lists, or put another in its place."""
    sources.check_name(name)
    if name == STARTER_SOURCE:
        fail("`starter` is the source that Drystone brings along; choose another name")
    if not origin.startswith(("http://", "https://")):
        origin = str(Path(origin).resolve())
    source = Source(name, origin, licence or _known_licence(name), edition="", fetched_at="")
    installed = _bring(Home(home), source, sha256=sha256, smaller_is_right=smaller_is_right)
    if installed:
        _tell(installed)


@app.command()
def update(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; left out, all.")] = None,
    home: HomeOption = DEFAULT_HOME,
    smaller_is_right: SmallerOption = False,
) -> None:
    """Fetch what has changed. A source that fails stays as it was, and the others are still done."""
    lists, failed = Home(home).lists, False
    for name in names or [name for name in sources.source_names(lists) if name != STARTER_SOURCE]:
        try:
            source = sources.read_source(lists, name)
            if name == STARTER_SOURCE:
                print("starter: comes with Drystone, and changes with it")
                continue
            installed = _bring(Home(home), source, known=True, smaller_is_right=smaller_is_right)
            _tell(installed) if installed else print(f"{name}: unchanged since its last edition")
        except (SourceError, FetchError) as error:
            print(f"drystone: {name}: {error}", file=sys.stderr)
            failed = True
    raise typer.Exit(1 if failed else 0)


@app.command()
def show(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Name the sources there are, and where each came from."""
    lists = Home(home).lists
    found = [sources.read_source(lists, name) for name in sources.source_names(lists)]
    for source in found:
        if as_json:
            emit_json(asdict(source))
        else:
            print(f"{source.name}: {source.entries:,} entries in {len(source.folders)} lists, from {source.origin}")
            print(f"  edition {source.edition}, came {source.fetched_at}, licence {source.licence or 'not recorded'}")
    if not found and not as_json:
        print(f"no lists in {lists} yet; `drystone lists add NAME PATH-or-URL` adds some")


@app.command()
def check(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Read every list whole and say what is wrong. Exit status 1 where something is."""
    lists, wrong = Home(home).lists, False
    names = sorted({path.stem for path in lists.glob("*.json")}) if lists.is_dir() else []
    if not names:
        fail(f"there are no lists in {lists}; `drystone lists add NAME PATH-or-URL` adds some")
    for name in names:
        try:
            source, faults = sources.check(lists, name)
        except SourceError as error:
            source, faults = None, (str(error),)
        wrong = wrong or bool(faults)
        emit_json(_as_plain(name, source, faults)) if as_json else _report(name, source, faults)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def remove(name: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a source away. Rules that name its lists will not compile until it is back."""
    sources.remove(Home(home).lists, name)
    print(f"{name}: removed; what is published stays in force until the next bundle")


def _bring(
    home: Home, source: Source, *, known: bool = False, sha256: str = "", smaller_is_right: bool = False
) -> Source | None:
    """Stages an edition beside the lists and installs it; None where the server says it has not changed."""
    home.lists.mkdir(parents=True, exist_ok=True)
    with _staging(home.lists, source.name) as staged:
        today = datetime.now(UTC)
        if source.remote:
            fetched = _fetch_remote(home, source, staged, known=known, sha256=sha256)
            if fetched is None:
                sources.note_unchanged(home.lists, source, today)
                return None
            source = fetched
        else:
            source = _take_local(source, staged, sha256)
        edition = source.edition or f"{today:%Y-%m-%d}"
        source = replace(source, fetched_at=today.isoformat(timespec="seconds"), edition=edition)
        try:
            return sources.install(home.lists, staged, source, smaller_is_right=smaller_is_right)
        except SourceError as error:  # a person knows where the list came from, not where it is unpacked
            raise SourceError(str(error).replace(str(staged), source.origin)) from error


def _fetch_remote(home: Home, source: Source, staged: Path, *, known: bool, sha256: str) -> Source | None:
    archive = home.lists / f".{source.name}.download"  # kept where the line breaks, and resumed
    validators = Validators(source.etag, source.last_modified) if known else None
    with _progress(source.name) as progress:
        fetched = fetch(source.origin, archive, known=validators, sha256=sha256, progress=progress)
    if fetched is None:
        return None
    try:
        notes = unpack(archive, staged, name=source.name)
    finally:
        archive.unlink(missing_ok=True)
    said = fetched.validators
    return replace(
        source,
        edition=said.last_modified,
        etag=said.etag,
        last_modified=said.last_modified,
        verified_by=fetched.verified_by,
        warnings=notes,
    )


def _take_local(source: Source, staged: Path, sha256: str) -> Source:
    path = Path(source.origin)
    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder")
    if path.is_file():
        if sha256 and file_digest(path, "sha256") != sha256.lower():
            raise SourceError(f"{path}: is not what --sha256 says; nothing was changed")
        return replace(source, warnings=unpack(path, staged, name=source.name), edition="")
    if any((path / file).is_file() for file in FILES):  # the folder is itself one list
        sources.copy_lists(path.parent, staged, only=path.name)
        (staged / path.name).rename(staged / source.name)  # the category is called as the source is
    else:
        sources.copy_lists(path, staged)
    return replace(source, edition="")


@contextmanager
def _staging(lists: Path, name: str) -> Iterator[Path]:
    staged = lists / f".{name}.{os.getpid()}.incoming"
    shutil.rmtree(staged, ignore_errors=True)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def _progress(name: str) -> Iterator[Progress | None]:
    """A bar for people; for a file of logs, nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(f"{name}", *columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)


def _known_licence(name: str) -> str:
    return "CC BY-SA 4.0 (Fabrice Prigent, Université Toulouse Capitole)" if name == "ut1" else ""


def _tell(source: Source) -> None:
    skipped = sum(folder.skipped for folder in source.folders.values())
    line = f"{source.name}: {source.entries:,} entries in {len(source.folders)} lists"
    print(f"{line}, {skipped:,} unreadable lines left out" if skipped else line)
    _tell_unmapped(source)
    print("they filter from the next bundle that is published")


def _tell_unmapped(source: Source) -> None:
    if source.unmapped:
        print(f"  of no category here: {', '.join(source.unmapped)} (a rules file can still name them)")


def _report(name: str, source: Source | None, faults: tuple[str, ...]) -> None:
    for fault in faults:
        print(f"{name}: WRONG: {fault}")
    if source is None:
        return
    mended, skipped = (
        sum(getattr(folder, what) for folder in source.folders.values()) for what in ("mended", "skipped")
    )
    age = _age_days(source)
    old = "" if source.name == STARTER_SOURCE or age <= OLD_DAYS else " (OLD: `drystone lists update`)"
    print(f"{name}: {source.entries:,} entries in {len(source.folders)} lists, {age} days old{old}")
    if mended or skipped:
        print(f"  {mended:,} dirty entries mended, {skipped:,} left out")
    for example in [example for folder in source.folders.values() for example in folder.examples][:5]:
        print(f"  left out: {example}")
    _tell_unmapped(source)


def _as_plain(name: str, source: Source | None, faults: tuple[str, ...]) -> dict[str, object]:
    plain: dict[str, object] = {"source": name, "ok": not faults, "faults": faults}
    if source is None:
        return plain
    folders = {folder: asdict(read) | {"category": _category(name, folder)} for folder, read in source.folders.items()}
    return plain | {
        "origin": source.origin,
        "licence": source.licence,
        "edition": source.edition,
        "fetched_at": source.fetched_at,
        "age_days": _age_days(source),
        "entries": source.entries,
        "unmapped": source.unmapped,
        "informational": [folder for folder in source.folders if folder in informational(name)],
        "warnings": source.warnings,
        "folders": folders,
    }


def _category(source: str, folder: str) -> str | None:
    category = category_of(source, folder)
    return category.slug if category else None


def _age_days(source: Source) -> int:
    return max(0, int(time.time() - datetime.fromisoformat(source.fetched_at).timestamp()) // 86400)
