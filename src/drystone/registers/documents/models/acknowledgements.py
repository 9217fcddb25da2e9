"""Who has taken note of which version, and who was reminded. Events: never changed, never deleted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.documents.models.texts import Version
from drystone.registers.school.models import Person


class How(models.TextChoices):
    SCREEN = "screen", "On screen"
    PAPER = "paper", "On paper"


class AcknowledgementQuerySet(models.QuerySet["Acknowledgement"]):
    def standing(self) -> AcknowledgementQuerySet:
        """Those that count: not the lines that strike another out, and not the struck."""
        return self.filter(strikes=None, struck_by=None)


class Acknowledgement(models.Model):
    """P47, P48: this person has read this version. `hash` is the version's, as they were shown it.

    One entered by mistake is struck out by another line that says why (`strikes`). The database refuses to change or
    delete either (migration 0002).
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="acknowledgements")
    hash = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acknowledgements")
    read_on = models.DateField(help_text="The day on which they read it: today on screen, the day on the paper.")
    how = models.CharField(max_length=10, choices=How)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # who entered it
    note = models.CharField(max_length=200, blank=True, help_text="Where the paper is kept; why it is struck out.")
    strikes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="struck_by")

    objects = AcknowledgementQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["version", "person"], name="who_has_taken_note")]
        constraints = [
            models.CheckConstraint(condition=Q(strikes=None) | ~Q(note=""), name="struck_out_for_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.version}"


class Reminder(models.Model):
    """A word about a notice that went out by e-mail; `number` 1, 2, 3 (documents/reminding.py). There is no fourth:
    then a person asks them."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reminders")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="reminders")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now, editable=False)
    sent_to = models.EmailField(blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "person", "number"], name="a_reminder_goes_out_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version}: reminder {self.number}"
