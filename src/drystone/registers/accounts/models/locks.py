"""Repeated wrong passwords and codes."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from drystone.registers.school.models import User


class SignInFailures(models.Model):
    """Wrong passwords and codes for one address. Addresses that open no account are counted as well, so that a guesser
    is told the same of both; a keyed digest, for people type other things than addresses."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sign_in_failures")
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)
    locked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.count} wrong for {self.user or 'an unknown address'}"
