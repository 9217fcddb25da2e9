"""A text and its versions. A version is never changed: what somebody took note of stays what they read."""

from __future__ import annotations

import hashlib
import json

from django.db import models
from django.db.models import F, Q

from drystone.registers.school.models import Person, Role, School


class Kind(models.TextChoices):
    NOTICE = "notice", "Notice"  # everybody of its audience takes note of it
    SIGN_OFF = "sign_off", "Sign-off"  # those it names put their name to it


class Document(models.Model):
    """One text of a school, whatever its version. `slug` names it for good (controls ask for it by that)."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    slug = models.CharField(max_length=60)
    promises = models.JSONField(default=list, help_text="Ids of the promises that it helps to keep.")
    ended_on = models.DateField(null=True, blank=True, help_text="From this day on nobody is asked for it.")

    class Meta:
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["school", "slug"], name="one_document_of_a_name")]

    def __str__(self) -> str:
        return self.slug


class Version(models.Model):
    """The words, who is asked for them, and by when; sealed by `hash`, which acknowledgements and signatures name.

    The database refuses to change or delete one (migration 0002). `counts_from` is the first version whose
    acknowledgements still count: this one where all are asked anew, an earlier one after a correction of spelling.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    counts_from = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Paragraphs, with a blank line between; a line that starts with “- ” is a point.")
    why = models.CharField(max_length=300, help_text="Why people are asked, or what changed.")
    audience = models.JSONField(default=list, help_text="Roles; whoever holds one of them is asked.")
    accounts_only = models.BooleanField(default=False, help_text="Only those who can sign in are asked.")
    days = models.PositiveSmallIntegerField(help_text="Days in which to take note, from when somebody is asked.")
    about = models.CharField(max_length=80, blank=True, help_text="What it tells of: “school.RoleHolding:12”.")
    issued_on = models.DateField()
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ["document", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="one_version_of_a_number"),
            models.CheckConstraint(
                condition=Q(number__gte=1, counts_from__gte=1, counts_from__lte=F("number")),
                name="acknowledgements_count_from_a_version_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    def digest(self) -> str:
        """SHA-256 over what a reader is shown and whom it is for, as canonical JSON."""
        said = {
            "school": self.document.school.slug,
            "document": self.document.slug,
            "number": self.number,
            "title": self.title,
            "body": self.body,
            "audience": sorted(self.audience),
        }
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(role) for role in self.audience)
