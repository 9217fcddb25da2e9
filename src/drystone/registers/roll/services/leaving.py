"""Who leaves by a file: their last day, their roles and classes ended, and their guardians with the last child."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from drystone.registers.roll.models import Tab
from drystone.registers.roll.services.desk import Desk
from drystone.registers.school.models import Guardianship, Person, Role, RoleHolding

# What a file may give, and therefore end. Every other role of a grown-up is a post that people give and end.
BY_FILE = frozenset({Role.TEACHER, Role.SUPPORT_STAFF, Role.OFFICE, Role.PARENT, Role.PUPIL})
POSTS = frozenset(Role) - BY_FILE


def leave(desk: Desk, person: Person, what: str, told: date | None, why: str, where: object = "") -> None:
    """Their last day is the one that the file names, else the day of the import. Roles end with it."""
    last = told if told and (told > desk.on or person.joined_on is None or told >= person.joined_on) else desk.on
    desk.plan.draft.change(person, left_on=last)
    if last <= desk.on:
        desk.plan.draft.change(person, school_class=None)
    added = desk.plan.draft.added[RoleHolding]
    new = [each for each in added if isinstance(each, RoleHolding) and each.person is person]
    for holding in [*desk.standing.holdings.get(person.pk, ()), *new]:
        if holding.ends is None or holding.ends > last:
            _end(desk, holding, last)
    for (_, teacher), lines in desk.standing.teaching.items():
        for line in lines if teacher == person.pk and person.pk else ():
            if line.ends is None or line.ends > last:
                desk.plan.draft.change(line, ends=max(last, line.starts))
    desk.plan.left.append(person)
    desk.teller.tell(
        Tab.LEAVER,
        person.name,
        what,
        where=where,
        person=person,
        detail=f"{why}.",
        fields=[["Last day", "", _day(last, desk.on)]],
    )


def _end(desk: Desk, holding: RoleHolding, last: date) -> None:
    if holding.pk and holding.starts > max(last, desk.on):
        desk.plan.draft.remove(holding)  # it would never begin
    else:
        desk.plan.draft.change(holding, ends=max(last, holding.starts))


def absent_leave(desk: Desk, people: Iterable[Person], what: str) -> int:
    """Who should be in the file and is not. How many of them there are."""
    gone = [person for person in people if person.pk not in desk.untouched]
    for person in gone:
        leave(desk, person, what, None, "Not in the file")
    return len(gone)


def guardians_without_wards(desk: Desk) -> None:
    """P64: a guardian whose last child leaves is no parent of this school any more. Other roles of theirs go on."""
    draft = desk.plan.draft
    removed = set(draft.removed[Guardianship])
    leaving = {person.pk for person in desk.plan.left if person.left_on and person.left_on <= desk.on}
    added = {line.guardian_id or id(line.guardian) for line in draft.added[Guardianship]}  # type: ignore[attr-defined]
    touched = {line.guardian_id for line in draft.removed[Guardianship].values()}  # type: ignore[attr-defined]
    touched |= {line.guardian_id for pk in leaving for line in desk.standing.guardians_of.get(pk, ())}
    for key in sorted(touched - added - desk.untouched):
        guardian = desk.standing.people[key]
        wards = [line for line in desk.standing.wards_of[key] if line.pk not in removed]
        if any(_stays(desk, desk.standing.people[line.pupil_id]) for line in wards):
            continue
        if any(each.role != Role.PARENT for each in desk.standing.held(guardian)):
            for holding in desk.standing.held(guardian):
                if holding.role == Role.PARENT:
                    draft.change(holding, ends=max(desk.on, holding.starts))
                    desk.teller.differs(guardian, "guardian", "", "Role", Role.PARENT.label, "")
        elif desk.standing.here(guardian):
            leave(desk, guardian, "guardian", None, "No child of theirs is at the school any more")


def _stays(desk: Desk, pupil: Person) -> bool:
    """At the school, or known to come back to it: as the plan leaves them."""
    return pupil.left_on is None or pupil.left_on > desk.on


def _day(last: date, on: date) -> str:
    """The day of the import itself is not named: the preview of yesterday still holds today."""
    return "the day of the import" if last == on else f"{last.day} {last:%B %Y}"
