"""Work of the accounts register that nobody waits for."""

from __future__ import annotations

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services import invitations, locks


@db_task()  # type: ignore[untyped-decorator]
def send_invitation(number: int) -> None:
    """P45: the code is made as the mail goes out, so it never lies in the queue."""
    invitation = Invitation.objects.select_related("person__school", "by").filter(pk=number, sent_at=None).first()
    if invitation is not None:
        invitations.send(invitation)


@db_periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
def forget_old_tries() -> None:
    locks.forget_old(at=timezone.now())
