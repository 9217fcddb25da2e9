"""What is remembered of where the roll comes from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import ClassStaff, Guardianship, Person, School, SchoolClass


class Mapping(models.Model):
    """Which column of a school's own CSV or XLSX file is what; chosen once on screen and remembered."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="mappings")
    name = models.CharField(max_length=60)
    columns = models.JSONField(help_text="As engine/roll/mapping.py reads it.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["school", "name"], name="one_mapping_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Brought(models.Model):
    """P64: this line of a guardian or a teacher came by a file, so a later file of that source may take it away again.

    What the school typed itself no file removes.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=60)
    guardianship = models.OneToOneField(
        Guardianship, null=True, blank=True, on_delete=models.CASCADE, related_name="brought"
    )
    teaching = models.OneToOneField(ClassStaff, null=True, blank=True, on_delete=models.CASCADE, related_name="brought")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(guardianship__isnull=False, teaching__isnull=True)
                | Q(guardianship__isnull=True, teaching__isnull=False),
                name="brought_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"brought by {self.source}"


class ClassReference(models.Model):
    """The name that a source of the roll has for a class (OneRoster's sourcedId), so that it finds it again."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="references")
    source = models.CharField(max_length=60)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "source", "value"], name="one_class_per_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.value}"
