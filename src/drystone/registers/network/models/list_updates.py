"""Updates of lists: who asked, how far it is, what came of it. The lists themselves are files (engine/filtering)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import Person, School


class ListUpdate(models.Model):
    """One wish to fetch a source. `school` is where it was asked for; of the night it has none."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WORKING = "working", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        ADD = "add", "Looked at, to be added"
        UPDATE = "update", "Updated"
        NIGHT = "night", "Updated in the night"

    school = models.ForeignKey(School, null=True, on_delete=models.CASCADE, related_name="list_updates")
    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    beat_at = models.DateTimeField(default=timezone.now, editable=False)
    stage = models.CharField(max_length=200, blank=True)
    done_steps = models.PositiveBigIntegerField(default=0)
    all_steps = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True)  # installed, held, unchanged
    said = models.TextField(blank=True)  # why it failed, or why it waits
    asked = models.JSONField(default=dict)  # of a source to be added: origin, format, licence, mandatory

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["waiting", "working"]), name="one_update_of_a_list_under_way"
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(said=""), name="failed_list_update_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.get_kind_display()}"

    @property
    def under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WORKING)

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done_steps // self.all_steps) if self.all_steps else 0
