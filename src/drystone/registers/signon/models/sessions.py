"""Sign-ons that another system tells of: RADIUS of the Wi-Fi, the directory's log-on script."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.models import Integration, Person, School

MOST_HOURS = 24


class SessionSource(models.Model):
    """A system that tells of sign-ons at one school, by the token of its integration."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="session_sources")
    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="session_source")
    most_hours = models.PositiveSmallIntegerField(default=12)
    last_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["integration__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(most_hours__gte=1) & Q(most_hours__lte=MOST_HOURS), name="session_of_a_day_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.integration.name

    @property
    def longest(self) -> timedelta:
        return timedelta(hours=self.most_hours)


class Session(models.Model):
    """P62: somebody had an address from `since` to `ends_at`, which is the latest it can last until a stop says more.

    Sessions of a school at one address never overlap: the next to begin ends the one before. `sign_on` is the name as
    it was told, for somebody who is not in the register. Personal data: kept no longer than events.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="sign_ons")
    source = models.ForeignKey(SessionSource, on_delete=models.CASCADE, related_name="sessions")
    reference = models.CharField(max_length=100)
    address = models.CharField(max_length=45)
    sign_on = models.CharField(max_length=100)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="sign_ons")
    since = models.DateTimeField()
    ends_at = models.DateTimeField()
    stopped = models.BooleanField(default=False)
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(fields=["school", "address", "since"], name="sign_on_by_address"),
            models.Index(fields=["school", "ends_at"], name="sign_on_by_end"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference", "address", "since"], name="one_sign_on_of_a_reference_and_time"
            ),
            models.CheckConstraint(condition=Q(ends_at__gte=F("since")), name="sign_on_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.sign_on} at {self.address}"
