"""Names put to a text, by somebody who had just proved who they are. Never changed, never deleted."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from drystone.registers.documents.models.texts import Version
from drystone.registers.school.models import Person, Role


class Signature(models.Model):
    """P01: who signed which version, as what, when, and what stood before them as they did."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="signatures")
    hash = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signatures")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=30, choices=Role)
    at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(help_text="When they last proved who they are: minutes before.")
    confirmed_by = models.CharField(max_length=30, help_text="How: password, mfa …")
    beside = models.JSONField(default=dict, help_text="What was shown beside the text: the state of the board.")

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.version}"
