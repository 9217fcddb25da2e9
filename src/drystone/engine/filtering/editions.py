"""Editions of a source of lists: how one comes, waits for a person, is put in place, kept, and put back.

`lists/<source>/` is the edition at work; `lists/.editions/<source>/<id>/` are others, each with its record `<id>.json`
and what came and went with it, `<id>.changes/`. `held.json` there names the one that waits, and why. Files that two
editions share are one file on the disk.
"""

from __future__ import annotations

import fcntl
import filecmp
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering.compare import compare
from drystone.engine.filtering.limits import past_limits
from drystone.engine.filtering.lists import ListError, Report
from drystone.engine.filtering.mandatory import MandatoryRefused, refuse_to_drop, refuse_to_remove
from drystone.engine.filtering.sources import (
    EDITIONS,
    Source,
    SourceError,
    check_name,
    kept_records,
    read_record,
    read_source,
    survey,
    tree_digest,
    write_record,
)

KEPT = 10
HELD = "held.json"


@dataclass(frozen=True, slots=True)
class Held:
    """An edition that waits for a person. `first`: nothing of the source is at work yet."""

    source: Source
    why: tuple[str, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an edition: INSTALLED, HELD (`why` says what a person has to judge) or UNCHANGED."""

    state: str
    source: Source
    why: tuple[str, ...] = ()


INSTALLED, WAITS, UNCHANGED = "installed", "held", "unchanged"


def take(
    lists: Path,
    staged: Path,
    source: Source,
    *,
    at: datetime,
    read: Mapping[str, Report] | None = None,
    ask: bool = False,
    accepted: str = "",
) -> Outcome:
    """Reads a staged edition whole, and puts it in place of the one at work; or keeps it for a person to judge, where
    it changes a category past the limits of its source, or with `ask`.

    `accepted` is who has judged it already, and why. Raises SourceError, and then what is at work stays as it was;
    MandatoryRefused where it would take away what is mandatory, whoever accepts it. `staged` is on the same file
    system as `lists`, and is used up.
    """
    check_name(source.name)
    with alone(lists):
        settle(lists, source.name)
        old = _at_work(lists, source.name)
        folders = survey(staged, read)
        new = replace(source, folders=folders, sha256=tree_digest(staged), accepted="")
        new = _as_before(old, new)
        if old is not None and new.sha256 == old.sha256:
            _refuse_unmapping(old, new)
            known = replace(new, changes=old.changes, installed_at=old.installed_at, accepted=old.accepted)
            if tree_digest(lists / source.name) != known.sha256:  # somebody or something changed them: they come back
                if (lists / source.name).is_symlink():
                    (lists / source.name).unlink()
                shutil.rmtree(lists / source.name, ignore_errors=True)
                staged.rename(lists / source.name)
            write_record(lists / f"{source.name}.json", known)
            shutil.rmtree(staged, ignore_errors=True)
            return Outcome(UNCHANGED, known)
        new = _kept(lists, staged, old, new)
        why = () if old is None else past_limits(old, new)
        if ask or (why and not accepted):
            _hold(lists, new, why)
            return Outcome(WAITS, new, why)
        return Outcome(INSTALLED, _turn(lists, new, at, accepted))


def _as_before(old: Source | None, new: Source) -> Source:
    """What was decided here for the source holds for its next edition."""
    if old is None:
        return new
    mapping = {**old.mapping, **new.mapping}
    return replace(new, mapping=mapping, mandatory=old.mandatory or new.mandatory)


def _kept(lists: Path, staged: Path, old: Source | None, new: Source) -> Source:
    """The staged edition among the others, and what came and went with it. Raises MandatoryRefused."""
    place = _place(lists, new.name)
    place.mkdir(parents=True, exist_ok=True)
    changes = place / f"{new.id}.changes"
    shutil.rmtree(changes, ignore_errors=True)
    if old is None:
        counts = {folder: (read.kept, 0) for folder, read in new.folders.items() if read.kept}
    else:
        try:
            counts = compare(lists / new.name, staged, changes)
        except ListError as error:
            raise SourceError(str(error)) from error
        try:
            refuse_to_drop(old, new, _went(counts), kept_records(lists, new.name))
        except MandatoryRefused:
            shutil.rmtree(changes, ignore_errors=True)
            raise
        _share(lists / new.name, staged)
    new = replace(new, changes=counts)
    shutil.rmtree(place / new.id, ignore_errors=True)
    staged.rename(place / new.id)
    write_record(place / f"{new.id}.json", new)
    return new


def _hold(lists: Path, new: Source, why: tuple[str, ...]) -> None:
    place = _place(lists, new.name)
    before = held(lists, new.name)
    beside = place / f".{HELD}.{os.getpid()}"
    beside.write_text(json.dumps({"edition": new.id, "why": why}, ensure_ascii=False), encoding="utf-8")
    beside.replace(place / HELD)
    if before is not None and before.source.id != new.id:
        _drop(place, before.source.id)


def held(lists: Path, name: str) -> Held | None:
    """The edition of a source that waits for a person."""
    place = _place(lists, name)
    try:
        plain = json.loads((place / HELD).read_bytes())
        source = read_record(place / f"{plain['edition']}.json", name)
        return Held(source, tuple(plain["why"]), not (lists / f"{name}.json").is_file())
    except (OSError, ValueError, KeyError, TypeError, SourceError):
        return None


def all_held(lists: Path) -> tuple[Held, ...]:
    place = lists / EDITIONS
    names = sorted(entry.name for entry in place.iterdir()) if place.is_dir() else []
    return tuple(found for name in names if (found := held(lists, name)) is not None)


def accept(lists: Path, name: str, *, at: datetime, by: str, reason: str, edition: str = "") -> Source:
    """A person has judged that the edition that waits is right. `edition` is the one that they saw. Raises
    SourceError; MandatoryRefused where it came to be one that takes away what is mandatory."""
    with alone(lists):
        settle(lists, name)
        waiting = _waiting(lists, name, edition)
        place = folder_of(lists, name, waiting.source.id)
        if tree_digest(place) != waiting.source.sha256:
            raise SourceError(f"{place}: its files are not those that came; refuse it, and update {name} again")
        _refuse_against(lists, waiting.source)
        return _turn(lists, waiting.source, at, f"{by}: {reason}")


def refuse(lists: Path, name: str, *, edition: str = "") -> Source:
    """The edition that waits is thrown away; the one at work stays. Raises SourceError."""
    with alone(lists):
        waiting = _waiting(lists, name, edition)
        (_place(lists, name) / HELD).unlink()
        _drop(_place(lists, name), waiting.source.id)
        if waiting.first:
            shutil.rmtree(_place(lists, name), ignore_errors=True)
        return waiting.source


def remap_held(lists: Path, name: str, mapping: Mapping[str, str]) -> Source:
    """Which categories the folders of the edition that waits are, before it is accepted. Raises SourceError."""
    with alone(lists):
        waiting = _waiting(lists, name, "")
        new = replace(waiting.source, mapping=dict(mapping))
        _refuse_unmapping(waiting.source, new)
        write_record(_place(lists, name) / f"{new.id}.json", new)
        return new


def _waiting(lists: Path, name: str, edition: str) -> Held:
    waiting = held(lists, name)
    if waiting is None:
        raise SourceError(f"no edition of {name} waits for anybody")
    if edition and waiting.source.id != edition:
        raise SourceError(f"another edition of {name} has come since; look at that one")
    return waiting


def history(lists: Path, name: str) -> tuple[Source, ...]:
    """Every edition that is kept and was at work once, the newest first; the one at work among them."""
    place, at_work, waiting = _place(lists, name), _at_work(lists, name), held(lists, name)
    found = {at_work.id: at_work} if at_work else {}
    for path in place.glob("*.json") if place.is_dir() else ():
        if path.name != HELD and (waiting is None or path.stem != waiting.source.id):
            with suppress(SourceError):
                found.setdefault(path.stem, read_record(path, name))
    return tuple(sorted(found.values(), key=lambda source: source.installed_at or source.fetched_at, reverse=True))


def folder_of(lists: Path, name: str, edition: str) -> Path:
    """Where an edition lies. Raises SourceError."""
    at_work = _at_work(lists, name)
    place = lists / name if at_work and at_work.id == edition else _place(lists, name) / edition
    if not edition.isalnum() or not place.is_dir():
        raise SourceError(f"{name}: there is no edition {edition!r} any more")
    return place


def differences(lists: Path, name: str, old: str, new: str) -> tuple[Path, Mapping[str, tuple[int, int]]]:
    """Compares two kept editions; (where the entries lie, counts by folder). Done once and kept. Raises SourceError."""
    out = _place(lists, name) / f"{old}-{new}.compared"
    counts = out / ".counts.json"
    before, after = folder_of(lists, name, old), folder_of(lists, name, new)
    with suppress(OSError, ValueError):
        return out, {folder: tuple(each) for folder, each in json.loads(counts.read_bytes()).items()}
    try:
        found = compare(before, after, out)
    except ListError as error:
        raise SourceError(str(error)) from error
    counts.write_text(json.dumps(found), encoding="utf-8")
    return out, found


def roll_back(lists: Path, name: str, edition: str, *, at: datetime, by: str, reason: str) -> Source:
    """An edition from before is at work again. Raises SourceError; MandatoryRefused where it lacks what is
    mandatory now."""
    with alone(lists):
        settle(lists, name)
        at_work = read_source(lists, name)
        if at_work.id == edition:
            raise SourceError(f"{name}: that edition is at work already")
        place = folder_of(lists, name, edition)
        old = read_record(_place(lists, name) / f"{edition}.json", name)
        if tree_digest(place) != old.sha256:
            raise SourceError(f"{place}: its files are not those that were kept; it cannot be put back")
        # What was decided since holds: an old edition brings back its sites, not its settings.
        old = replace(old, mapping=at_work.mapping, mandatory=at_work.mandatory, shrink=at_work.shrink)
        _refuse_against(lists, old)
        return _turn(lists, old, at, f"{by} went back: {reason}")


def _refuse_against(lists: Path, new: Source) -> None:
    old = _at_work(lists, new.name)
    if old is not None and old.mandatory_folders:
        _, counts = differences(lists, new.name, old.id, new.id)
        refuse_to_drop(old, new, _went(counts), kept_records(lists, new.name))


def _went(counts: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    return {folder: went for folder, (_, went) in counts.items()}


def change(lists: Path, name: str, **fields: object) -> Source:
    """Other facts of a source: `mapping`, `shrink`, `grow`, `licence`, `origin`. Raises MandatoryRefused where a
    mandatory list would be another category."""
    with alone(lists):
        old = read_source(lists, name)
        new = replace(old, **fields)  # type: ignore[arg-type]
        _refuse_unmapping(old, new)
        write_record(lists / f"{name}.json", new)
        if (_place(lists, name) / f"{new.id}.json").is_file():  # a list that was made mandatory is on record twice
            write_record(_place(lists, name) / f"{new.id}.json", new)
        return new


def _refuse_unmapping(old: Source, new: Source) -> None:
    for folder in old.mandatory_folders:
        known = new.category(folder)
        moved = folder in new.mapping and new.mapping[folder] != (known.slug if known else "")
        if known is None or not known.mandatory or moved:
            raise MandatoryRefused(f"{old.name}/{folder} is a mandatory list: nobody can make it another category")


def remove(lists: Path, name: str) -> Source:
    """Takes a source and its editions away. Raises SourceError, and MandatoryRefused for one with mandatory lists."""
    with alone(lists):
        source = read_source(lists, check_name(name))
        refuse_to_remove(source)
        (lists / f"{name}.json").unlink()
        for folder in (lists / name, _place(lists, name)):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            (lists / EDITIONS).rmdir()
        return source


def _turn(lists: Path, new: Source, at: datetime, accepted: str) -> Source:
    """The edition among the others goes to work, and the one at work among the others."""
    place, current = _place(lists, new.name), lists / new.name
    old = _at_work(lists, new.name)
    new = replace(new, installed_at=at.isoformat(timespec="seconds"), accepted=accepted)
    write_record(place / f"{new.id}.json", new)
    if current.exists():
        name = old.id if old else "unknown"
        if old is not None:
            write_record(place / f"{name}.json", old)
        shutil.rmtree(place / name, ignore_errors=True)
        current.rename(place / name)
    (place / new.id).rename(current)
    write_record(lists / f"{new.name}.json", new)
    waiting = held(lists, new.name)
    if waiting is not None and waiting.source.id == new.id:
        (place / HELD).unlink()
    _forget_old(lists, new.name)
    return new


def settle(lists: Path, name: str) -> None:
    """Finishes what a kill between two renames left: the edition on record is put back where none is at work, and the
    record is brought up to date where the next one is."""
    place, current = _place(lists, name), lists / name
    recorded = _at_work(lists, name)
    if recorded is None or not (place / recorded.id).is_dir():
        return
    if not current.exists():
        (place / recorded.id).rename(current)
        return
    digest = tree_digest(current)
    with suppress(SourceError):
        if digest != recorded.sha256:
            write_record(lists / f"{name}.json", read_record(place / f"{digest[:12]}.json", name))


def _at_work(lists: Path, name: str) -> Source | None:
    """The edition on record. Where that record is gone or damaged, the copy of it among the editions: to break a
    file of a mandatory list is no way to make it a new one."""
    try:
        return read_source(lists, name)
    except SourceError:
        return next(iter(kept_records(lists, name)), None)


def _place(lists: Path, name: str) -> Path:
    return lists / EDITIONS / check_name(name)


def _share(old: Path, new: Path) -> None:
    """Files that are the same in both become one."""
    for path in new.rglob("*"):
        twin = old / path.relative_to(new)
        if path.is_file() and twin.is_file() and filecmp.cmp(twin, path, shallow=False):
            with suppress(OSError):  # a file system without links
                path.unlink()
                os.link(twin, path)  # noqa: PTH200
            if not path.exists():
                shutil.copyfile(twin, path)


def _forget_old(lists: Path, name: str) -> None:
    place = _place(lists, name)
    for source in history(lists, name)[KEPT:]:
        _drop(place, source.id)
    for path in place.glob("*.compared"):
        if not all((place / f"{edition}.json").is_file() for edition in path.stem.split("-")):
            shutil.rmtree(path, ignore_errors=True)


def _drop(place: Path, edition: str) -> None:
    (place / f"{edition}.json").unlink(missing_ok=True)
    for folder in (place / edition, place / f"{edition}.changes"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def alone(lists: Path) -> Iterator[None]:
    """One hand at a time on the lists of a house: the worker, a screen, a shell."""
    lists.mkdir(parents=True, exist_ok=True)
    with (lists / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
