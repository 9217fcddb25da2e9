"""P35: the draft is tried on the traffic of the last days before anybody feels it. Nothing is put in force here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from drystone.engine.eventlog import LakeError
from drystone.engine.filtering import BundleError, ListError, RulesError
from drystone.engine.filtering.bundle import Bundle
from drystone.registers.network.editions import EditionGone, draft_edition, edition_of, overlay_now
from drystone.registers.network.models.tryouts import TryOut, TryOutRow, TryOutState
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.services.permission import require
from drystone.registers.school.lake import lake
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

if TYPE_CHECKING:
    from drystone.engine.filtering.replay import Change, Replay

log = logging.getLogger(__name__)
MOST_DAYS = 92
MOST_ROWS = 5_000
KEPT = 10  # try-outs of a school
SILENT_FOR = timedelta(minutes=5)  # a worker that shows no life for so long has died
TELL_EVERY = 1  # seconds between two marks of progress of one stage
_UNDER_WAY = (TryOutState.WAITING, TryOutState.WORKING)


class CannotTryOut(Exception):
    """In plain words."""


def ask_to_try_out(*, school: School, by: Person | None, days: int) -> TryOut:
    """Record the wish; the worker calls `carry_out`. Raises CannotTryOut while another is under way."""
    require(by, "network.try_out", school)
    if not 0 < days <= MOST_DAYS:
        raise CannotTryOut(f"Choose from 1 to {MOST_DAYS} days.")
    give_up_silent(school)
    now = timezone.now()
    try:
        with transaction.atomic():
            return TryOut.objects.create(
                school=school,
                by=by,
                by_name=by.name if by else "Drystone",
                days=days,
                since=now - timedelta(days=days),
                until=now,
            )
    except IntegrityError as error:
        raise CannotTryOut("A try-out is under way already. Wait until it is done, then look again.") from error


def try_out(*, school: School, by: Person | None, days: int) -> TryOut:
    """Here and now."""
    return carry_out(ask_to_try_out(school=school, by=by, days=days))


def carry_out(tried: TryOut) -> TryOut:
    """Compile the draft, replay the traffic, keep what differs. Never raises for what a person can put right: the
    try-out says why it failed."""
    taken = TryOut.objects.filter(pk=tried.pk, state=TryOutState.WAITING).update(
        state=TryOutState.WORKING, stage="Compiling the draft", beat_at=timezone.now()
    )
    tried.refresh_from_db()
    if not taken:  # another worker has it, or it was given up
        return tried
    try:
        _replay(tried)
    except (EditionGone, RulesError, ListError, BundleError, LakeError, OSError) as error:
        _fail(tried, str(error))
    except Exception as error:
        log.exception("the try-out for %s failed", tried.school.slug)
        _fail(tried, f"Drystone itself failed ({type(error).__name__}). Tell whoever looks after it; see the log.")
    _forget_old(tried.school)
    tried.refresh_from_db()
    return tried


def give_up_silent(school: School) -> None:
    """A try-out whose worker has died is over: nobody waits for it for ever."""
    stuck = TryOut.objects.filter(school=school, state__in=_UNDER_WAY, beat_at__lt=timezone.now() - SILENT_FOR)
    for each in stuck:
        _fail(each, "The worker stopped before it was done. Try again.")


def _replay(tried: TryOut) -> None:
    from drystone.engine.eventlog.visits import Visits
    from drystone.engine.filtering.replay import replay

    school = tried.school
    tell = _progress(tried)
    before = edition_of(school)
    after = draft_edition(school, tell)
    visits = Visits(lake(), school.slug, tried.since, tried.until)
    found = replay(visits, before, after, tried.since, tried.until, tell, _devices(school))
    names = {**_names(before), **_names(after)}
    with transaction.atomic():
        TryOutRow.objects.bulk_create(
            [_row(tried, change, names) for change in found.changes[:MOST_ROWS]], batch_size=500
        )
        tried.state, tried.finished_at, tried.stage = TryOutState.DONE, timezone.now(), ""
        tried.before, tried.after = found.before, found.after
        tried.left_out = max(0, len(found.changes) - MOST_ROWS)
        tried.tried = [str(change) for change in pending_changes(school)]
        tried.figures = _figures(found, names)
        tried.save()
        record(
            school=school,
            by=tried.by,
            as_name=tried.by_name,
            verb="try_out_filter_rules",
            subject=tried,
            summary=f"Tried the draft on {found.events} requests of {tried.days} days",
            after={"before": found.before, "after": found.after},
        )


def _row(tried: TryOut, change: Change, names: dict[str, str]) -> TryOutRow:
    return TryOutRow(
        try_out=tried,
        turn=str(change.turn),
        host=_storable(change.host)[:253],
        group=change.group,
        group_name=names.get(change.group, change.group),
        events=change.events,
        people=change.people,
        clients=change.clients,
        logged_blocked=change.logged_blocked,
        last=change.last or tried.until,
        example=_storable(change.example),
        category=change.after.category or change.before.category,
        rule_before=change.before.rule,
        reason_before=change.before.reason,
        rule_after=change.after.rule,
        reason_after=change.after.reason,
    )


def _figures(found: Replay, names: dict[str, str]) -> dict[str, Any]:
    return {
        "events": found.events,
        "access": found.access,
        "gateway": found.gateway,
        "hosts": found.hosts,
        "kinds": found.kinds,
        "logged_otherwise": found.logged_otherwise,
        "seconds": round(found.seconds, 1),
        "by_group": [[group, names.get(group, group), count] for group, count in found.by_group.items()],
        "groups": [{**asdict(each), "turn": str(each.turn)} for each in found.groups],
    }


def _storable(text: str) -> str:
    """What an event holds may have a NUL in it (%00 in an address), which PostgreSQL does not take."""
    return text.replace("\0", "\ufffd")


def _devices(school: School) -> dict[str, str]:
    """Groups of registered devices, as gateways have them now."""
    overlay = overlay_now(school)
    return {device.key: device.group for device in overlay.devices if device.group} if overlay else {}


def _names(bundle: Bundle) -> dict[str, str]:
    return {key: group.title for key, group in bundle.groups.items()}


def _progress(tried: TryOut) -> Callable[[str, int, int], None]:
    told = ("", 0.0)

    def tell(what: str, done: int, of: int) -> None:
        nonlocal told
        now = timezone.now()
        if what != told[0] or now.timestamp() - told[1] >= TELL_EVERY:
            told = (what, now.timestamp())
            TryOut.objects.filter(pk=tried.pk).update(stage=what[:200], done_steps=done, all_steps=of, beat_at=now)

    return tell


def _fail(tried: TryOut, why: str) -> None:
    TryOut.objects.filter(pk=tried.pk).update(
        state=TryOutState.FAILED, failure=why, finished_at=timezone.now(), stage=""
    )


def _forget_old(school: School) -> None:
    """What was tried months ago on other traffic helps nobody: the last ten are kept."""
    kept = TryOut.objects.filter(school=school).values_list("pk", flat=True)[:KEPT]
    TryOut.objects.filter(school=school).exclude(pk__in=list(kept)).delete()
