"""Sign-ons that another system tells of: RADIUS of the Wi-Fi, the directory's log-on script."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.engine.filtering.overlay import client_text
from drystone.registers.school.addresses import parse_ranges
from drystone.registers.school.models import Person, School

MOST_HOURS = 24


class SessionSource(models.Model):
    """A system that may tell of sign-ons at one school. Its token is kept as a digest: nobody reads it from here.

    `calls_from` are the ranges that its calls come from, so that a token found elsewhere opens nothing; "" is anywhere.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="session_sources")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    most_hours = models.PositiveSmallIntegerField(default=12)
    calls_from = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(most_hours__gte=1) & Q(most_hours__lte=MOST_HOURS), name="session_of_a_day_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def longest(self) -> timedelta:
        return timedelta(hours=self.most_hours)

    def may_call_from(self, address: str) -> bool:
        """Whether a call from here is this system's. An address that cannot be read is not, where it matters."""
        if not self.calls_from:
            return True
        try:
            client = ip_address(client_text(address.partition("%")[0]))
        except ValueError:
            return False
        return any(client in network for network in parse_ranges(self.calls_from))


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
