"""People of the school, the roles they hold and from when to when, and classes."""

import secrets
from datetime import date

from django.db import models
from django.db.models import F, Q

from drystone.registers.school.models.accounts import User
from drystone.registers.school.models.places import Group
from drystone.registers.school.models.schools import School


class Role(models.TextChoices):
    HEAD = "head", "Head teacher"
    COORDINATOR = "coordinator", "E-safety co-ordinator"
    SAFEGUARDING_LEAD = "safeguarding_lead", "Designated safeguarding lead"
    GOVERNOR = "governor", "Governor"
    CHAIR = "chair", "Chair of governors"
    TEACHER = "teacher", "Teacher"
    SUPPORT_STAFF = "support_staff", "Support staff"
    OFFICE = "office", "School office"
    TECHNICIAN = "technician", "Technician"
    PARENT = "parent", "Parent or carer"
    PUPIL = "pupil", "Pupil"
    COUNCIL = "council", "Council or trust"


def new_key() -> str:
    return secrets.token_hex(8)


class SchoolClass(models.Model):
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="classes")
    name = models.CharField(max_length=40)
    year_group = models.PositiveSmallIntegerField(help_text="0 for Reception, 1 to 6 for Years 1 to 6.")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="classes")

    class Meta:
        ordering = ["year_group", "name"]
        verbose_name_plural = "classes"
        constraints = [
            models.UniqueConstraint(fields=["school", "name"], name="one_class_of_a_name"),
            models.CheckConstraint(condition=Q(year_group__lte=6), name="primary_year_groups"),
        ]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Anyone the school knows. `key` stands for them wherever a name must not; `sign_on` is their network name."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="people")
    key = models.CharField(max_length=32, default=new_key, unique=True, editable=False)
    given_names = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    preferred_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    sign_on = models.CharField("network sign-on name", max_length=100, blank=True)
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.SET_NULL, related_name="pupils"
    )

    class Meta:
        ordering = ["family_name", "given_names"]
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                fields=["school", "sign_on"], condition=~Q(sign_on=""), name="one_person_per_sign_on_name"
            ),
            models.UniqueConstraint(
                fields=["school", "user"], condition=Q(user__isnull=False), name="one_person_per_account_and_school"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.preferred_name or self.given_names} {self.family_name}"


class RoleHolding(models.Model):
    """P02: who holds a role, from when, until when. Never overwritten: a new holder is a new line."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="holdings")
    role = models.CharField(max_length=20, choices=Role)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)  # last day of it

    class Meta:
        ordering = ["starts", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="role_ends_after_it_starts"
            ),
            models.UniqueConstraint(fields=["person", "role", "starts"], name="one_holding_of_a_role_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"

    def held_on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)
