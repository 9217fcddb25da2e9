"""Making, changing and removing schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from drystone.registers.network.models import Rule, Schedule, SchedulePeriod
from drystone.registers.network.services.permission import require
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record

Times = tuple[set[int], time | None, time | None]  # days, from, to
Span = tuple[date, date]
MOST_DATES = 60


class ScheduleRefused(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def save_schedule(
    *,
    school: School,
    by: Person | None,
    name: str,
    days: set[int],
    starts: time | None,
    ends: time | None,
    within: Schedule.Within,
    further: Sequence[Times] = (),
    dates: Sequence[Span] = (),
    schedule: Schedule | None = None,
) -> Schedule:
    """Make a schedule, or change the one given. `further` are more periods of the week, `dates` the only days of the
    calendar on which it may hold. It acts from the next publication on. Raises ScheduleRefused."""
    require(by, "network.change_rules", school)
    name = " ".join(name.split())
    _check_name(school, name, schedule)
    for number, each in enumerate([(days, starts, ends), *further]):
        _check_period(number, *each)
    _check_dates(dates)
    before = schedule.in_words if schedule else ""
    row = schedule or Schedule(school=school, slug=_free_slug(school, name))
    row.name, row.days = name, _text(days)
    row.starts, row.ends, row.within = starts, ends, within
    row.dates = [[first.isoformat(), last.isoformat()] for first, last in sorted(dates)]
    try:
        with transaction.atomic():
            row.save()
            row.further.all().delete()
            SchedulePeriod.objects.bulk_create(
                SchedulePeriod(schedule=row, days=_text(each[0]), starts=each[1], ends=each[2]) for each in further
            )
            row = Schedule.objects.get(pk=row.pk)  # without what was read of its periods before
            record(
                school=school,
                by=by,
                verb="change_schedule" if before else "add_schedule",
                subject=row,
                summary=f"{'Changed' if before else 'Added'} the schedule {row}: {row.in_words}",
                before={"schedule": before} if before else {},
                after={"schedule": row.in_words},
            )
    except IntegrityError as error:
        raise ScheduleRefused("name", "Somebody has just made a schedule of this name. Choose another.") from error
    return row


def remove_schedule(*, schedule: Schedule, by: Person | None) -> None:
    """Raises ScheduleRefused while a rule needs it; kept in the database, since withdrawn rules name it."""
    require(by, "network.change_rules", schedule.school)
    using = Rule.objects.filter(schedule=schedule).standing().count()
    if using:
        rules = "rule uses" if using == 1 else "rules use"
        raise ScheduleRefused("name", f"{using} {rules} this schedule. Withdraw or change them first.")
    with transaction.atomic():
        schedule.removed_at = timezone.now()
        schedule.save(update_fields=["removed_at"])
        record(
            school=schedule.school,
            by=by,
            verb="remove_schedule",
            subject=schedule,
            summary=f"Removed the schedule {schedule}",
            before={"schedule": schedule.in_words},
        )


def _check_name(school: School, name: str, mine: Schedule | None) -> None:
    if not name or len(name) > 60:
        raise ScheduleRefused("name", "Give the schedule a name of 60 letters or fewer, like Lunch.")
    same = Schedule.objects.filter(school=school, name__iexact=name, removed_at__isnull=True)
    if same.exclude(pk=mine.pk if mine else 0).exists():
        raise ScheduleRefused("name", f"There is a schedule called {name} already. Choose another name.")


def _check_period(number: int, days: set[int], starts: time | None, ends: time | None) -> None:
    """`number` 0 is the first, whose fields have no number in their names."""
    after = f"_{number}" if number else ""
    if not days or not days <= set(range(7)):
        raise ScheduleRefused(f"days{after}", "Choose at least one day.")
    if (starts is None) != (ends is None):
        missing = "starts" if starts is None else "ends"
        raise ScheduleRefused(f"{missing}{after}", "Give both times, or neither for the whole day.")
    if starts is not None and starts == ends:
        raise ScheduleRefused(f"ends{after}", "The end must differ from the start. Leave both empty for the whole day.")


def _check_dates(dates: Sequence[Span]) -> None:
    if len(dates) > MOST_DATES:
        raise ScheduleRefused(
            "dates", f"A schedule has {MOST_DATES} dates at most. Use the school’s calendar for terms."
        )
    for first, last in dates:
        if last < first:
            raise ScheduleRefused("dates", f"{first:%d.%m.%Y} to {last:%d.%m.%Y} ends before it begins.")


def _text(days: set[int]) -> str:
    return ",".join(map(str, sorted(days)))


def _free_slug(school: School, name: str) -> str:
    slug = slugify(name)[:36].strip("-") or "schedule"
    taken = set(Schedule.objects.filter(school=school, slug__startswith=slug).values_list("slug", flat=True))
    return next(
        name for n in range(1, len(taken) + 2) for name in [slug if n == 1 else f"{slug}-{n}"] if name not in taken
    )
