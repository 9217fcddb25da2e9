"""`drystone lists`: where lists of sites come from, and whether they are sound."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from drystone.cli import lists_editions
from drystone.cli.lists_told import as_plain, tell, tell_checked, tell_preview
from drystone.cli.on_record import put_on_record, refusals, who
from drystone.cli.output import emit_json, fail
from drystone.engine.filtering import editions, sources
from drystone.engine.filtering.categories import STARTER_SOURCE
from drystone.engine.filtering.editions import Outcome
from drystone.engine.filtering.formats import FORMATS
from drystone.engine.filtering.sources import Source, SourceError
from drystone.engine.home import Home
from drystone.gateway.bring import FetchError, Progress, bring

app = typer.Typer(help="Add, update and check lists of sites.", add_completion=False)
HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.", envvar="DRYSTONE_HOME")]
DEFAULT_HOME = Path("var")
AcceptOption = Annotated[
    str, typer.Option("--accept", metavar="REASON", help="Take an edition past the limits, and say why that is right.")
]
FormatOption = Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; left out, it is found out.")]
Origin = Annotated[str, typer.Argument(metavar="PATH-or-URL", help="A folder, a file, or where to fetch one.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call the source: ut1, council, …")],
    origin: Origin,
    home: HomeOption = DEFAULT_HOME,
    licence: Annotated[str, typer.Option(help="Under which its maker gives it, such as “CC BY-SA 4.0”.")] = "",
    sha256: Annotated[str, typer.Option(help="What the archive must hash to.")] = "",
    form: FormatOption = "",
    mandatory: Annotated[bool, typer.Option(help="Nobody can switch it off, or take it away again.")] = False,
    accept: AcceptOption = "",
) -> None:
    """Add a source of lists, or put another in its place."""
    source = _new_source(name, origin, form)
    house = Home(home)
    source = replace(source, licence=licence or _known_licence(name), mandatory=mandatory)
    with refusals(house, name, f"put {source.origin} in place of {name}"):
        outcome = _bring(house, source, sha256=sha256, accept=accept)
    if outcome:
        put_on_record(house, "add_list", name, f"Added the lists {name} from {source.origin}: {outcome.state}")
        tell(outcome)


@app.command()
def update(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; left out, all.")] = None,
    home: HomeOption = DEFAULT_HOME,
    accept: AcceptOption = "",
) -> None:
    """Fetch what has changed. A source that fails stays as it was, and the others are still done."""
    house, failed = Home(home), False
    for name in names or [name for name in sources.source_names(house.lists) if name != STARTER_SOURCE]:
        try:
            source = sources.read_source(house.lists, name)
            if name == STARTER_SOURCE or not source.updates:
                how = "comes with Drystone, and changes with it" if name == STARTER_SOURCE else "was sent as a file"
                print(f"{name}: {how}")
                continue
            with refusals(house, name, f"update {name}"):
                outcome = _bring(house, source, known=True, accept=accept)
            if outcome is None:
                print(f"{name}: unchanged since its last edition")
                continue
            if outcome.state != editions.UNCHANGED:
                put_on_record(house, "update_list", name, f"Updated the lists {name}: {outcome.state}")
            tell(outcome)
        except (SourceError, FetchError) as error:
            print(f"drystone: {name}: {error}", file=sys.stderr)
            failed = True
    raise typer.Exit(1 if failed else 0)


@app.command()
def preview(
    origin: Origin,
    name: Annotated[str, typer.Option(help="What the source would be called.")] = "preview",
    form: FormatOption = "",
) -> None:
    """Read a source whole and say what it would bring. Nothing is changed."""
    with TemporaryDirectory() as folder:
        outcome = _bring(Home(Path(folder)), _new_source(name, origin, form))
        if outcome:
            tell_preview(outcome.source)


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
    for waiting in () if as_json else editions.all_held(lists):
        print(f"{waiting.source.name}: an edition WAITS; {'; '.join(waiting.why) or 'it was only looked at yet'}")
    if not found and not as_json:
        print(f"no lists in {lists} yet; `drystone lists add NAME PATH-or-URL` adds some")


@app.command()
def check(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Read every list whole and say what is wrong. Exit status 1 where something is."""
    lists, wrong = Home(home).lists, False
    names = sorted({path.stem for path in lists.glob("*.json") if "." not in path.stem}) if lists.is_dir() else []
    if not names:
        fail(f"there are no lists in {lists}; `drystone lists add NAME PATH-or-URL` adds some")
    for name in names:
        try:
            source, faults = sources.check(lists, name)
        except SourceError as error:
            source, faults = None, (str(error),)
        wrong = wrong or bool(faults)
        emit_json(as_plain(name, source, faults)) if as_json else tell_checked(name, source, faults)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def remove(name: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a source away. Rules that name its lists will not compile until it is back."""
    house = Home(home)
    with refusals(house, name, f"remove the lists {name}"):
        editions.remove(house.lists, name)
    put_on_record(house, "remove_list", name, f"Removed the lists {name}")
    print(f"{name}: removed; what is published stays in force until the next bundle")


lists_editions.register(app)


def _new_source(name: str, origin: str, form: str) -> Source:
    sources.check_name(name)
    if name == STARTER_SOURCE:
        fail("`starter` is the source that Drystone brings along; choose another name")
    if form and form not in FORMATS:
        fail(f"--format {form}: there are {', '.join(FORMATS)}", code=2)
    if not origin.startswith(("http://", "https://")):
        origin = str(Path(origin).resolve())
    return Source(name, origin, "", edition="", fetched_at="", format=form, local=True)


def _bring(home: Home, source: Source, *, known: bool = False, sha256: str = "", accept: str = "") -> Outcome | None:
    accepted = f"{who()}: {accept}" if accept else ""
    now = datetime.now(UTC)
    with _bars(source.name) as progress:
        return bring(home.lists, source, at=now, known=known, sha256=sha256, accepted=accepted, progress=progress)


@contextmanager
def _bars(name: str) -> Iterator[Progress | None]:
    """A bar for people; for a file of logs, nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda what, done, of: bars.update(task, description=f"{name}: {what}", completed=done, total=of or None)


def _known_licence(name: str) -> str:
    return "CC BY-SA 4.0 (Fabrice Prigent, Université Toulouse Capitole)" if name == "ut1" else ""
