"""Lists, from the pages and by night: added, updated, judged, mapped, put back, removed. Each on record.

P35: what would switch off a mandatory list is refused for every role, and the attempt goes on record. The lists are
the house's: what a technician of one school changes, all its schools filter by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from drystone.engine.filtering import editions
from drystone.engine.filtering.categories import STARTER_SOURCE
from drystone.engine.filtering.mandatory import MandatoryRefused
from drystone.engine.filtering.sources import Source, SourceError, check_name, read_source, source_names
from drystone.registers.network.models import ListUpdate
from drystone.registers.network.services.permission import require
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

log = logging.getLogger(__name__)
State, Kind = ListUpdate.State, ListUpdate.Kind
UNDER_WAY = (State.WAITING, State.WORKING)
SILENT_FOR = timedelta(minutes=10)  # reading five million entries makes no sound
TELL_EVERY = 1.0
MANAGE = "network.manage_lists"
UPLOAD = "upload:"


class ListRefused(Exception):
    """In plain words: why not, and what to do."""


def lists_folder() -> Path:
    folder: Path = settings.HOME.lists
    return folder


def ask_to_add(
    *,
    school: School,
    by: Person | None,
    name: str,
    origin: str = "",
    upload: UploadedFile[Any] | None = None,
    form: str = "",
    licence: str = "",
    mandatory: bool = False,
) -> ListUpdate:
    """A source to be looked at. The worker reads it whole, and it waits until a person has seen what it brings.
    Raises ListRefused."""
    require(by, MANAGE, school)
    try:
        check_name(name)
    except SourceError as error:
        raise ListRefused(f"{error}.") from error
    if name == STARTER_SOURCE or name in source_names(lists_folder()):
        raise ListRefused(f"There is a source called {name} already. Choose another name, or update that one.")
    if upload is None and not origin.startswith(("https://", "http://")):
        raise ListRefused("Write an address that begins with https://, or choose a file.")
    asked = {
        "origin": f"{UPLOAD}{Path(upload.name or '').name}" if upload else origin,
        "form": form,
        "licence": licence,
        "mandatory": mandatory,
    }
    made = _begin(school, by, name, Kind.ADD, asked)
    if upload is not None:
        path = _uploaded(made)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.writelines(upload.chunks())
    return made


def ask_to_update(*, school: School | None, by: Person | None, name: str, kind: str = Kind.UPDATE) -> ListUpdate:
    """A source to be fetched anew. Raises ListRefused."""
    if school is not None:
        require(by, MANAGE, school)
    source = known(name)
    if name == STARTER_SOURCE or not source.updates:
        raise ListRefused(f"{name} has no address to ask for a newer edition. Add it anew to replace it.")
    return _begin(school, by, name, kind, {})


def carry_out(update: ListUpdate) -> ListUpdate:
    """Fetch, read, judge, put in place or hold. Never raises for what a person can put right: the update says why."""
    taken = ListUpdate.objects.filter(pk=update.pk, state=State.WAITING).update(
        state=State.WORKING, stage="Beginning", beat_at=timezone.now()
    )
    update.refresh_from_db()
    if not taken:
        return update
    try:
        with refusals(update.school, update.by, f"update {update.source}", update.source, as_name=update.by_name):
            outcome = _bring(update)
    except (SourceError, ListRefused) as error:
        _finish(update, State.FAILED, said=str(error))
    except OSError as error:
        _finish(update, State.FAILED, said=f"{error.filename or lists_folder()}: {error.strerror or error}")
    except Exception as error:
        log.exception("updating %s failed", update.source)
        _finish(update, State.FAILED, said=f"Drystone itself failed ({type(error).__name__}); see the log.")
    else:
        state = outcome.state if outcome else editions.UNCHANGED
        _finish(update, State.DONE, outcome=state, said="; ".join(outcome.why) if outcome else "")
    finally:
        _uploaded(update).unlink(missing_ok=True)
    return update


def _bring(update: ListUpdate) -> editions.Outcome | None:
    now = timezone.now()
    adding = update.kind == Kind.ADD
    if adding:
        asked = update.asked
        source = Source(
            update.source,
            asked["origin"],
            asked["licence"],
            edition="",
            fetched_at="",
            format=asked["form"],
            mandatory=asked["mandatory"],
            local=settings.LISTS_FROM_THIS_MACHINE,
        )
    else:
        source = read_source(lists_folder(), update.source)
    bring = import_string(settings.LISTS_BRINGER)
    file = _uploaded(update) if source.origin.startswith(UPLOAD) else None
    outcome: editions.Outcome | None = bring(
        lists_folder(), source, at=now, file=file, known=not adding, ask=adding, progress=_progress(update)
    )
    return outcome


def accept(*, school: School, by: Person, name: str, edition: str, reason: str, mapping: Mapping[str, str]) -> Source:
    """The edition that waits is right. `mapping` says which categories the lists of a new source are."""
    require(by, MANAGE, school)
    why = _reason(reason)
    with refusals(school, by, f"accept an edition of {name}", name):
        if mapping:
            editions.remap_held(lists_folder(), name, mapping)
        taken = editions.accept(lists_folder(), name, at=timezone.now(), by=by.name, reason=why, edition=edition)
    _record(school, by, "accept_list", name, f"Accepted an edition of {name}: {why}", after=_facts(taken))
    return taken


def refuse(*, school: School, by: Person, name: str, edition: str, reason: str) -> Source:
    require(by, MANAGE, school)
    why = _reason(reason)
    with refusals(school, by, f"refuse an edition of {name}", name):
        gone = editions.refuse(lists_folder(), name, edition=edition)
    _record(school, by, "refuse_list", name, f"Refused an edition of {name}: {why}", before=_facts(gone))
    return gone


def roll_back(*, school: School, by: Person, name: str, edition: str, reason: str) -> Source:
    require(by, MANAGE, school)
    why = _reason(reason)
    with refusals(school, by, f"go back to edition {edition} of {name}", name):
        before = read_source(lists_folder(), name)
        back = editions.roll_back(lists_folder(), name, edition, at=timezone.now(), by=by.name, reason=why)
    summary = f"Went back to an edition of {name} from before: {why}"
    _record(school, by, "roll_back_list", name, summary, before=_facts(before), after=_facts(back))
    return back


def change(*, school: School, by: Person, name: str, mapping: Mapping[str, str], **fields: object) -> Source:
    """Which categories the lists of a source are, its limits, its licence."""
    require(by, MANAGE, school)
    before = known(name)
    with refusals(school, by, f"map the lists of {name}", name):
        after = editions.change(lists_folder(), name, mapping={**before.mapping, **mapping}, **fields)
    _record(school, by, "change_list", name, f"Changed {name}", before=_settings(before), after=_settings(after))
    return after


def remove(*, school: School, by: Person, name: str, reason: str) -> Source:
    require(by, MANAGE, school)
    why = _reason(reason)
    with refusals(school, by, f"remove the lists {name}", name):
        if name == STARTER_SOURCE:
            raise ListRefused("The lists that come with Drystone stay: without them nothing would be filtered.")
        gone = editions.remove(lists_folder(), name)
    _record(school, by, "remove_list", name, f"Removed the lists {name}: {why}", before=_facts(gone))
    return gone


def known(name: str) -> Source:
    try:
        return read_source(lists_folder(), check_name(name))
    except SourceError as error:
        raise ListRefused(str(error)) from error


@contextmanager
def refusals(school: School | None, by: Person | None, what: str, name: str, as_name: str = "") -> Iterator[None]:
    """Engine's words for a person; an attempt at what is mandatory goes on record."""
    try:
        yield
    except MandatoryRefused as refused:
        summary = f"Refused to {what}: {refused}"
        record(
            school=school, by=by, as_name=as_name, verb="refused_list_change", subject=f"list:{name}", summary=summary
        )
        raise ListRefused(f"{refused}. This attempt is on record.") from refused
    except SourceError as error:
        raise ListRefused(f"{error}.") from error


def give_up_silent() -> None:
    """An update whose worker has died is over: nobody waits for it for ever."""
    for stuck in ListUpdate.objects.filter(state__in=UNDER_WAY, beat_at__lt=timezone.now() - SILENT_FOR):
        _finish(stuck, State.FAILED, said="The worker stopped before it was done. Update again.")


def _begin(school: School | None, by: Person | None, name: str, kind: str, asked: dict[str, Any]) -> ListUpdate:
    give_up_silent()
    try:
        with transaction.atomic():
            return ListUpdate.objects.create(
                school=school, source=name, kind=kind, by=by, by_name=by.name if by else "Drystone", asked=asked
            )
    except IntegrityError as error:
        raise ListRefused(f"{name} is being updated already. Wait until that is done.") from error


def _finish(update: ListUpdate, state: str, *, outcome: str = "", said: str = "") -> None:
    with transaction.atomic():
        update.state, update.outcome, update.said = state, outcome, said
        update.finished_at, update.stage = timezone.now(), ""
        update.save()
        if outcome != editions.UNCHANGED:
            words = f"{update.get_kind_display()}: {update.source}: {outcome or 'failed'}. {said}"
            record(
                school=update.school,
                by=update.by,
                as_name=update.by_name,
                verb="update_list",
                subject=f"list:{update.source}",
                summary=words,
            )


def _progress(update: ListUpdate) -> Callable[[str, int, int], None]:
    last: list[Any] = [0.0, ""]

    def tell(what: str, done: int, of: int) -> None:
        now = timezone.now()
        if what != last[1] or now.timestamp() - last[0] >= TELL_EVERY:
            last[:] = [now.timestamp(), what]
            ListUpdate.objects.filter(pk=update.pk).update(stage=what, done_steps=done, all_steps=of, beat_at=now)

    return tell


def _uploaded(update: ListUpdate) -> Path:
    path: Path = settings.HOME.root / "uploads" / f"list-{update.pk}"
    return path


def _record(
    school: School,
    by: Person,
    verb: str,
    name: str,
    summary: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record(school=school, by=by, verb=verb, subject=f"list:{name}", summary=summary, before=before, after=after)


def _facts(source: Source) -> dict[str, Any]:
    return {"edition": source.edition, "id": source.id, "entries": source.entries}


def _settings(source: Source) -> dict[str, Any]:
    return {"mapping": dict(source.mapping), "shrink": source.shrink, "grow": source.grow, "licence": source.licence}


def _reason(text: str) -> str:
    reason = " ".join(text.split())[:500]
    if not reason:
        raise ListRefused("Say why. Whoever reads the history will want to know.")
    return reason
