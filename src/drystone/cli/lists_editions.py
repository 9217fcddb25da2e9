"""`drystone lists` for editions: what waits for a person, what came and went, and the way back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.on_record import put_on_record, refusals, who
from drystone.cli.output import fail
from drystone.engine.filtering import editions, sources
from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.compare import CAME, read_differences
from drystone.engine.home import Home
from drystone.engine.spreadsheet import csv_lines

HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state.", envvar="DRYSTONE_HOME")]
DEFAULT_HOME = Path("var")
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the history.")]
Name = Annotated[str, typer.Argument(help="The source.")]


def register(app: typer.Typer) -> None:
    commands: dict[str, Callable[..., None]] = {
        "accept": accept,
        "refuse": refuse,
        "history": history,
        "compare": compare,
        "roll-back": roll_back,
        "map": map_folders,
        "limits": limits,
    }
    for name, function in commands.items():
        app.command(name)(function)


def accept(name: Name, reason: Reason, home: HomeOption = DEFAULT_HOME) -> None:
    """Put the edition that waits in place."""
    house = Home(home)
    with refusals(house, name, f"accept an edition of {name}"):
        taken = editions.accept(house.lists, name, at=datetime.now(UTC), by=who(), reason=_said(reason))
    put_on_record(house, "accept_list", name, f"Accepted an edition of {name}: {reason}")
    print(f"{name}: {taken.entries:,} entries; they filter from the next bundle that is published")


def refuse(name: Name, reason: Reason, home: HomeOption = DEFAULT_HOME) -> None:
    """Throw the edition that waits away. The one at work stays."""
    house = Home(home)
    _said(reason)
    editions.refuse(house.lists, name)
    put_on_record(house, "refuse_list", name, f"Refused an edition of {name}: {reason}")
    print(f"{name}: refused; the edition at work stays")


def history(name: Name, home: HomeOption = DEFAULT_HOME) -> None:
    """The editions that are kept, the newest first."""
    lists = Home(home).lists
    at_work = sources.read_source(lists, name)
    for source in editions.history(lists, name):
        came, went = (sum(counts[place] for counts in source.changes.values()) for place in (0, 1))
        mark = "at work" if source.id == at_work.id else "kept"
        print(f"{source.id}  {source.installed_at or source.fetched_at}  {source.entries:,} entries  "
              f"+{came:,} -{went:,}  {mark}  {source.accepted}".rstrip())  # fmt: skip


def compare(
    name: Name,
    old: Annotated[str, typer.Argument(help="An edition; left out, the one at work.")] = "",
    new: Annotated[str, typer.Argument(help="Another; left out, the one that waits, or the one before.")] = "",
    find: Annotated[str, typer.Option(help="Only entries with this in them.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """What came (+) and what went (-) between two editions."""
    lists = Home(home).lists
    out, counts = editions.differences(lists, name, *_pair(lists, name, old, new))
    found = read_differences(out, text=find)
    if csv:
        rows = ((each.folder, each.kind, each.entry) for each in found)
        sys.stdout.writelines(csv_lines(chain([("List", "What", "Entry")], rows)))
        return
    for folder, (came, went) in counts.items():
        print(f"{folder}: +{came:,} -{went:,}")
    for number, each in enumerate(found):
        if number == 1000 and not find:
            print("… and more: `--csv` has all")
            break
        print(f"{'+' if each.kind == CAME else '-'} {each.folder}: {each.entry}")


def roll_back(name: Name, edition: str, reason: Reason, home: HomeOption = DEFAULT_HOME) -> None:
    """Put an edition from before in place again."""
    house = Home(home)
    with refusals(house, name, f"go back to edition {edition} of {name}"):
        editions.roll_back(house.lists, name, edition, at=datetime.now(UTC), by=who(), reason=_said(reason))
    put_on_record(house, "roll_back_list", name, f"Went back to edition {edition} of {name}: {reason}")
    print(f"{name}: edition {edition} is at work again; it filters from the next bundle that is published")


def map_folders(
    name: Name,
    pairs: Annotated[list[str], typer.Argument(metavar="FOLDER=CATEGORY…", help="CATEGORY left empty: none.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Say which category a list of a source belongs to."""
    house = Home(home)
    source = sources.read_source(house.lists, name)
    mapping = dict(source.mapping)
    for pair in pairs:
        folder, equals, category = pair.partition("=")
        if not equals or folder not in source.folders:
            fail(f"{pair!r}: write FOLDER=CATEGORY; the lists of {name} are {', '.join(source.folders)}")
        if category and category not in load_categories():
            fail(f"{category!r} is no category; there are {', '.join(load_categories())}")
        mapping[folder] = category
    with refusals(house, name, f"map {', '.join(pairs)}"):
        editions.change(house.lists, name, mapping=mapping)
    put_on_record(house, "map_list", name, f"Mapped lists of {name}: {', '.join(pairs)}")
    print(f"{name}: {', '.join(pairs)}; it holds from the next bundle that is published")


def limits(
    name: Name,
    shrink: Annotated[int, typer.Option(min=0, max=100, help="Per cent of a category that may go.")],
    grow: Annotated[int, typer.Option(min=0, max=100_000, help="Per cent that may come.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """How much a category may change before a person is asked."""
    house = Home(home)
    editions.change(house.lists, name, shrink=shrink, grow=grow)
    put_on_record(house, "limit_list", name, f"Limits of {name}: {shrink} per cent may go, {grow} per cent may come")
    print(f"{name}: past -{shrink} % or +{grow} % of a category, an edition waits for a person")


def _pair(lists: Path, name: str, old: str, new: str) -> tuple[str, str]:
    at_work = sources.read_source(lists, name).id
    if new:
        return old, new
    waiting = editions.held(lists, name)
    if waiting is not None and not old:
        return at_work, waiting.source.id
    before = old or next((source.id for source in editions.history(lists, name) if source.id != at_work), "")
    if not before:
        fail(f"{name}: there is one edition, and nothing to compare it with")
    return before, at_work


def _said(reason: str) -> str:
    if not reason.strip():
        fail("--reason: say why; whoever reads the history will want to know")
    return " ".join(reason.split())
