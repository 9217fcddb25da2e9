"""Try before you publish: what the draft would have done with the traffic of the last days."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import Person, School


class TryOutState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WORKING = "working", "Under way"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Turn(models.TextChoices):
    """What becomes of visits; the words of engine/filtering/replay.py."""

    OPENS = "opens", "Would open"
    CLOSES = "closes", "Would close"
    SEARCH = "search", "Searches change"


class TryOut(models.Model):
    """One replay of a school's traffic against its draft. `figures` are the sums, `changes` in words what was tried."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="try_outs")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=TryOutState, default=TryOutState.WAITING)
    days = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    beat_at = models.DateTimeField(default=timezone.now, editable=False)
    stage = models.CharField(max_length=200, blank=True)
    done_steps = models.PositiveIntegerField(default=0)
    all_steps = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    before = models.CharField(max_length=16, blank=True)  # editions
    after = models.CharField(max_length=16, blank=True)
    tried = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    left_out = models.PositiveIntegerField(default=0)  # rows beyond the most that are kept, the rarest

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=Q(state__in=["waiting", "working"]), name="one_try_out_under_way"
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="failed_try_out_says_why"),
            models.CheckConstraint(condition=Q(since__lt=models.F("until")), name="try_out_looks_at_some_time"),
        ]

    def __str__(self) -> str:
        return f"Try-out of {self.school}, {self.asked_at}"

    @property
    def under_way(self) -> bool:
        return self.state in (TryOutState.WAITING, TryOutState.WORKING)

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done_steps // self.all_steps) if self.all_steps else 0


class TryOutRow(models.Model):
    """What would become of one site for one group."""

    try_out = models.ForeignKey(TryOut, on_delete=models.CASCADE, related_name="rows")
    turn = models.CharField(max_length=10, choices=Turn)
    host = models.CharField(max_length=253, blank=True)  # "" is one that could not be read
    group = models.CharField(max_length=40, blank=True)  # slug
    group_name = models.CharField(max_length=80, blank=True)
    events = models.PositiveBigIntegerField()
    people = models.PositiveIntegerField()
    clients = models.PositiveIntegerField()
    logged_blocked = models.PositiveBigIntegerField()
    last = models.DateTimeField()
    example = models.TextField(blank=True)  # the path of the last visit
    category = models.CharField(max_length=80, blank=True)
    rule_before = models.CharField(max_length=80)
    reason_before = models.TextField()
    rule_after = models.CharField(max_length=80)
    reason_after = models.TextField()

    class Meta:
        ordering = ["-events", "host", "group", "id"]
        indexes = [models.Index(fields=["try_out", "turn", "-events"], name="rows_of_a_try_out")]

    def __str__(self) -> str:
        return f"{self.host}, {self.group_name}: {self.get_turn_display()}"
