"""Work in the background that takes more than one room."""

from django.utils import timezone
from huey.contrib.djhuey import db_task

from drystone.oversight.policy.services import assess_school
from drystone.registers.network.api import check_filter, try_out_draft
from drystone.registers.school.models import School


@db_task()  # type: ignore[untyped-decorator]
def look_at_first(number: int) -> None:
    """P49: a school just set up need not wait for the hour: its filter tests itself, then its board is drawn up."""
    school = School.objects.get(pk=number)
    check_filter(school)
    assess_school(school=school, on=timezone.localdate())


@db_task()  # type: ignore[untyped-decorator]
def try_out_first(number: int) -> None:
    """The demo school's draft, tried on its last week."""
    try_out_draft(School.objects.get(pk=number), days=7)
