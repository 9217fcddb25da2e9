"""The school's own calendar: academic years, terms with their half terms, days closed."""

from django.db import models
from django.db.models import F, Q

from drystone.registers.school.models.schools import School


class AcademicYear(models.Model):
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="years")
    name = models.CharField(max_length=20)  # "2026 to 2027"
    starts = models.DateField()
    ends = models.DateField()

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(fields=["school", "name"], name="one_year_of_a_name"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="year_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return self.name


class Term(models.Model):
    """Autumn, Spring or Summer; the half-term holiday lies inside it, first and last day included."""

    year = models.ForeignKey(AcademicYear, on_delete=models.CASCADE, related_name="terms")
    name = models.CharField(max_length=40)
    starts = models.DateField()
    ends = models.DateField()
    half_term_starts = models.DateField(null=True, blank=True)
    half_term_ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(fields=["year", "name"], name="one_term_of_a_name"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="term_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(half_term_starts__isnull=True, half_term_ends__isnull=True)
                | Q(
                    half_term_starts__gte=F("starts"),
                    half_term_ends__gte=F("half_term_starts"),
                    half_term_ends__lte=F("ends"),
                ),
                name="half_term_lies_inside_its_term",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.year}"


class Closure(models.Model):
    """A day or days inside a term when there are no lessons: INSET, a snow day, a polling day."""

    year = models.ForeignKey(AcademicYear, on_delete=models.CASCADE, related_name="closures")
    starts = models.DateField()
    ends = models.DateField()
    reason = models.CharField(max_length=100)

    class Meta:
        ordering = ["starts"]
        constraints = [models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="closure_ends_after_it_starts")]

    def __str__(self) -> str:
        return f"{self.reason}, {self.starts}"
