"""Named times of the week: lunch, lessons, after school."""

from __future__ import annotations

from datetime import date, time

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from drystone.registers.school.models import School
from drystone.registers.school.models.schools import slug_rule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SCHOOL_WEEK = "0,1,2,3,4"


class Schedule(models.Model):
    """When a rule holds, in the school's own calendar. Both times empty is the whole day.

    The first period stands in the schedule itself, further ones (a Friday that is different, the lessons after break)
    in SchedulePeriod. `within` and `dates` hold for all of them. `dates` are [first, last] days as ISO; empty is any.
    """

    class Within(models.TextChoices):
        ALWAYS = "", "All year"
        TERM = "term", "In term only"
        HOLIDAY = "holiday", "In holidays only"

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="schedules")
    slug = models.CharField(max_length=40, validators=[slug_rule])
    name = models.CharField(max_length=60)
    days = models.CharField(  # 0 is Monday, as in the engine
        max_length=13, default=SCHOOL_WEEK, validators=[RegexValidator(r"^[0-6](,[0-6])*$")]
    )
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    within = models.CharField(max_length=10, choices=Within, blank=True, default=Within.ALWAYS)
    dates = models.JSONField(default=list, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)  # kept: withdrawn rules still name it

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["school", "slug"], name="one_schedule_of_a_slug"),
            models.CheckConstraint(condition=~Q(days=""), name="schedule_has_a_day"),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False) & ~Q(starts=F("ends")),
                name="schedule_has_both_times_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def day_numbers(self) -> tuple[int, ...]:
        return _numbers(self.days)

    @property
    def periods(self) -> list[tuple[tuple[int, ...], time | None, time | None]]:
        """(days, from, to) of each of its periods; prefetch `further` where there are many schedules."""
        further = [(_numbers(each.days), each.starts, each.ends) for each in self.further.all()] if self.pk else []
        return [(self.day_numbers, self.starts, self.ends), *further]

    @property
    def spans(self) -> list[tuple[date, date]]:
        return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in self.dates]

    @property
    def in_words(self) -> str:
        """“Monday to Friday, 12:00 to 13:00, in term only”."""
        parts = [" and ".join(_period_in_words(*each) for each in self.periods)]
        if self.within:
            parts.append(self.get_within_display().lower())
        if self.spans:
            parts.append(f"on {'; '.join(map(span_in_words, self.spans))}")
        return ", ".join(parts)


class SchedulePeriod(models.Model):
    """A further period of a schedule: `further` of its Schedule."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="further")
    days = models.CharField(max_length=13, validators=[RegexValidator(r"^[0-6](,[0-6])*$")])
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(days=""), name="period_has_a_day"),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False) & ~Q(starts=F("ends")),
                name="period_has_both_times_or_none",
            ),
        ]

    def __str__(self) -> str:
        return _period_in_words(_numbers(self.days), self.starts, self.ends)


def _numbers(days: str) -> tuple[int, ...]:
    return tuple(sorted({int(number) for number in days.split(",")}))


def _period_in_words(days: tuple[int, ...], starts: time | None, ends: time | None) -> str:
    times = f"{starts:%H:%M} to {ends:%H:%M}" if starts and ends else "all day"
    return f"{days_in_words(days)}, {times}"


def span_in_words(span: tuple[date, date]) -> str:
    first, last = (f"{day.day} {day:%B %Y}" for day in span)
    return first if first == last else f"{first} to {last}"


def days_in_words(days: tuple[int, ...]) -> str:
    if days == tuple(range(7)):
        return "every day"
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = []
    for run in runs:
        if len(run) > 2:
            parts.append(f"{DAY_NAMES[run[0]]} to {DAY_NAMES[run[-1]]}")
        else:
            parts.extend(DAY_NAMES[day] for day in run)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
