"""What a new school year would do to everybody on the roll: who moves up, which class goes with them, who leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from drystone.engine.roll.values import SchoolRef, SchoolRoll, Scopes, Source
from drystone.engine.roll.years import LAST, year_name
from drystone.registers.roll.models import Run, Tab
from drystone.registers.roll.rollover import LEAVE, NO_CLASS, Cohort, cohort_of, cohorts, pupils_on
from drystone.registers.roll.services.desk import Desk
from drystone.registers.roll.services.landing import Plan
from drystone.registers.roll.services.leaving import guardians_without_wards, leave
from drystone.registers.roll.services.standing import Standing
from drystone.registers.school.models import Person, SchoolClass
from drystone.registers.school.moments import day
from drystone.registers.school.services.changes import Refused

NAMED = 3  # of those without a place, in the sentence


def plan_year(run: Run, today: date) -> Plan:
    """By the run's choices, for who is a pupil today. Raises Refused where they leave somebody without a place."""
    moves, last_day = run.choices["moves"], date.fromisoformat(run.choices["last_day"])
    desk = _desk(run, last_day)
    classes = desk.standing.classes
    found = cohorts(run.school, today)
    _everybody_has_a_place(found, moves, classes)
    for key in pupils_on(run.school, today).values_list("pk", flat=True):
        pupil = desk.standing.people[key]
        where = moves.get(cohort_of(pupil, classes))
        if where == LEAVE:
            leave(desk, pupil, "pupil", last_day, "Leaves at the end of the school year")
        elif where:
            _move(desk, pupil, None if where == NO_CLASS else classes[int(where)])
    guardians_without_wards(desk)
    for school_class in _classes_that_go_along(found, moves, classes):
        _a_year_older(desk, school_class)
    return _told(desk)


def _desk(run: Run, last_day: date) -> Desk:
    """As for a file that says nothing: who leaves by the year leaves as one who leaves by a file."""
    standing = Standing(run.school, "", last_day)
    for person in standing.people.values():
        person.school_class = standing.classes.get(person.school_class_id or 0)
    return Desk(
        school=run.school,
        roll=SchoolRoll(school=SchoolRef()),
        scopes=Scopes(),
        source=Source.TABLE,
        on=last_day,
        standing=standing,
        may_give_roles=False,
        choices={},
    )


def _everybody_has_a_place(found: list[Cohort], moves: Mapping[str, str], classes: Mapping[int, SchoolClass]) -> None:
    known = {LEAVE, NO_CLASS, *map(str, classes)}
    lost = [each.title for each in found if moves.get(each.key) not in known]
    if lost:
        more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
        raise Refused(
            f"Nobody has said where these go: {'; '.join(lost[:NAMED])}{more}. Choose it under New school year"
        )


def _move(desk: Desk, pupil: Person, place: SchoolClass | None) -> None:
    old_class, old_year = pupil.school_class, pupil.year_group
    new_year = None if old_year is None else min(old_year + 1, LAST)
    desk.plan.draft.change(pupil, school_class_id=place and place.pk, year_group=new_year)
    fields = []
    if old_class != place:
        fields.append(["Class", old_class.name if old_class else "", place.name if place else ""])
    if old_year != new_year:
        fields.append(["Year", year_name(old_year), year_name(new_year)])
    if fields:
        desk.teller.tell(Tab.MOVE, pupil.name, "pupil", person=pupil, fields=fields)


def _classes_that_go_along(
    found: list[Cohort], moves: Mapping[str, str], classes: Mapping[int, SchoolClass]
) -> list[SchoolClass]:
    """Classes whose pupils all stay together in them and whom nobody joins: the class itself is a year older then."""
    joined = {moves[each.key] for each in found if moves[each.key] != str(each.class_id)}
    stays: dict[int, bool] = defaultdict(lambda: True)
    for each in found:
        if each.class_id is not None:
            stays[each.class_id] &= moves[each.key] == str(each.class_id)
    return [
        classes[key]
        for key, all_stay in stays.items()
        if all_stay and str(key) not in joined and classes[key].year_group < LAST
    ]


def _a_year_older(desk: Desk, school_class: SchoolClass) -> None:
    old, new = school_class.year_group, school_class.year_group + 1
    desk.plan.draft.change(school_class, year_group=new)
    desk.teller.tell(
        Tab.CHANGED,
        school_class.name,
        "class",
        detail="Its pupils stay together in it. Look at how it is filtered, under School.",
        fields=[["Year of the class", year_name(old), year_name(new)]],
    )


def _told(desk: Desk) -> Plan:
    plan = desk.plan
    plan.lines, plan.counts = desk.teller.lines(), desk.teller.counts()
    for line in plan.lines:
        if line.tab == Tab.LEAVER:
            line.fields = [["Last day", "", day(desk.on)]]
    return plan
