"""What a file would do to one school. It reads the register and writes nothing: the preview and the applying itself
make the same plan, and the one that is applied must be the one that was shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from drystone.engine.roll.names import fold
from drystone.engine.roll.values import Refusal, SchoolRoll, Scope, Scopes, Source, Whom
from drystone.registers.roll.models import Tab
from drystone.registers.roll.services import placing, taking
from drystone.registers.roll.services.desk import Desk
from drystone.registers.roll.services.landing import Plan
from drystone.registers.roll.services.leaving import BY_FILE, absent_leave, guardians_without_wards
from drystone.registers.roll.services.standing import Standing
from drystone.registers.roll.services.telling import Teller
from drystone.registers.roll.services.unplaced import placed
from drystone.registers.school.models import STAFF, Person, School
from drystone.registers.school.services.changes import Refused

MASS = 10  # more than one in so many at once is no usual day


def plan_roll(
    *,
    school: School,
    roll: SchoolRoll,
    scopes: Scopes,
    source: Source,
    on: date,
    may_give_roles: bool,
    choices: Mapping[str, str],
) -> Plan:
    """Raises Refused where the file as a whole cannot be meant for the school."""
    if scopes.pupils == Scope.FULL and not roll.pupils:
        raise Refused(
            "There is not one pupil in the file that could be read, so nothing is done by it: see whether it is the "
            "right file, and export it again"
        )
    standing = Standing(school, _kept_under(source, scopes), on)
    teller = Teller()
    roll = placed(roll, standing, teller)
    desk = Desk(school, roll, scopes, source, on, standing, may_give_roles, choices, teller=teller)
    for refusal in roll.refusals:
        _tell_refusal(desk, refusal)
    for remark in roll.remarks:
        desk.remark("", remark.where, remark.what.removesuffix("."))
    on_roll, on_staff = len(standing.pupils), _staff(desk)
    taking.take_pupils(desk)
    taking.take_staff(desk)
    taking.take_guardians(desk)
    placing.take_care(desk)
    classes = placing.take_classes(desk)
    placing.place_pupils(desk, classes)
    placing.place_staff(desk, classes)
    _absent(desk, len(standing.pupils), on_staff)
    guardians_without_wards(desk)
    plan = desk.plan
    plan.lines = desk.teller.lines()
    plan.counts = {**desk.teller.counts(), "on_roll": on_roll}
    return plan


def _kept_under(source: Source, scopes: Scopes) -> str:
    """A staff code and an admission number may be the same figures: tables of staff have references of their own."""
    staff_alone = scopes.pupils == Scope.ABSENT and scopes.staff != Scope.ABSENT
    return f"{source.value}-staff" if source == Source.TABLE and staff_alone else source.value


def _tell_refusal(desk: Desk, refusal: Refusal) -> None:
    """A row that was refused may be about somebody: their absence then means nothing."""
    whom = refusal.whom
    people = _meant(desk.standing, whom) if whom else []
    desk.untouched |= {person.pk for person in people}
    if not people and not (whom and (whom.family_name or whom.upn or whom.reference)):
        desk.unnamed_refusals += 1
    name = f"{whom.given_names} {whom.family_name}".strip() if whom else ""
    desk.teller.tell(Tab.REFUSED, name, where=refusal.where, detail=f"{refusal.what}. {refusal.todo}.")


def _meant(standing: Standing, whom: Whom) -> list[Person]:
    """Everybody whom the row might be about; rather one too many."""
    found = [standing.references.get(whom.reference), standing.upns.get(whom.upn)]
    name = fold(f"{whom.given_names} {whom.family_name}")
    found += standing.pupils_by_name.get(name, []) + standing.adults_by_name.get(name, [])
    if whom.date_of_birth:
        found += standing.births.get(whom.date_of_birth, [])
    return [person for person in found if person is not None]


def _staff(desk: Desk) -> list[Person]:
    """Who works here by what a file may give. OneRoster may list but some of the staff: there only who came by it."""
    return [
        person
        for person in desk.standing.people.values()
        if desk.standing.here(person)
        and any(each.role in STAFF & BY_FILE for each in desk.standing.held(person))
        and (desk.source == Source.TABLE or person.pk in desk.standing.referred)
    ]


def _absent(desk: Desk, on_roll: int, on_staff: list[Person]) -> None:
    """P45: who is in no full file any more leaves. More than a tenth at once, or a file of which lines were lost, needs
    a second yes."""
    before = len(desk.plan.left)
    if desk.scopes.pupils == Scope.FULL:
        here = {id(person) for person in desk.pupils.values()}
        absent_leave(desk, [person for person in desk.standing.pupils if id(person) not in here], "pupil")
    pupils = len(desk.plan.left)
    if desk.scopes.staff == Scope.FULL and desk.may_give_roles:
        working = {id(person) for person in desk.staff.values()}
        for person in on_staff:
            if id(person) not in working and person.pk not in desk.untouched:
                taking.staff_leaves(desk, person, "Not in the file", "")
    staff = len(desk.plan.left) - pupils
    reasons = []
    if pupils * MASS > on_roll:
        reasons.append(f"{pupils} of {on_roll} pupils would leave")
    if staff * MASS > len(on_staff):
        reasons.append(f"{staff} of {len(on_staff)} staff would leave")
    if desk.unnamed_refusals and len(desk.plan.left) > before:
        reasons.append(f"{desk.unnamed_refusals} lines could not be read, and those who leave may be in them")
    if reasons:
        desk.plan.second_yes = f"{'; '.join(reasons)}. See that the file is whole, and say yes to the leavers as well"
