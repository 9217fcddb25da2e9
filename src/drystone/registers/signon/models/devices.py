"""Devices that always have the same address: a teacher's laptop, the tablets of a trolley."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.models import Group, Person, School
from drystone.registers.school.models.places import validate_network


class Device(models.Model):
    """P62: whose the address is, from when to when. A device that changes hands or address is ended, and a new line
    begins: an event of before goes on naming who had it then."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80)
    network = models.CharField("address or range", max_length=50, validators=[validate_network])
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="devices")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.PROTECT, related_name="devices")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "since", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) ^ Q(group__isnull=False), name="a_device_is_a_persons_or_a_groups"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="device_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """What stands for it in the overlay and in events, which carry no names."""
        return f"device-{self.pk}"

    @property
    def shown_network(self) -> str:
        """An address alone without its /32."""
        return self.network.removesuffix("/32") if "." in self.network else self.network.removesuffix("/128")
