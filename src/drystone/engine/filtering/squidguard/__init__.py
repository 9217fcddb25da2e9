"""`drystone filter import-squidguard`: a whole squidGuard.conf becomes a rules file (P35), and a report says what has
no equal. What squidGuard 1.6 does with each construct was tried on the real one; the tests do so again.

`import_conf` reads and translates; `Imported.text` is the rules file, read back once before it is handed out."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from drystone.engine.filtering.rules import Rules, RulesError, dump_rules, parse_rules
from drystone.engine.filtering.schedule import DEFAULT_TIMEZONE
from drystone.engine.filtering.squidguard.conf import Conf, Destination, SquidGuardError
from drystone.engine.filtering.squidguard.leftovers import tell_leftovers
from drystone.engine.filtering.squidguard.lists import copy_lists, folder_of, read_people
from drystone.engine.filtering.squidguard.reader import read_conf
from drystone.engine.filtering.squidguard.report import ImportReport, Item, Kind
from drystone.engine.filtering.squidguard.translate import Translation

__all__ = ["ImportReport", "Imported", "Item", "Kind", "SquidGuardError", "import_conf", "import_text"]


@dataclass(frozen=True, slots=True)
class Imported:
    """`lists` is what goes with the rules to `filter compile`."""

    rules: Rules
    text: str
    report: ImportReport
    lists: Path


def import_conf(
    path: Path, *, lists: Path | None = None, timezone: str = DEFAULT_TIMEZONE, school: str = "School"
) -> Imported:
    """Read a squidGuard.conf and the files of users and addresses that it names. With `lists`, the lists of its
    destinations are copied there, a folder each, ready for `filter compile`; what is there already is left alone.
    Raises SquidGuardError, and then nothing was copied."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise SquidGuardError(f"{path}: cannot be read ({error.strerror}); name the squidGuard.conf") from error
    try:
        plain = text.decode("utf-8")
    except UnicodeDecodeError:
        plain = text.decode("latin-1")
    return import_text(plain, source=str(path), lists=lists, timezone=timezone, school=school)


def import_text(
    text: str,
    *,
    source: str = "squidGuard.conf",
    lists: Path | None = None,
    timezone: str = DEFAULT_TIMEZONE,
    school: str = "School",
) -> Imported:
    """The same for text at hand."""
    conf = read_conf(text, source=source)
    report = ImportReport(source)
    for each in conf.sources.values():
        read_people(conf, each, report)
    translation = Translation(conf, report, timezone, school)
    with suppress(OSError):
        _settle_unfinished(lists)
    try:
        _find_lists(translation, lists)
        rules = translation.translate()
        imported = Imported(rules, _checked(rules, source), report, lists or Path(conf.dbhome))
        if lists is not None:
            _put_in_place(lists, translation)
    finally:
        if lists is not None:
            shutil.rmtree(_staging(lists), ignore_errors=True)
    tell_leftovers(conf, report)
    report.counts = _counts(conf, rules)
    return imported


def _find_lists(translation: Translation, lists: Path | None) -> None:
    """Where the lists of each destination are, or will be."""
    for name, destination in translation.conf.destinations.items():
        key, what = translation.category_key(name), f"dest {name}"
        if not destination.lists:
            message = "has no lists; squidGuard leaves it out of every pass line, and so does this"
            translation.report.add(Kind.SAME, destination.name, what, message)
        elif lists is not None:
            _copy(translation, destination, lists, key)
        elif folder := folder_of(translation.conf, destination):
            translation.folders[name] = (folder,)
        else:
            translation.folders[name] = (key,)
            message = f"its files do not make a list folder of their own; say --lists LISTS to copy them to LISTS/{key}"
            translation.report.add(Kind.LOST, destination.name, what, message)


def _copy(translation: Translation, destination: Destination, lists: Path, key: str) -> None:
    conf, name = translation.conf, destination.name.text
    if (lists / key).exists():
        message = f"{lists / key} is there already; name another folder with --lists, or take it away"
        raise conf.fault(destination.name, message)
    try:
        copied = copy_lists(conf, destination, _staging(lists) / key, translation.report)
    except OSError as error:
        message = f"{error.filename}: cannot be copied ({error.strerror}); squidGuard would let everything through"
        raise conf.fault(destination.name, message) from error
    if any(copied.entries.values()):
        translation.folders[name] = (key,)
    else:
        message = "its lists are empty; squidGuard leaves it out of every pass line, and so does this"
        translation.report.add(Kind.SAME, destination.name, f"dest {name}", message)


def _staging(lists: Path) -> Path:
    return lists / f".import-{os.getpid()}"


def _settle_unfinished(lists: Path | None) -> None:
    """What an import that was killed left behind."""
    for left in lists.glob(".import-*") if lists else ():
        shutil.rmtree(left, ignore_errors=True)


def _put_in_place(lists: Path, translation: Translation) -> None:
    for name in translation.folders:
        key = translation.category_key(name)
        try:
            (_staging(lists) / key).rename(lists / key)
        except OSError as error:
            raise SquidGuardError(f"{lists / key}: cannot be written ({error.strerror})") from error


def _checked(rules: Rules, source: str) -> str:
    """The rules as a file, read back: what is handed out can be compiled."""
    text = dump_rules(rules)
    try:
        if parse_rules(text) != rules:
            raise SquidGuardError(f"{source}: the rules made of it read otherwise than they were written; report this")
    except RulesError as error:
        first = str(error).splitlines()[0]
        raise SquidGuardError(f"{source}: the rules made of it cannot be read ({first}); report this") from error
    return text


def _counts(conf: Conf, rules: Rules) -> dict[str, int]:
    return {
        "sources": len(conf.sources),
        "destinations": len(conf.destinations),
        "times": len(conf.times),
        "acls": len(conf.acls),
        "groups": len(rules.groups),
        "zones": len(rules.zones),
        "people": len(rules.people),
        "rules": len(rules.rules),
    }
