"""Work of the register in the background."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from drystone.registers.unblock.services.asking import forget_old_tickets


@db_periodic_task(crontab(hour="3", minute="40"))  # type: ignore[untyped-decorator]
def forget_tickets() -> None:
    forget_old_tickets(timezone.now())
