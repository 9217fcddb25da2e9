"""Who may open a confidential record: a list of its own, beside every role."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models.people import Person
from drystone.registers.school.models.schools import School


class ConfidentialRecord(models.Model):
    """A record of another register, by its `kind` (the model's label) and number, that no role opens by itself."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="confidential_records")
    kind = models.CharField(max_length=60)
    number = models.PositiveBigIntegerField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "number"], name="one_list_per_confidential_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Sight(models.TextChoices):
    OPENED = "opened", "May open it"
    CLOSED = "closed", "May not open it any more"
    BARRED = "barred", "May never open it"
    CONCERNED = "concerned", "May never open it: it concerns them"
    LIFTED = "lifted", "Not barred any more"


class SightEvent(models.Model):
    """A line of a record's list, with who wrote it and why. Append-only: a change is a new line, and the database
    refuses to change one (migration 0006). Lines go with their record, when it has been kept long enough."""

    record = models.ForeignKey(ConfidentialRecord, on_delete=models.CASCADE, related_name="events")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    sight = models.CharField(max_length=10, choices=Sight)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="sight_of_a_record_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.get_sight_display()}"
