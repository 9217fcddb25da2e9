"""A person's password for the Internet: never that of their account on these pages."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from drystone.registers.school.models import Person


class ProxyPassword(models.Model):
    """P62: kept as a salted verifier only (engine/filtering/verifier.py), which is what gateways get."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="proxy_password")
    verifier = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by_name = models.CharField(max_length=200)

    class Meta:
        verbose_name = "proxy password"

    def __str__(self) -> str:
        return f"proxy password of {self.person}"
