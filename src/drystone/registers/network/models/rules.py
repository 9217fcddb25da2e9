"""Rules of the filter. A rule is never changed: it is withdrawn, and another takes its place."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from drystone.registers.network.models.schedules import Schedule
from drystone.registers.school.models import AgeBand, Authority, Group, Person, School, Zone


def unless_standing(collector: Any, field: Any, rules: Any, using: str) -> None:
    """`on_delete` of the place a rule is for. A standing rule holds its place fast: without it a rule for one group
    would be a rule for everyone. A withdrawn one lets go, and keeps the place's name."""
    if standing := [rule for rule in rules if rule.withdrawn_at is None]:
        raise models.ProtectedError(f"{len(standing)} rules that stand are for it: withdraw them first", set(standing))
    models.SET_NULL(collector, field, rules, using)


def number_of(key: str) -> int | None:
    """The number of a rule by its id in bundles and events (`rule-12`, or `rule-12-ks1` where one rule of the
    authority became one for each group); None for what is no rule of the register."""
    head, _, rest = key.partition("-")
    number = rest.partition("-")[0]
    return int(number) if head == "rule" and number.isdecimal() and len(number) < 10 else None


class RuleLevel(models.TextChoices):
    """Who a rule speaks for; the later in this list, the sooner it is heard."""

    GLOBAL = "global", "All schools of the authority"
    SCHOOL = "school", "The whole school"
    GROUP = "group", "A group"
    ZONE = "zone", "A zone"
    PERSON = "person", "A person"


class Ages(models.TextChoices):
    """Whom a rule of the authority is for: schools name their groups themselves, age bands are the same in all."""

    PUPILS = "pupils", "All pupils"
    KS1 = AgeBand.KS1.value, AgeBand.KS1.label
    KS2 = AgeBand.KS2.value, AgeBand.KS2.label
    STAFF = AgeBand.STAFF.value, AgeBand.STAFF.label
    GUESTS = AgeBand.GUESTS.value, AgeBand.GUESTS.label

    @property
    def bands(self) -> frozenset[AgeBand]:
        return frozenset(band for band in AgeBand if band.value == self.value or (self == "pupils" and band.is_pupils))


class RuleQuerySet(models.QuerySet["Rule"]):
    def of(self, school: School) -> RuleQuerySet:
        """The school's own rules, and those its authority sets for all its schools."""
        own = Q(school=school)
        return self.filter(own | Q(authority=school.authority_id) if school.authority_id else own)

    def standing(self) -> RuleQuerySet:
        """Not withdrawn. A rule whose last day is over still stands, and no longer acts."""
        return self.filter(withdrawn_at__isnull=True)

    def over_on(self, day: date) -> RuleQuerySet:
        """Standing, with a last day that is past: they do nothing any more."""
        return self.standing().filter(until__lt=day)

    def ending(self, first: date, last: date) -> RuleQuerySet:
        """Standing, with a last day from `first` to `last`."""
        return self.standing().filter(until__range=(first, last))

    def with_names(self) -> RuleQuerySet:
        """All that it takes to say a rule in words, in one query."""
        return self.select_related("group", "zone", "person", "schedule", "school", "authority")


class Rule(models.Model):
    """FM1: what is blocked or allowed, for whom, when, by whom, and why. No rule without a reason.

    `value` is canonical: a host, `host/path`, a category's key or an RE2 expression. The database refuses a rule
    whose level and target of people disagree, one without a reason, and a lock that is not the authority's.
    `batch` marks rules that were pasted together. `place_name` is what a withdrawn rule keeps of a zone or group that
    is no more.
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
        OUTSIDE = "outside", "Except during"

    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules")
    authority = models.ForeignKey(
        Authority, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules"
    )
    level = models.CharField(max_length=10, choices=RuleLevel)
    action = models.CharField(max_length=10, choices=Action)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=2000)
    ages = models.CharField(max_length=10, choices=Ages, blank=True, default="")  # global rules only
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=unless_standing, related_name="filter_rules")
    zone = models.ForeignKey(Zone, null=True, blank=True, on_delete=unless_standing, related_name="filter_rules")
    place_name = models.CharField(max_length=80, blank=True, default="")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="filter_rules")
    timing = models.CharField(max_length=10, choices=Timing, blank=True, default=Timing.ALWAYS)
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.PROTECT, related_name="rules")
    until = models.DateField(null=True, blank=True)  # the last day on which it holds
    locked = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)
    author = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=200)  # stays when the person's record goes
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    batch = models.CharField(max_length=12, blank=True, default="", db_index=True)
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
                | Q(level="person", group__isnull=True, zone__isnull=True, person__isnull=False)
                | Q(level__in=["group", "zone"], person__isnull=True, withdrawn_at__isnull=False) & ~Q(place_name=""),
                name="rule_names_whom_its_level_says",
            ),
            models.CheckConstraint(condition=Q(action__in=["block", "allow"]), name="rule_blocks_or_allows"),
            models.CheckConstraint(condition=Q(kind__in=["site", "category", "expression"]), name="rule_kind_is_known"),
            models.CheckConstraint(condition=~Q(value="") & ~Q(reason=""), name="rule_has_a_target_and_a_reason"),
            models.CheckConstraint(condition=Q(ages="") | Q(level="global"), name="only_the_authority_names_ages"),
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
