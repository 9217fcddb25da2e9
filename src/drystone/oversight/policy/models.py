"""How promises stood, day by day, and when the policy was reviewed."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.controls import State
from drystone.registers.school.models import Person, School


class DailyFinding(models.Model):
    """What a control answered on a day. The last answer of a day is the day's; days past are never touched."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="findings")
    day = models.DateField()
    promise = models.CharField(max_length=20)
    control = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in State])
    sentence = models.TextField()
    have = models.IntegerField(default=0)
    want = models.IntegerField(default=0)
    due = models.DateField(null=True, blank=True)
    evidence = models.JSONField(default=list)
    error = models.TextField(blank=True)  # for the technician, when the control failed
    library = models.CharField(max_length=80)
    assessed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-day", "promise"]
        constraints = [
            models.UniqueConstraint(fields=["school", "promise", "day"], name="one_finding_of_a_promise_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.promise} {self.day}: {self.state}"


class PolicyReview(models.Model):
    """P08: a review of the policy, and the date set for the next one. Append-only: a new review is a new line."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="policy_reviews")
    reviewed_on = models.DateField()
    next_on = models.DateField()
    outcome = models.TextField()
    recorded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-reviewed_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(next_on__gt=F("reviewed_on")), name="next_review_comes_after_the_last"),
        ]

    def __str__(self) -> str:
        return f"reviewed on {self.reviewed_on}, next on {self.next_on}"
