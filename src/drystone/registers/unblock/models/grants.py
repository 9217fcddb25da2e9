"""What is open for a while, beside the rules: it reaches gateways in the overlay, within two seconds."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.models import Group, Person, School, SchoolClass, Zone


class Whom(models.TextChoices):
    PERSON = "person", "One person"
    CLASS = "class", "A class"
    ZONE = "zone", "A place"
    GROUP = "group", "A group"
    SCHOOL = "school", "The whole school"


class GrantQuerySet(models.QuerySet["Grant"]):
    def open_at(self, at: datetime) -> GrantQuerySet:
        return self.filter(ended_at__isnull=True, since__lte=at, until__gt=at)


class Grant(models.Model):
    """A site allowed for somebody until a moment. It may be ended early, and stays on the register for good.

    `whom` is who it is for in words, kept when the class or the place is gone; it then opens nothing any more.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="grants")
    host = models.CharField(max_length=253)
    level = models.CharField(max_length=10, choices=Whom)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    school_class = models.ForeignKey(SchoolClass, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    zone = models.ForeignKey(Zone, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    whom = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ended_by_name = models.CharField(max_length=200, blank=True)
    ended_reason = models.CharField(max_length=500, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [models.Index(fields=["school", "until"], name="grants_of_a_school")]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="grant_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(host="") & ~Q(reason=""), name="grant_has_a_site_and_a_reason"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_reason="") | Q(ended_at__gte=F("since")) & ~Q(ended_reason=""),
                name="grant_is_ended_after_it_begins_and_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host} for {self.whom}"

    @property
    def key(self) -> str:
        """Its id as a rule in decisions and events."""
        return f"permit:{self.pk}"

    def open_at(self, at: datetime) -> bool:
        return self.ended_at is None and self.since <= at < self.until
