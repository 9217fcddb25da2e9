"""Other systems that may ask or tell Drystone by its API, each with a token of its own."""

from datetime import date
from ipaddress import ip_address

from django.db import models
from django.utils import timezone

from drystone.engine.filtering.overlay import client_text
from drystone.registers.school.addresses import parse_ranges
from drystone.registers.school.models.schools import School


class Scope(models.TextChoices):
    """What a token opens, and nothing else. The words after it stand on the form that makes one."""

    ROLL = "roll.read", "Read who is at the school: names, classes, roles and sign-on names"
    NUMBERS = "roll.numbers", "With that, unique pupil numbers and dates of birth"
    CONTACTS = "roll.contacts", "With that, parents and carers and how to reach them"
    SESSIONS = "sessions.tell", "Tell who signs on to the network, and where"


class Integration(models.Model):
    """A system that may call at one school. Its token is kept as a digest: nobody reads it from here.

    `calls_from` are the ranges that its calls come from, so that a token found elsewhere opens nothing; "" is anywhere.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="integrations")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    calls_from = models.CharField(max_length=300, blank=True)
    expires_on = models.DateField(null=True, blank=True, help_text="The last day on which the token works.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def works_on(self, day: date) -> bool:
        return self.revoked_at is None and (self.expires_on is None or day <= self.expires_on)

    def may_call_from(self, address: str) -> bool:
        """Whether a call from here is this system's. An address that cannot be read is not, where it matters."""
        if not self.calls_from:
            return True
        try:
            client = ip_address(client_text(address.partition("%")[0]))
        except ValueError:
            return False
        return any(client in network for network in parse_ranges(self.calls_from))
