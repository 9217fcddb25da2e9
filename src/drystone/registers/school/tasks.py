"""Work of the school register that nobody waits for."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from drystone.registers.school.models import School
from drystone.registers.school.services.leaving import clear_places_of_leavers


@db_periodic_task(crontab(hour="0", minute="9"))  # type: ignore[untyped-decorator]
def places_of_leavers() -> None:
    """P42: who left yesterday is in no class, and so in no teacher's sight, in the morning."""
    for school in School.objects.all():
        clear_places_of_leavers(school=school, today=timezone.localdate())
