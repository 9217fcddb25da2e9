"""Work of the network register in the background."""

import logging

from django.conf import settings
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from drystone.registers.network.models import CheckRun, ListUpdate, Publication, PublicationState, TryOut
from drystone.registers.network.overlay import take_up
from drystone.registers.network.services import certificates, list_nights, lists, publishing, selftest, tryouts
from drystone.registers.network.services.list_journal import take_journal
from drystone.registers.school.models import School

log = logging.getLogger(__name__)
SETTLE_SECONDS = 4  # a running gateway has a new bundle within two


@db_task()  # type: ignore[untyped-decorator]
def publish_now(number: int) -> None:
    """Publish, and see through every gateway that it took."""
    publication = Publication.objects.select_related("school", "by").get(pk=number)
    if publishing.carry_out(publication).state == PublicationState.DONE:
        check_after_publishing.schedule((publication.school_id,), delay=SETTLE_SECONDS)


@db_task()  # type: ignore[untyped-decorator]
def check_after_publishing(school: int) -> None:
    check_by_itself(School.objects.get(pk=school), CheckRun.Trigger.PUBLISH)


@db_task()  # type: ignore[untyped-decorator]
def check_now(number: int) -> None:
    selftest.carry_out(CheckRun.objects.select_related("school", "by").get(pk=number))


@db_task()  # type: ignore[untyped-decorator]
def try_out_now(number: int) -> None:
    tryouts.carry_out(TryOut.objects.select_related("school", "by").get(pk=number))


@db_periodic_task(crontab(minute="7"))  # type: ignore[untyped-decorator]
def check_every_hour() -> None:
    """P49: at seven minutes past, when few others do something on the hour."""
    for school in School.objects.filter(publications__is_current=True):
        check_by_itself(school, CheckRun.Trigger.SCHEDULE)
        selftest.forget_old_runs(school, timezone.now())


def check_by_itself(school: School, trigger: CheckRun.Trigger) -> None:
    try:
        run = selftest.ask_for_check(school=school, by=None, trigger=trigger)
    except selftest.CannotCheck as cannot:
        log.info("%s: %s", school.slug, cannot)
        return
    selftest.carry_out(run)


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def overlays_each_minute() -> None:
    """A net under take_up: what a process that was killed, or a full disk, kept from being written is written now."""
    for school in School.objects.all():
        take_up(school=school, sender=None)
        certificates.take_up(school)


@db_task()  # type: ignore[untyped-decorator]
def update_list(number: int) -> None:
    lists.carry_out(ListUpdate.objects.select_related("school", "by").get(pk=number))


@db_periodic_task(crontab(minute="*/5"))  # type: ignore[untyped-decorator]
def lists_by_night() -> None:
    """P35: fresh lists; see services/list_nights.py for when."""
    lists.give_up_silent()
    list_nights.update_by_night(timezone.now())


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def lists_on_record() -> None:
    """What a shell did to lists while the database was away goes on record now."""
    take_journal(settings.HOME.lists)
