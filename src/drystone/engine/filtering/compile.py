"""Lists and rules in, a bundle out: written beside, verified, and put in place by one rename.

Whatever goes wrong before that rename, the bundle at work stays at work (P35).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from drystone.engine.filtering.build import Gathered, Progress, Sets, reversed_keys, with_sets, write_index
from drystone.engine.filtering.bundle import (
    FILES,
    MANIFEST,
    SCHEMA,
    Bundle,
    BundleError,
    digest,
    key_id,
    manifest_bytes,
)
from drystone.engine.filtering.excepted import read_exceptions
from drystone.engine.filtering.identity import person_key, school_key
from drystone.engine.filtering.index import expression_fault
from drystone.engine.filtering.lists import ListError, ListReader, Report, find_folder, list_names
from drystone.engine.filtering.mandatory import keep_mandatory
from drystone.engine.filtering.policy import BundleCategory, BundleGroup, BundleRule, BundleZone, Policy
from drystone.engine.filtering.reuse import Index, receipt_path, source_digest, take_over
from drystone.engine.filtering.rules import Category, Rule, Rules, Timetable, with_folders
from drystone.engine.filtering.standing import check_standing, refuse_to_lose
from drystone.engine.filtering.words import RuleAction, TargetKind

UNDERWAY = ".compiling-"  # temporary folders beside the editions
LOCK = ".compile.lock"


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gave. `counts` are over all lists; `reports` are each list's own."""

    edition: str
    folder: Path
    link: Path
    counts: dict[str, int]
    warnings: tuple[str, ...]
    reports: tuple[Report, ...]


@dataclass(slots=True)
class _Read:
    """All lists, read."""

    hosts: Gathered
    urls: Gathered
    expressions: list[tuple[int, str]]
    reports: list[Report]
    warnings: list[str]


def compile_bundle(
    lists: Path,
    rules: Rules,
    out: Path,
    *,
    key: bytes | None = None,
    by: str = "",
    at: datetime | None = None,
    progress: Progress | None = None,
    overlay_required: bool = False,
    like: Path | None = None,
) -> Compiled:
    """Compile the list folders below `lists` and the rules into an edition beside the link `out`, and turn the link.

    Same lists, rules and key give the same bytes. `by` and `at` go in the receipt beside the edition. With
    `overlay_required` the gateway blocks all but help while there is no overlay. `progress` is told (what, done, of).
    Where the edition that `out` names, or `like`, was made of the same lists, its index is taken over unread.
    Raises ListError, RulesError, BundleError; then what `out` names is as it was.
    """
    lists, out = Path(lists), Path(out)
    if out.exists() and not out.is_symlink():
        raise BundleError(f"{out}: is not a link to a bundle; name a new place, or one that was compiled to before")
    secret = key if key is not None else school_key(rules.school.slug)
    tell = progress or (lambda _what, _done, _of: None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _alone(out.parent), _work_folder(out.parent) as work:
            categories = _categories(lists, rules)
            refuse_to_lose(out, categories, secret)
            names = _names(categories)
            source = source_digest(lists, names)
            index = take_over(source, filter(None, (out, like)), work, key=secret)
            if index is None:
                index = _index(work, _read_lists(lists, names, tell), tell)
                if source_digest(lists, names) != source:
                    raise ListError(f"{lists}: the lists changed while they were read; compile again")
            exceptions = _exceptions(lists, categories)
            manifest = _write(work, rules, categories, index, secret, overlay_required, exceptions)
            tell("Building the index", 3, 3)
            Bundle.open(work, key=secret)  # verified as the gateway will
            folder = _settle(work, out.parent / manifest["edition"], secret)
            compiled = _compiled(manifest, folder, out, index)
            _write_receipt(compiled, source, by, at)
            _turn(out, manifest["edition"])
            return compiled
    except OSError as error:
        place = error.filename or out
        raise BundleError(f"{place}: cannot be written ({error.strerror}); the bundle in place stays") from error


def _categories(lists: Path, rules: Rules) -> tuple[Category, ...]:
    """The categories of the rules, completed by the folders of LISTS; what rules say of them is checked."""
    folders = list_names(lists) if rules.categories is None or lists.is_dir() else ()
    if rules.categories is None and not folders:
        raise ListError(f"{lists}: empty (a folder of lists has one folder for each category); add a list")
    completed = with_folders(rules, folders).categories or {}
    check_standing(lists)
    return keep_mandatory(lists, rules, completed)


def _names(categories: tuple[Category, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for category in categories for name in category.lists}))


def _exceptions(lists: Path, categories: tuple[Category, ...]) -> dict[str, tuple[int, ...]]:
    """What lists do not mean (AdBlock's `@@`); of a mandatory list nothing."""
    names = _names(categories)
    mandatory = {name for category in categories if category.mandatory for name in category.lists}
    return read_exceptions(lists, names, frozenset(number for number, name in enumerate(names) if name in mandatory))


def _read_lists(lists: Path, names: tuple[str, ...], tell: Progress) -> _Read:
    read = _Read(Gathered(), Gathered(), [], [], [])
    folders = [find_folder(lists, name) for name in names]  # the cheap faults of all before the first is read
    for number, (name, folder) in enumerate(zip(names, folders, strict=True)):
        tell("Reading lists", number, len(names))
        report = Report(name)
        reader = ListReader(folder, report)
        for hosts in reader.hosts():
            read.hosts.add(reversed_keys(hosts))
        read.hosts.end(number)
        read.urls.add(entry.encode("utf-8", "replace") for entry in reader.urls() if "\n" not in entry)
        read.urls.end(number)
        for line, pattern in reader.expressions():
            if fault := expression_fault(pattern):
                report.kept -= 1
                report.skip("expressions", line, pattern.encode())
                read.warnings.append(f"{name}/expressions, line {line}: left out, it does not compile ({fault})")
            else:
                read.expressions.append((number, pattern))
        if not report.kept:
            raise ListError(f"{folder}: empty or unreadable (none of its {report.lines} lines is an entry)")
        read.warnings += report.warnings
        read.reports.append(report)
    tell("Reading lists", len(names), len(names))
    return read


def _index(work: Path, read: _Read, tell: Progress) -> Index:
    """The index of the lists, written in the work folder."""
    sets = Sets()
    tell("Building the index", 0, 3)
    urls, hosts = with_sets(read.urls, sets), with_sets(read.hosts, sets)
    tell("Building the index", 1, 3)
    width = 2 if len(sets.members) <= 65_536 else 4
    write_index(urls, work / "urls.trie", work / "urls.ids", width)
    write_index(hosts, work / "sites.trie", work / "sites.ids", width)
    tell("Building the index", 2, 3)
    return Index(
        sets=tuple(sets.members),
        expressions=tuple(read.expressions),
        hosts=len(hosts),
        urls=len(urls),
        width=width,
        reports=tuple(read.reports),
        warnings=tuple(read.warnings),
    )


def _write(
    work: Path,
    rules: Rules,
    categories: tuple[Category, ...],
    index: Index,
    secret: bytes,
    overlay_required: bool,
    exceptions: dict[str, tuple[int, ...]],
) -> dict[str, Any]:
    """The policy, and the manifest last: the index is in the work folder already."""
    policy = replace(_policy(rules, categories, _names(categories), index, secret), exceptions=exceptions)
    (work / "policy.json").write_bytes(json.dumps(policy.to_json(), sort_keys=True, indent=0).encode())
    content = {
        "schema": SCHEMA,
        "school": rules.school.slug,
        "timezone": rules.timezone,
        "key": key_id(secret),
        "overlay": "required" if overlay_required else "optional",
        "id_bytes": index.width,
        "counts": _counts(index, policy),
        "files": {name: {"bytes": (work / name).stat().st_size, "sha256": digest(work / name)} for name in FILES},
    }
    raw = manifest_bytes(content)
    (work / MANIFEST).write_bytes(raw)
    for name in (*FILES, MANIFEST):
        (work / name).chmod(0o644)  # Squid reads them as a user of its own
        _sync(work / name)
    _sync(work)
    manifest: dict[str, Any] = json.loads(raw)
    return manifest


def _policy(
    rules: Rules,
    categories: tuple[Category, ...],
    names: tuple[str, ...],
    index: Index,
    secret: bytes,
) -> Policy:
    numbers = {name: number for number, name in enumerate(names)}
    timetable = rules.timetable()
    ordered = sorted(
        (_rule(rule, place, timetable, secret) for place, rule in enumerate(rules.rules)),
        key=lambda rule: rule.precedence,
    )
    return Policy(
        school=rules.school.slug,
        school_name=rules.school.name,
        lists=names,
        sets=index.sets,
        expressions=index.expressions,
        categories=tuple(
            BundleCategory(
                each.key, each.label, each.mandatory, tuple(numbers[name] for name in each.lists), each.redirect
            )
            for each in categories
        ),
        groups={
            each.key: BundleGroup(
                each.key,
                each.label,
                each.default,
                each.safe_search,
                each.youtube,
                each.access,
                each.match,
                each.redirect,
            )
            for each in rules.groups.values()
        },
        zones={
            each.key: BundleZone(
                each.key, each.label, each.group, each.require_person, tuple(str(range_) for range_ in each.addresses)
            )
            for each in rules.zones.values()
        },
        everyone_else=rules.everyone_else,
        people={
            person_key(secret, person.name): (person.group, str(person.access)) for person in rules.people.values()
        },
        help=rules.help,
        rules=tuple(ordered),
        timetable=timetable,
        people_zones={
            person_key(secret, person.name): dict(person.zones) for person in rules.people.values() if person.zones
        },
    )


def _rule(rule: Rule, place: int, timetable: Timetable, secret: bytes) -> BundleRule:
    target = rule.target
    path = target.path if target.path.startswith("/") or not target.path else "/" + target.path
    plain = BundleRule(
        id=rule.id,
        level=str(rule.level),
        block=rule.action is RuleAction.BLOCK,
        target=str(target),
        reason=rule.reason,
        by=rule.by,
        place=place,
        condition=timetable.bit(rule.condition),
        locked=rule.locked,
        group=rule.group,
        zone=rule.zone,
        person=person_key(secret, rule.person) if rule.person else "",
        redirect=rule.redirect,
    )
    match target.kind:
        case TargetKind.CATEGORY:
            return replace(plain, category=target.value)
        case TargetKind.EXPRESSION:
            return replace(plain, expression=target.value)
        case TargetKind.ANY:
            return replace(plain, anything=target.value)
        case TargetKind.SITE:
            return replace(plain, host=target.host, path=path.rstrip("/"))


def _counts(index: Index, policy: Policy) -> dict[str, int]:
    return {
        "hosts": index.hosts,
        "urls": index.urls,
        "expressions": len(policy.expressions),
        "lists": len(policy.lists),
        "categories": len(policy.categories),
        "sets": len(policy.sets),
        "rules": len(policy.rules),
        "people": len(policy.people),
    }


def _compiled(manifest: dict[str, Any], folder: Path, link: Path, index: Index) -> Compiled:
    counts = dict(manifest["counts"])
    for name in ("lines", "kept", "mended", "skipped"):
        counts[name] = sum(getattr(report, name) for report in index.reports)
    return Compiled(manifest["edition"], folder, link, counts, index.warnings, index.reports)


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """One compiler at a time in a place; the system lets go of the lock of one that was killed."""
    with (parent / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    for left in parent.glob(UNDERWAY + "*"):  # of compilers that were killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    work = parent / f"{UNDERWAY}{os.getpid()}"
    work.mkdir(mode=0o755)
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _settle(work: Path, folder: Path, secret: bytes) -> Path:
    """Give the edition its name. One of that name that is whole is kept: gateways have it mapped."""
    if folder.exists():
        with suppress(BundleError):
            Bundle.open(folder, key=secret)
            return folder
        folder.rename(work.with_name(f"{UNDERWAY}broken-{folder.name}-{os.getpid()}"))
    work.rename(folder)
    _sync(folder.parent)
    return folder


def _write_receipt(compiled: Compiled, source: str, by: str, at: datetime | None) -> None:
    """When, by whom and of which lists: beside the edition, since its bytes depend on lists and rules alone."""
    receipt = {
        "edition": compiled.edition,
        "at": at.isoformat() if at else "",
        "by": by,
        "source": source,
        "counts": compiled.counts,
        "warnings": compiled.warnings,
        "lists": [asdict(report) for report in compiled.reports],
    }
    path = receipt_path(compiled.folder)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(receipt, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _turn(link: Path, edition: str) -> None:
    """From the old edition to the new in one rename."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(edition)
    beside.replace(link)
    _sync(link.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
