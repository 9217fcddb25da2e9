"""P49: what the filter's tests of itself asked, and what came back."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.models import Person, School


class Outcome(models.TextChoices):
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    NOT_TESTED = "not_tested", "Not tested"


class CheckKind(models.TextChoices):
    """FM5: what is asked for. Each is a column of the grid."""

    MANDATORY = "mandatory", "Illegal content"
    BLOCKED = "blocked", "Blocked categories"
    HELP = "help", "Help for children"
    ORDINARY = "ordinary", "Ordinary sites"


class CheckRun(models.Model):
    """P49, FM6: one round of tests through every gateway, as every zone. When, who, and what was done."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Every hour"
        PUBLISH = "publish", "After publishing"
        PERSON = "person", "Asked for"

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="check_runs")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    trigger = models.CharField(max_length=10, choices=Trigger)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    edition = models.CharField(max_length=16, blank=True)
    gateways = models.JSONField(default=list)
    zones = models.JSONField(default=list)  # slugs, as they were
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    not_tested = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=500, blank=True)
    done_about_it = models.TextField(blank=True)  # FM6: what was done; written by people, added to

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["school", "-asked_at"], name="latest_check_runs")]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=F("asked_at")),
                name="check_run_finishes_after_it_is_asked_for",
            ),
        ]

    def __str__(self) -> str:
        return f"Check of {self.school}, {self.asked_at}"


class CheckResult(models.Model):
    """One question to one gateway, as a device of one zone."""

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField(default=timezone.now)
    gateway = models.CharField(max_length=80)
    zone = models.CharField(max_length=40)  # slug
    zone_name = models.CharField(max_length=80)
    group_name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=CheckKind)
    category = models.CharField(max_length=80, blank=True)
    target = models.CharField(max_length=300)  # what was asked for
    expected = models.CharField(max_length=200)
    found = models.CharField(max_length=500)
    outcome = models.CharField(max_length=10, choices=Outcome)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["passed", "failed", "not_tested"]), name="check_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway}, {self.zone}, {self.target}: {self.outcome}"
