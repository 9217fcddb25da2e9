"""Links that let parents in."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class SignInLink(models.Model):
    """P45: opens, once, what the roll says of an address at the moment when it is used: who has it is not kept here.
    A keyed digest: nobody reads the link from the table."""

    address = models.EmailField()
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"link for {self.address}"
