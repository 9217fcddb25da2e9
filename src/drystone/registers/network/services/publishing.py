"""Putting rules and lists in force, and going back to an edition from before.

`ask_to_publish` records the wish, the worker calls `carry_out`, and whatever goes wrong leaves the bundle in force
as it was (P35) with the reason in plain words.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from drystone.engine.eventlog.lake import Lake
from drystone.engine.filtering.bundle import Bundle, BundleError
from drystone.engine.filtering.compile import Compiled, compile_bundle
from drystone.engine.filtering.lists import ListError
from drystone.engine.filtering.overlay import OverlayError
from drystone.engine.filtering.rules import RulesError, dump_rules, parse_rules
from drystone.engine.filtering.sources import lost_sources
from drystone.engine.filtering.standing import MandatoryGone, check_standing
from drystone.registers.network.catalog import all_sources
from drystone.registers.network.models import Publication, PublicationKind, PublicationState
from drystone.registers.network.models.publications import UNDER_WAY
from drystone.registers.network.overlay import make_sure
from drystone.registers.network.services.changes import content_of, current_publication, differences
from drystone.registers.network.services.draft import Draft, draft
from drystone.registers.network.services.mandatory import lacking_mandatory, mandatory_in_force, refuse_on_record
from drystone.registers.network.services.permission import require
from drystone.registers.school.models import Person, School
from drystone.registers.school.moments import moment
from drystone.registers.school.pseudonyms import person_secret
from drystone.registers.school.services.audit import record

log = logging.getLogger(__name__)
KEPT_EDITIONS = 30
SILENT_FOR = timedelta(minutes=3)  # a worker that shows no life for so long has died
TELL_EVERY = 0.5  # seconds between two marks of progress


class CannotPublish(Exception):
    """In plain words: why not, and what to do."""


def ask_to_publish(*, school: School, by: Person | None, note: str = "") -> Publication:
    """Record the wish to publish; the database lets one be under way. Raises CannotPublish."""
    require(by, "network.publish", school)
    return _begin(school, by, PublicationKind.PUBLISH, note)


def publish(*, school: School, by: Person | None, note: str = "") -> Publication:
    """Publish here and now. The Publication says how it went: `state` is DONE or FAILED."""
    return carry_out(ask_to_publish(school=school, by=by, note=note))


def carry_out(publication: Publication) -> Publication:
    """Compile the school's draft, verify it, turn `current` to it, and record it. Never raises for what a person can
    put right: the publication says why it failed, and the bundle in force stays."""
    taken = Publication.objects.filter(pk=publication.pk, state=PublicationState.WAITING).update(
        state=PublicationState.WORKING, stage="Collecting rules", beat_at=timezone.now()
    )
    if not taken:  # another worker has it, or it was given up
        publication.refresh_from_db()
        return publication
    publication.refresh_from_db()
    before = edition_in_force(publication.school)
    try:
        drafted = draft(publication.school)
        _refuse_to_open(publication.school, drafted)
        compiled = _compile(publication, drafted)
        _put_in_force(publication, drafted, compiled)
    except (RulesError, ListError, BundleError, OverlayError) as error:
        _fail(publication, str(error))
    except OSError as error:
        _fail(publication, f"{error.filename or settings.HOME.bundles}: {error.strerror or error}")
    except Exception as error:
        log.exception("publishing for %s failed", publication.school.slug)
        if before:  # in force, and not on record: the one from before is both
            _turn(bundle_folder(publication.school) / "current", before)
        _fail(
            publication, f"Drystone itself failed ({type(error).__name__}). Tell whoever looks after it; see the log."
        )
    publication.refresh_from_db()
    return publication


def roll_back(*, publication: Publication, by: Person | None, note: str) -> Publication:
    """Put an edition from before in force again: verified, then one rename. Raises CannotPublish, and nothing changed.

    Rules on the screens stay as they are: they show as not yet published.
    """
    school = publication.school
    require(by, "network.publish", school)
    if publication.state != PublicationState.DONE:
        raise CannotPublish("That attempt never came into force, so there is nothing to go back to.")
    if not note.strip():
        raise CannotPublish("Say why you go back. Whoever reads the history will want to know.")
    folder = bundle_folder(school)
    try:
        old = Bundle.open(folder / publication.edition, key=person_secret())
    except BundleError as error:
        raise CannotPublish(f"That edition cannot be used any more: {error}") from error
    if lacking := lacking_mandatory(school, old):
        what = f"That edition lacks the mandatory list {', '.join(lacking)}: nobody can go back to it."
        refuse_on_record(school=school, by=by, what=f"Refused to roll back: {what}")
        raise CannotPublish(f"{what} This attempt is on record.")
    new = _begin(school, by, PublicationKind.ROLL_BACK, note, rolled_back_to=publication)
    try:
        _turn(folder / "current", publication.edition)
    except OSError as error:
        _fail(new, f"{folder}: {error.strerror}")
        raise CannotPublish(f"{folder} cannot be written ({error.strerror}).") from error
    for name in ("rules", "content", "counts", "warnings", "lists"):
        setattr(new, name, getattr(publication, name))
    _finish(new, publication.edition, [f"Back to the edition of {moment(publication.asked_at)}"])
    return new


def give_up_silent(school: School) -> None:
    """A publication whose worker has died is over: nobody waits for it for ever."""
    for stuck in Publication.objects.filter(
        school=school, state__in=UNDER_WAY, beat_at__lt=timezone.now() - SILENT_FOR
    ):
        _fail(stuck, "The worker stopped before it was done. The rules from before are in force; publish again.")


def point_here(school: School) -> None:
    """This machine's own gateway serves this school, where it serves none yet."""
    here = settings.HOME.here
    if not here.is_symlink():
        here.parent.mkdir(parents=True, exist_ok=True)
        _turn(here, school.slug)


def bundle_folder(school: School) -> Path:
    folder: Path = settings.HOME.school_bundles(school.slug)
    return folder


def edition_in_force(school: School) -> str:
    """The edition that `current` names on disk, or "": what gateways of this machine read."""
    try:
        return (bundle_folder(school) / "current").readlink().name
    except OSError:
        return ""


def _begin(
    school: School, by: Person | None, kind: PublicationKind, note: str, rolled_back_to: Publication | None = None
) -> Publication:
    give_up_silent(school)
    try:
        with transaction.atomic():
            return Publication.objects.create(
                school=school,
                kind=kind,
                by=by,
                by_name=by.name if by else "Drystone",
                note=" ".join(note.split())[:500],
                rolled_back_to=rolled_back_to,
            )
    except IntegrityError as error:
        raise CannotPublish("Somebody is publishing already. Wait until that is done, then look again.") from error


def _compile(publication: Publication, drafted: Draft) -> Compiled:
    """The rules go through their own file first: what the file's reader would refuse is refused here too."""
    rules = parse_rules(dump_rules(drafted.rules), source=drafted.rules.source)
    folder = bundle_folder(publication.school)
    folder.mkdir(parents=True, exist_ok=True)
    make_sure(publication.school)
    return compile_bundle(
        settings.HOME.lists,
        rules,
        folder / "current",
        key=person_secret(),
        by=publication.by_name,
        at=timezone.now(),
        progress=_progress(publication),
        overlay_required=True,
    )


def _refuse_to_open(school: School, drafted: Draft) -> None:
    """P35: lists that went missing must not open what they closed. Raises ListError."""
    try:
        check_standing(settings.HOME.lists)
    except MandatoryGone as error:
        refuse_on_record(school=school, by=None, what=f"Refused to publish: {error}")
        raise
    if lost := lost_sources(settings.HOME.lists):
        raise ListError(
            f"The lists of {', '.join(lost)} are not there: an update is under way or was cut off. Try again in a "
            f"minute; if it stays so, run `drystone lists update {lost[0]}`"
        )
    mandatory = {name for each in (drafted.rules.categories or {}).values() if each.mandatory for name in each.lists}
    if gone := sorted(mandatory_in_force(school) - mandatory):
        what = f"The mandatory list {', '.join(gone)} is in force and not installed any more. Add it again"
        refuse_on_record(school=school, by=None, what=f"Refused to publish: {what}")
        raise ListError(what)
    if drafted.open:
        raise ListError(
            f"Rules block {', '.join(drafted.open)}, and no installed list has that category any more. Add the list "
            "again, or withdraw the rules"
        )


def _progress(publication: Publication) -> Callable[[str, int, int], None]:
    last = [0.0]

    def tell(what: str, done: int, of: int) -> None:
        now = timezone.now()
        if now.timestamp() - last[0] >= TELL_EVERY:
            last[0] = now.timestamp()
            Publication.objects.filter(pk=publication.pk).update(
                stage=what[:200], done_steps=done, all_steps=of, beat_at=now
            )

    return tell


def _put_in_force(publication: Publication, drafted: Draft, compiled: Compiled) -> None:
    before = current_publication(publication.school)
    publication.rules = dump_rules(draft(publication.school, pseudonymous=True).rules)
    publication.content = content_of(drafted)
    publication.counts = compiled.counts
    publication.warnings = [*drafted.left_out, *compiled.warnings]
    publication.lists = [_provenance(asdict(source)) for source in all_sources()[0]]
    changes = differences(before.content, publication.content) if before else []
    _finish(publication, compiled.edition, [str(change) for change in changes] if before else ["The first edition"])


def _provenance(source: dict[str, object]) -> dict[str, object]:
    return {name: source[name] for name in ("name", "origin", "licence", "edition", "fetched_at", "sha256")}


def _finish(publication: Publication, edition: str, changes: list[str]) -> None:
    school = publication.school
    with transaction.atomic():
        before = current_publication(school)
        Publication.objects.filter(school=school, is_current=True).update(is_current=False)
        publication.state, publication.is_current, publication.edition = PublicationState.DONE, True, edition
        publication.finished_at, publication.stage, publication.changes = timezone.now(), "", changes
        publication.save()
        record(
            school=school,
            by=publication.by,
            as_name=publication.by_name,
            verb=f"{publication.kind}_filter_rules",
            subject=publication,
            summary=f"{publication.get_kind_display()} edition {edition}: {publication.note or 'no note'}",
            before={"edition": before.edition} if before else {},
            after={"edition": edition, "changes": changes[:100]},
        )
    point_here(school)
    _forget_old_editions(school)


def _fail(publication: Publication, why: str) -> None:
    with transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(
            state=PublicationState.FAILED, failure=why, finished_at=timezone.now(), stage=""
        )
        record(
            school=publication.school,
            by=publication.by,
            as_name=publication.by_name,
            verb="failed_to_publish",
            subject=publication,
            summary=f"Publishing failed, the edition before stays in force: {why}",
        )


def _turn(link: Path, target: str) -> None:
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)


def _forget_old_editions(school: School) -> None:
    """The last thirty editions that were in force stay on disk, and every one that was while events were written that
    are still kept: “Why?” replays them on it. The history of older ones stays in the register."""
    folder = bundle_folder(school)
    kept = _editions_to_keep(school) | {edition_in_force(school)}
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith(".") and entry.name not in kept:
            shutil.rmtree(entry, ignore_errors=True)
            entry.with_name(f"{entry.name}.receipt.json").unlink(missing_ok=True)


def _editions_to_keep(school: School) -> set[str]:
    done = Publication.objects.filter(school=school, state=PublicationState.DONE)
    oldest_event = Lake(settings.HOME.lake).first_day(school.slug)
    kept: list[str] = []
    replaced_at = None  # when the next one took its place
    for edition, came_at in done.values_list("edition", "finished_at"):
        named = oldest_event and (replaced_at is None or replaced_at.astimezone(UTC).date() >= oldest_event)
        if edition not in kept and (named or len(kept) < KEPT_EDITIONS):
            kept.append(edition)
        replaced_at = came_at
    return set(kept)
