"""The nightly update of lists: once a night, at a time of this house's own, so that makers are not asked by all at
once; and what came is published where nothing else waits to be."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from hashlib import sha256

from django.conf import settings
from django.utils import timezone

from drystone.engine.filtering.categories import STARTER_SOURCE
from drystone.engine.filtering.editions import INSTALLED
from drystone.engine.filtering.sources import SourceError, read_source, source_names
from drystone.registers.network.models import ListUpdate
from drystone.registers.network.services import lists, publishing
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.school.models import School

log = logging.getLogger(__name__)
FROM, SPREAD = time(1, 0), timedelta(hours=4)
OWN_SECTIONS = frozenset({"lists", "categories"})


def due(now: datetime, last: datetime | None, seed: bytes) -> bool:
    """Whether tonight's update should begin: past this house's minute of the day, and not done since then. A house
    that was off by night is up to date soon after it is on."""
    local = timezone.localtime(now)
    minute = tonight(local, seed)
    if local < minute:
        minute = tonight(local - timedelta(days=1), seed)
    return last is None or last < minute


def tonight(local: datetime, seed: bytes) -> datetime:
    """The minute of this day; another one each day."""
    mark = int.from_bytes(sha256(seed + local.date().isoformat().encode()).digest()[:8])
    begin = timezone.make_aware(datetime.combine(local.date(), FROM), local.tzinfo)
    return begin + timedelta(seconds=mark % int(SPREAD.total_seconds()))


def update_by_night(now: datetime) -> list[ListUpdate]:
    """Every source that can be asked, one after the other; then what came is published."""
    last = ListUpdate.objects.filter(kind=ListUpdate.Kind.NIGHT).values_list("asked_at", flat=True).first()
    names = [name for name in source_names(lists.lists_folder()) if name != STARTER_SOURCE and _asked_at_all(name)]
    if not names or not due(now, last, _seed()):
        return []
    done = []
    for name in names:
        try:
            done.append(
                lists.carry_out(lists.ask_to_update(school=None, by=None, name=name, kind=ListUpdate.Kind.NIGHT))
            )
        except lists.ListRefused as refused:
            log.info("%s: %s", name, refused)
    if any(update.outcome == INSTALLED for update in done):
        publish_what_came()
    return done


def publish_what_came() -> None:
    """In each school where nothing but lists has changed: a person's half-done rules are not put in force by night."""
    for school in School.objects.filter(publications__is_current=True):
        changes = pending_changes(school)
        if changes and all(change.section in OWN_SECTIONS for change in changes):
            try:
                publishing.publish(school=school, by=None, note="The nightly update of lists")
            except publishing.CannotPublish as cannot:
                log.info("%s: %s", school.slug, cannot)


def _asked_at_all(name: str) -> bool:
    try:
        return read_source(lists.lists_folder(), name).updates
    except SourceError:
        return False


def _seed() -> bytes:
    try:
        return bytes(settings.HOME.check_key.read_bytes())
    except OSError:
        return b""
