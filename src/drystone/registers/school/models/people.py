"""People of the school, the roles they hold and from when to when."""

import secrets
from datetime import date

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from drystone.engine.roll.names import search_text
from drystone.registers.school.models.accounts import User
from drystone.registers.school.models.classes import SchoolClass
from drystone.registers.school.models.schools import School


class Role(models.TextChoices):
    HEAD = "head", "Head teacher"
    DEPUTY_HEAD = "deputy_head", "Deputy head"
    COORDINATOR = "coordinator", "E-safety co-ordinator"
    SAFEGUARDING_LEAD = "safeguarding_lead", "Designated safeguarding lead"
    DEPUTY_SAFEGUARDING_LEAD = "deputy_safeguarding_lead", "Deputy safeguarding lead"
    GOVERNOR = "governor", "Governor"
    CHAIR = "chair", "Chair of governors"
    DATA_PROTECTION_OFFICER = "data_protection_officer", "Data-protection officer"
    NETWORK_MANAGER = "network_manager", "Network manager"
    TEACHER = "teacher", "Teacher"
    SUPPORT_STAFF = "support_staff", "Support staff"
    OFFICE = "office", "School office"
    TECHNICIAN = "technician", "Technician"
    VOLUNTEER = "volunteer", "Volunteer"
    VISITOR = "visitor", "Visitor"
    PARENT = "parent", "Parent or carer"
    PUPIL = "pupil", "Pupil"
    COUNCIL = "council", "Council or trust"
    COUNCIL_CONTACT = "council_contact", "Contact at the council or trust"


# Whom the policy calls staff: those who work at the school, each with an account of their own (P45).
STAFF = frozenset(
    {
        Role.HEAD,
        Role.DEPUTY_HEAD,
        Role.COORDINATOR,
        Role.SAFEGUARDING_LEAD,
        Role.DEPUTY_SAFEGUARDING_LEAD,
        Role.NETWORK_MANAGER,
        Role.TEACHER,
        Role.SUPPORT_STAFF,
        Role.OFFICE,
        Role.TECHNICIAN,
    }
)
GOVERNORS = frozenset({Role.GOVERNOR, Role.CHAIR})

upn_rule = RegexValidator(
    r"^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$", "A UPN is a letter, then 12 digits (the last may be a letter)."
)


def new_key() -> str:
    return secrets.token_hex(8)


class Person(models.Model):
    """Anyone the school knows. `key` stands for them wherever a name must not; `sign_on` is their network name.

    One person may hold several roles; what they may see hangs on each role by itself (`school/reach.py`). A parent
    with children at two schools is a person in each.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="people")
    key = models.CharField(max_length=32, default=new_key, unique=True, editable=False)
    given_names = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    preferred_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    telephone = models.CharField(max_length=40, blank=True)
    sign_on = models.CharField("network sign-on name", max_length=100, blank=True)
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.SET_NULL, related_name="pupils"
    )
    # of pupils
    upn = models.CharField("unique pupil number", max_length=13, blank=True, validators=[upn_rule])
    date_of_birth = models.DateField(null=True, blank=True)
    year_group = models.SmallIntegerField(
        null=True, blank=True, help_text="-1 for Nursery, 0 for Reception, 1 to 6 for Years 1 to 6; a pupil's own."
    )
    never_publish = models.BooleanField(default=False, help_text="Nothing that shows or names them is ever published.")
    joined_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True, help_text="The last day at the school; retention runs from it.")
    search = models.TextField(blank=True, editable=False, help_text="Names and number, folded, for finding people.")
    derived = frozenset({"search"})

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
            models.UniqueConstraint(fields=["school", "upn"], condition=~Q(upn=""), name="one_pupil_per_upn"),
            models.CheckConstraint(
                condition=Q(year_group__isnull=True) | Q(year_group__gte=-1, year_group__lte=6),
                name="pupils_of_a_primary_year",
            ),
        ]
        indexes = [models.Index(fields=["school", "family_name", "given_names"], name="people_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.preferred_name or self.given_names} {self.family_name}"

    def fold(self) -> None:
        """Sets `search`. `save` does it by itself; who writes many rows at once calls it for each."""
        self.search = search_text(self.given_names, self.family_name, self.preferred_name, self.upn)

    def save(self, **kwargs: object) -> None:
        self.fold()
        fields = kwargs.get("update_fields")
        if fields is not None:
            kwargs["update_fields"] = {*fields, "search"}  # type: ignore[misc]
        super().save(**kwargs)  # type: ignore[arg-type]


class RoleHolding(models.Model):
    """P02: who holds a role, from when, until when. Never overwritten: a new holder is a new line."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="holdings")
    role = models.CharField(max_length=30, choices=Role)
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


class Reference(models.Model):
    """The name that a source of the roll has for a person (OneRoster's sourcedId), so that it finds them again."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="references")
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="references")
    source = models.CharField(max_length=60, help_text="Where the name counts: oneroster, ctf, or a mapping's name.")
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "source", "value"], name="one_person_per_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.value}"
