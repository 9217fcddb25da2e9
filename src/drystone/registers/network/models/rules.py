"""Rules of the filter. A rule is never changed: it is withdrawn, and another takes its place."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.network.models.schedules import Schedule
from drystone.registers.school.models import Authority, Group, Person, School, Zone


class RuleLevel(models.TextChoices):
    """Who a rule speaks for; the later in this list, the sooner it is heard."""

    GLOBAL = "global", "All schools of the authority"
    SCHOOL = "school", "The whole school"
    GROUP = "group", "A group"
    ZONE = "zone", "A zone"
    PERSON = "person", "A person"


class RuleQuerySet(models.QuerySet["Rule"]):
    def of(self, school: School) -> RuleQuerySet:
        """The school's own rules, and those its authority sets for all its schools."""
        own = Q(school=school)
        return self.filter(own | Q(authority=school.authority_id) if school.authority_id else own)

    def standing(self) -> RuleQuerySet:
        """Not withdrawn. A rule whose last day is over still stands, and no longer acts."""
        return self.filter(withdrawn_at__isnull=True)


class Rule(models.Model):
    """FM1: what is blocked or allowed, for whom, when, by whom, and why. No rule without a reason.

    `value` is canonical: a host, `host/path`, a category's key or an RE2 expression. The database refuses a rule
    whose level and target of people disagree, one without a reason, and a lock that is not the authority's.
    """

    class Action(models.TextChoices):
        BLOCK = "block", "Block"
        ALLOW = "allow", "Allow"

    class Kind(models.TextChoices):
        SITE = "site", "Site"
        CATEGORY = "category", "Category"
        EXPRESSION = "expression", "Expression"

    class Timing(models.TextChoices):
        ALWAYS = "", "At all times"
        WHEN = "when", "Only during"
        OUTSIDE = "outside", "Only outside"

    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules")
    authority = models.ForeignKey(
        Authority, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules"
    )
    level = models.CharField(max_length=10, choices=RuleLevel)
    action = models.CharField(max_length=10, choices=Action)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=2000)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.PROTECT, related_name="filter_rules")
    zone = models.ForeignKey(Zone, null=True, blank=True, on_delete=models.PROTECT, related_name="filter_rules")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules")
    timing = models.CharField(max_length=10, choices=Timing, blank=True, default=Timing.ALWAYS)
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.PROTECT, related_name="rules")
    until = models.DateField(null=True, blank=True)  # the last day on which it holds
    locked = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)
    author = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=200)  # stays when the person's record goes
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by"
    )

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["school", "withdrawn_at"], name="standing_rules_of_a_school")]
        constraints = [
            models.CheckConstraint(
                condition=Q(level="global", authority__isnull=False, school__isnull=True)
                | ~Q(level="global") & Q(authority__isnull=True, school__isnull=False),
                name="rule_is_the_schools_or_the_authoritys",
            ),
            models.CheckConstraint(
                condition=Q(level__in=["global", "school"], zone__isnull=True, person__isnull=True)
                | Q(level="group", group__isnull=False, zone__isnull=True, person__isnull=True)
                | Q(level="zone", group__isnull=True, zone__isnull=False, person__isnull=True)
                | Q(level="person", group__isnull=True, zone__isnull=True, person__isnull=False),
                name="rule_names_whom_its_level_says",
            ),
            models.CheckConstraint(condition=Q(action__in=["block", "allow"]), name="rule_blocks_or_allows"),
            models.CheckConstraint(condition=Q(kind__in=["site", "category", "expression"]), name="rule_kind_is_known"),
            models.CheckConstraint(condition=~Q(value="") & ~Q(reason=""), name="rule_has_a_target_and_a_reason"),
            models.CheckConstraint(condition=Q(locked=False) | Q(level="global"), name="only_the_authority_locks"),
            models.CheckConstraint(
                condition=Q(timing="", schedule__isnull=True)
                | Q(timing__in=["when", "outside"], schedule__isnull=False),
                name="rule_has_a_schedule_where_it_has_a_timing",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_reason="")
                | Q(withdrawn_at__gte=F("made_at")) & ~Q(withdrawn_reason=""),
                name="rule_is_withdrawn_after_it_is_made_and_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.kind} {self.value}"

    @property
    def key(self) -> str:
        """Its id in bundles and events: the same in every edition, since a rule never changes."""
        return f"rule-{self.pk}"

    @property
    def standing(self) -> bool:
        return self.withdrawn_at is None

    def over_on(self, day: date) -> bool:
        return self.until is not None and self.until < day
