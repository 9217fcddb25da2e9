"""Classes, and who teaches them."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from drystone.registers.school.models.places import Group
from drystone.registers.school.models.schools import School


class SchoolClass(models.Model):
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="classes")
    name = models.CharField(max_length=40)
    year_group = models.SmallIntegerField(
        help_text="-1 for Nursery, 0 for Reception, 1 to 6 for Years 1 to 6; the youngest, where years are mixed."
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="classes")

    class Meta:
        ordering = ["year_group", "name"]
        verbose_name_plural = "classes"
        constraints = [
            models.UniqueConstraint(fields=["school", "name"], name="one_class_of_a_name"),
            models.CheckConstraint(condition=Q(year_group__gte=-1, year_group__lte=6), name="primary_year_groups"),
        ]

    def __str__(self) -> str:
        return self.name


class ClassStaff(models.Model):
    """Whose class it is, from when, until when: its teachers and helpers see its pupils, and no others by that."""

    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="staff")
    person = models.ForeignKey("school.Person", on_delete=models.CASCADE, related_name="classes_taught")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)  # last day of it

    class Meta:
        ordering = ["starts", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="teaching_ends_after_it_starts"
            ),
            models.UniqueConstraint(fields=["school_class", "person", "starts"], name="one_line_of_a_class_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person} of {self.school_class}"

    def held_on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)
