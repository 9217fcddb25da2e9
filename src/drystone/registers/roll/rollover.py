"""The school year turns: which pupils are where, where they usually go next, and where somebody sends them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from drystone.engine.roll.years import LAST, year_name
from drystone.registers.school.models import AcademicYear, Person, Role, RoleHolding, School, SchoolClass, Term
from drystone.registers.school.queries import current

LEAVE, NO_CLASS = "leave", "none"  # besides a class's key, what may become of a cohort
MIXED_FROM = 5  # a class is of mixed years where at least one pupil in five is of the other year


@dataclass(frozen=True, slots=True)
class Cohort:
    """The pupils of one year in one class. Those with neither are none: nothing says where they go."""

    class_id: int | None
    class_name: str
    year: int | None  # the pupils' own; the class's where it is not written down
    pupils: int

    @property
    def key(self) -> str:
        """As the choices of a planned turn name it."""
        return f"{self.class_id or 'none'}-{self.year}"

    @property
    def title(self) -> str:
        return f"{self.class_name or 'In no class'}, {year_name(self.year)}"


def pupils_on(school: School, on: date) -> QuerySet[Person]:
    """Who is a pupil on a day."""
    held = RoleHolding.objects.filter(person=OuterRef("pk"), role=Role.PUPIL, starts__lte=on)
    held = held.filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return current(school.people.filter(Exists(held)), on)


def cohort_of(pupil: Person, classes: Mapping[int, SchoolClass]) -> str:
    """The key of a pupil's cohort; empty where they have neither class nor year."""
    placed = classes.get(pupil.school_class_id or 0)
    year = pupil.year_group if pupil.year_group is not None else placed and placed.year_group
    return f"{pupil.school_class_id or 'none'}-{year}" if year is not None else ""


def cohorts(school: School, on: date) -> list[Cohort]:
    """In the order of years, then classes."""
    classes = {each.pk: each for each in school.classes.all()}
    counts: dict[tuple[int | None, int], int] = {}
    rows = pupils_on(school, on).order_by().values_list("school_class_id", "year_group").annotate(count=Count("pk"))
    for class_id, year, count in rows:
        placed = classes.get(class_id or 0)
        of: int | None = year if year is not None else placed.year_group if placed else None
        if of is not None:
            counts[class_id, of] = counts.get((class_id, of), 0) + count
    found = [
        Cohort(class_id, classes[class_id].name if class_id else "", year, count)
        for (class_id, year), count in counts.items()
    ]
    return sorted(found, key=lambda each: (each.year if each.year is not None else 99, each.class_name))


def usual(found: Sequence[Cohort], classes: Iterable[SchoolClass]) -> dict[str, str]:
    """Where each cohort usually goes; empty where only somebody at the school can say."""
    places = list(classes)
    return {cohort.key: _usual_of(cohort, found, places) for cohort in found}


def _usual_of(cohort: Cohort, found: Sequence[Cohort], places: list[SchoolClass]) -> str:
    if cohort.year is None or cohort.year >= LAST:
        return LEAVE
    if cohort.class_id is None:
        return NO_CLASS
    if _mixed_with_the_next(cohort, found):
        return str(cohort.class_id)
    ahead = [place for place in places if place.year_group == cohort.year + 1]
    if not ahead:  # a class of mixed years is written down by its youngest
        with_them = {each.class_id for each in found if each.year == cohort.year + 1}
        ahead = [place for place in places if place.pk in with_them and place.pk != cohort.class_id]
    same = [place for place in ahead if _stem(place.name) == _stem(cohort.class_name)]
    chosen = same if len(same) == 1 else ahead
    return str(chosen[0].pk) if len(chosen) == 1 else ""


def _mixed_with_the_next(cohort: Cohort, found: Sequence[Cohort]) -> bool:
    """Their class has pupils of the next year too, and not just the odd one: they stay in it a year longer."""
    together = [each for each in found if each.class_id == cohort.class_id]
    older = sum(each.pupils for each in together if each.year == (cohort.year or 0) + 1)
    return older * MIXED_FROM >= sum(each.pupils for each in together) > 0 and older > 0


def _stem(name: str) -> str:
    """What two classes of one form have in common: the H of 3H and 4H."""
    return re.sub(r"[\W\d_]+|year", "", name.casefold())


def usual_day(school: School, today: date) -> date:
    """The first day of the next school year: by the school's own calendar, else by the usual one."""
    ahead = AcademicYear.objects.filter(school=school, starts__gt=today).order_by("starts").first()
    if ahead is not None:
        return ahead.starts
    september = date(today.year, 9, 1)
    return september if today < september else date(today.year + 1, 9, 1)


def usual_last_day(school: School, begins: date) -> date:
    """The last day of the term before, else the last of August or whatever day is before."""
    before = Term.objects.filter(year__school=school, ends__lt=begins).order_by("-ends").first()
    fallback = date.fromordinal(begins.toordinal() - 1)
    return before.ends if before is not None and (begins - before.ends).days < 100 else fallback
