"""The authority (a council or a trust) and its schools."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

slug_rule = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use lower-case letters, digits and hyphens.")


class Authority(models.Model):
    """A council or a trust: sets global rules, sees the states of its schools."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.CharField(max_length=60, unique=True, validators=[slug_rule])

    class Meta:
        verbose_name_plural = "authorities"

    def __str__(self) -> str:
        return self.name


class School(models.Model):
    """Everything else is scoped to one of these. `slug` names it in bundles, events and the lake for good."""

    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="schools")
    name = models.CharField(max_length=200)
    slug = models.CharField(max_length=60, unique=True, validators=[slug_rule])
    time_zone = models.CharField(max_length=60, default="Europe/London")
    address = models.TextField(blank=True)
    telephone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    own_sites = models.TextField(
        blank=True, help_text="The school's own web sites, one a line. They are always reachable."
    )
    dfe_number = models.CharField(
        "DfE number",
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{7}$", "Seven digits: the authority’s three, then the school’s four.")],
        help_text="Files from the school’s database name it by this.",
    )
    idle_minutes = models.PositiveSmallIntegerField(
        default=15, help_text="P47: a screen left alone for so long asks who is there."
    )
    is_demo = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dfe_number"], condition=~models.Q(dfe_number=""), name="one_school_per_dfe_number"
            ),
            models.CheckConstraint(
                condition=models.Q(idle_minutes__gte=1, idle_minutes__lte=120), name="screens_lock_within_two_hours"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def own_hosts(self) -> list[str]:
        return self.own_sites.split()
