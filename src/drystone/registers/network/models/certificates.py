"""Where the block page is shown on HTTPS."""

from __future__ import annotations

from django.db import models

from drystone.registers.school.models import School, Zone


class SecurePages(models.Model):
    """P35: one for each school that has chosen; without one, nowhere. Gateways read it from `https-pages.json`."""

    class Where(models.TextChoices):
        NOWHERE = "nowhere", "Nowhere"
        ZONES = "zones", "In these places only"
        EVERYWHERE = "everywhere", "Everywhere, visitors’ devices included"

    school = models.OneToOneField(School, on_delete=models.CASCADE, related_name="secure_pages")
    where = models.CharField(max_length=10, choices=Where, default=Where.NOWHERE)
    zones = models.ManyToManyField(Zone, blank=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(where__in=["nowhere", "zones", "everywhere"]), name="secure_pages_where_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"Block page on HTTPS at {self.school}"
