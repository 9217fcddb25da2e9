"""Findings are renewed by themselves: every hour, a little after the filter has tested itself (network.tasks)."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from drystone.oversight.policy.services import assess_school
from drystone.registers.school.models import School

log = logging.getLogger(__name__)


@db_periodic_task(crontab(minute="12"))  # type: ignore[untyped-decorator]
def assess_all() -> None:
    """One school's failure does not stop the rest."""
    for school in School.objects.order_by("id"):
        try:
            assess_school(school=school, on=timezone.localdate())
        except Exception:
            log.exception("the promises of %s could not be assessed", school.slug)
