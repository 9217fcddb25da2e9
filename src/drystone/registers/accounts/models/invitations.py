"""Who was asked to open their account, how, and what came of it."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from drystone.registers.school.models import FirstTimeCode, Person


class Invitation(models.Model):
    """P45: by which somebody opens the account that the school made for them. The code itself is not kept."""

    class How(models.TextChoices):
        EMAIL = "email", "E-mail"
        LETTER = "letter", "Letter"

    class State(models.TextChoices):
        WAITS = "waits", "Waits to be sent"
        FAILED = "failed", "Could not be sent"
        OPEN = "open", "Not used yet"
        USED = "used", "Used"
        EXPIRED = "expired", "Ran out"
        REPLACED = "replaced", "Replaced by a newer one"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    how = models.CharField(max_length=10, choices=How)
    address = models.EmailField(help_text="Where it went, and what they sign in with.")
    pages = models.URLField(help_text="The address of these pages as the inviter had it.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    code = models.OneToOneField(FirstTimeCode, null=True, on_delete=models.SET_NULL, related_name="invitation")
    sent_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"invitation of {self.person}"

    def state(self, at: datetime) -> State:
        if self.fault:
            return self.State.FAILED
        if self.sent_at is None:
            return self.State.WAITS
        if self.code is None:
            return self.State.REPLACED
        if self.code.used_at:
            return self.State.USED
        return self.State.OPEN if self.code.expires_at > at else self.State.EXPIRED
