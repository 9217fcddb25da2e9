"""P45: which accounts the school's own network and e-mail have, and who holds each."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from drystone.registers.school.models import Person, School


class System(models.TextChoices):
    NETWORK = "network", "School network"
    EMAIL = "email", "School e-mail"


class Use(models.TextChoices):
    OWN = "own", "One person’s own"
    SHARED = "shared", "Several people sign in with it"
    NOBODY = "nobody", "Nobody signs in with it (a mailbox that people open from their own accounts, or a machine’s)"


class HeldAccount(models.Model):
    """An account outside Drystone. It ends by being closed there, which a technician says here; never by removal."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="held_accounts")
    system = models.CharField(max_length=10, choices=System)
    name = models.CharField("account name or address", max_length=200)
    use = models.CharField(max_length=10, choices=Use, default=Use.OWN)
    note = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_on = models.DateField(null=True, blank=True, help_text="The day it was closed on the system itself.")

    class Meta:
        ordering = ["system", "name"]
        constraints = [
            models.UniqueConstraint(
                "school",
                "system",
                Lower("name"),
                condition=Q(closed_on__isnull=True),
                name="one_open_account_of_a_name_and_system",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AccountHolder(models.Model):
    """Who holds an account, from when, until when: a new holder is a new line."""

    account = models.ForeignKey(HeldAccount, on_delete=models.CASCADE, related_name="holders")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="held_accounts")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)  # last day of it

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="account_is_held_until_after_since"
            ),
            models.UniqueConstraint(
                fields=["account", "person"], condition=Q(until__isnull=True), name="one_open_line_per_holder"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} of {self.person}"

    def held_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class NoAccountNeeded(models.Model):
    """P45 asks for an e-mail address “if needed”: here somebody has said that it is not, and why."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="accounts_not_needed")
    system = models.CharField(max_length=10, choices=System)
    reason = models.CharField(max_length=200)
    said_on = models.DateField()
    said_by_name = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "accounts not needed"
        constraints = [
            models.UniqueConstraint(fields=["person", "system"], name="said_once_per_person_and_system"),
        ]

    def __str__(self) -> str:
        return f"{self.person} needs no {self.get_system_display()} account"
