"""Publications: what was put in force, when, by whom, and how it went."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import Person, School


class PublicationState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WORKING = "working", "Being made"
    DONE = "done", "Published"
    FAILED = "failed", "Failed"


class PublicationKind(models.TextChoices):
    PUBLISH = "publish", "Published"
    ROLL_BACK = "roll_back", "Rolled back"


UNDER_WAY = [PublicationState.WAITING, PublicationState.WORKING]


class Publication(models.Model):
    """One attempt to put rules and lists in force. `rules` is the rules file as compiled, people by their keys.

    The database lets one be current and one be under way in a school, so two publishes at once cannot cross.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="publications")
    kind = models.CharField(max_length=10, choices=PublicationKind, default=PublicationKind.PUBLISH)
    state = models.CharField(max_length=10, choices=PublicationState, default=PublicationState.WAITING)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)
    beat_at = models.DateTimeField(default=timezone.now, editable=False)  # the worker's last sign of life
    stage = models.CharField(max_length=200, blank=True)
    done_steps = models.PositiveIntegerField(default=0)
    all_steps = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    edition = models.CharField(max_length=16, blank=True)
    is_current = models.BooleanField(default=False)
    rules = models.TextField(blank=True)
    content = models.JSONField(default=dict)  # section → key → sentence; see services.draft
    changes = models.JSONField(default=list)  # sentences: what changed since the edition before
    counts = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    lists = models.JSONField(default=list)  # provenance of each source that went in
    rolled_back_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["school"], condition=Q(is_current=True), name="one_current_publication"),
            models.UniqueConstraint(
                fields=["school"], condition=Q(state__in=["waiting", "working"]), name="one_publication_under_way"
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(state="done") & ~Q(edition=""),
                name="current_publication_has_an_edition",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="failed_publication_says_why"),
            models.CheckConstraint(
                condition=Q(kind="publish", rolled_back_to__isnull=True)
                | Q(kind="roll_back", rolled_back_to__isnull=False),
                name="a_roll_back_says_to_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.edition or self.state}"

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done_steps // self.all_steps) if self.all_steps else 0
