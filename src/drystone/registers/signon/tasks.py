"""P42, P62: sign-ons are personal data, kept no longer than the events that they explain."""

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from drystone.registers.school.models import School
from drystone.registers.signon.services.leavers import withdraw_from_all_who_left
from drystone.registers.signon.services.sessions import forget

WITHOUT_EVENTS = timedelta(days=31)
AT_MOST = timedelta(days=366)


@db_periodic_task(crontab(hour="3", minute="41"))  # type: ignore[untyped-decorator]
def forget_old_sign_ons() -> None:
    for school in School.objects.all():
        forget(school, kept_since(school, timezone.now()))


@db_periodic_task(crontab(hour="0", minute="11"))  # type: ignore[untyped-decorator]
def leavers_night() -> None:
    for school in School.objects.all():
        withdraw_from_all_who_left(school=school, on=timezone.localdate())


def kept_since(school: School, now: datetime) -> datetime:
    """The beginning of the first day that there are events of; where there are none, a month ago; never over a year."""
    from drystone.engine.eventlog.layout import days  # pyarrow takes a second to load

    first = min((day for day, _ in days(settings.HOME.lake, school.slug)), default=None)
    since = datetime.combine(first, time(), UTC) if first else now - WITHOUT_EVENTS
    return max(since, now - AT_MOST)
