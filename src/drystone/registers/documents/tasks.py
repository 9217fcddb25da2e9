"""Reminders go out by themselves, in working hours."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from drystone.registers.documents.services.reminding import remind
from drystone.registers.school.models import School

log = logging.getLogger(__name__)


@db_periodic_task(crontab(minute="23", hour="7-17", day_of_week="1-5"))  # type: ignore[untyped-decorator]
def remind_all() -> None:
    """P02, P47, P48. One school's failure does not stop the rest."""
    for school in School.objects.filter(is_demo=False).order_by("id"):
        try:
            remind(school=school, on=timezone.localdate())
        except Exception:
            log.exception("the reminders of %s could not be sent", school.slug)
