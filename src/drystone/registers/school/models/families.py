"""Who is responsible for a pupil, and what the school must bear in mind about them."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.school.models.people import Person


class Guardianship(models.Model):
    """P64: a pupil's parent or carer, in the order in which they are called.

    `barred`: by order of a court they are told nothing of the child; that outranks everything else here.
    """

    pupil = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="wards")
    relationship = models.CharField(max_length=40, blank=True, help_text="Mother, father, carer, grandmother …")
    parental_responsibility = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=1, help_text="1 is called first.")
    barred = models.BooleanField(default=False)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["pupil", "guardian"], name="one_line_per_pupil_and_guardian"),
            models.CheckConstraint(condition=~Q(pupil=F("guardian")), name="nobody_is_their_own_guardian"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} for {self.pupil}"


class Sensitivity(models.Model):
    """What only the safeguarding lead reads about a pupil. The text is sealed (`school/seals.py`): whoever has the
    database alone reads nothing. Ended, never changed."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sensitivities")
    sealed = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name_plural = "sensitivities"

    def __str__(self) -> str:
        return f"sensitivity of {self.person_id}"
