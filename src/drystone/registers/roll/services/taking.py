"""Pupils, their guardians and staff, taken from a file's rows: who is new, who comes back, what is different."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from drystone.engine.roll.names import fold
from drystone.engine.roll.values import GuardianRow, PersonRow, PupilRow, StaffRow
from drystone.registers.roll.services.desk import WHAT, Desk
from drystone.registers.roll.services.leaving import POSTS, leave
from drystone.registers.roll.services.matching import Found, match_guardian, match_pupils, match_staff
from drystone.registers.roll.services.telling import TITLES
from drystone.registers.school.models import STAFF, Guardianship, Person, Role

COMMON = ("given_names", "family_name", "preferred_name", "email", "telephone", "sign_on")
OF_PUPILS = ("upn", "date_of_birth", "year_group", "joined_on")
KEPT = ("upn",)  # a file that has none of these takes none away
ONLY_THE_HEAD = "Ask the head teacher to import this file: who works here, and in which class, only they may say"


def take_pupils(desk: Desk) -> None:
    found = [(row, person) for row, person in match_pupils(desk) if person is not None]
    sign_ons = _sign_ons(desk, found)
    taken: set[int] = set()
    for row, person in found:
        if isinstance(person, Person) and person.pk in taken:
            desk.refuse(row, f"Another line is taken for {person.name} already", "Answer otherwise for one of them")
            continue
        taken |= {person.pk} if isinstance(person, Person) else set()
        if row.gone or (row.left_on and row.left_on <= desk.on):
            if isinstance(person, Person) and desk.standing.is_pupil(person):
                leave(desk, person, "pupil", row.left_on, "The file says that they have left", row.where)
                desk.untouched.add(person.pk)
        else:
            desk.pupils[row.key] = _pupil(desk, row, person, sign_ons)
            desk.refer(desk.pupils[row.key], row)


def _pupil(desk: Desk, row: PupilRow, person: Found, sign_ons: set[int]) -> Person:
    told = _told(row, (*COMMON, *OF_PUPILS), sign_ons)
    if not isinstance(person, Person):
        person = _new(desk, row, {"joined_on": desk.on, **told})
        desk.begin(person, Role.PUPIL, max(desk.on, row.joined_on or desk.on))
    else:
        if desk.come_back(person, Role.PUPIL):
            desk.teller.new(person, "pupil", row.where, "Left before, and comes back.")
        _compare(desk, row, person, told)
    if row.left_on and row.left_on > desk.on and person.left_on != row.left_on:
        leave(desk, person, "pupil", row.left_on, "The file names their last day", row.where)
    return person


def take_guardians(desk: Desk) -> None:
    """After the pupils, whose guardians they are. One of nobody in the file and unknown is left out."""
    wards: dict[str, list[Person]] = defaultdict(list)
    for pupil_row in desk.roll.pupils:
        if (pupil := desk.pupils.get(pupil_row.key)) is not None:
            for care in pupil_row.care or ():
                wards[care.guardian].append(pupil)
    rows = [row for row in desk.roll.guardians if wards[row.key] or _known(desk, row)]
    found = [(row, match_guardian(desk, row, wards[row.key])) for row in rows]
    sign_ons = _sign_ons(desk, [(row, person) for row, person in found if person is not None])
    taken: set[int] = set()
    for row, person in found:
        if row.gone:
            _guardian_goes(desk, person)
        elif person is not None and (wards[row.key] or isinstance(person, Person)):
            desk.guardians[row.key] = _guardian(desk, row, person, sign_ons, again=id(person) in taken)
            taken.add(id(desk.guardians[row.key]))
            desk.refer(desk.guardians[row.key], row)


def _guardian(desk: Desk, row: GuardianRow, person: Found, sign_ons: set[int], *, again: bool) -> Person:
    told = _told(row, COMMON, sign_ons)
    if not isinstance(person, Person):
        person = _new(desk, row, told)
        desk.begin(person, Role.PARENT, desk.on)
        return person
    if again:  # two rows are one person: the first says what is true of them
        return person
    if person.pk and desk.come_back(person, Role.PARENT):
        desk.teller.new(person, "guardian", row.where, "Was known before, and comes back.")
    elif person.pk is None:  # new by this file as a member of staff
        desk.begin(person, Role.PARENT, desk.on)
    _compare(desk, row, person, told)
    return person


def _guardian_goes(desk: Desk, person: Found) -> None:
    """The file says that somebody is no guardian any more: of what files brought, nothing stays."""
    for line in list(desk.standing.wards_of.get(person.pk, ())) if isinstance(person, Person) else ():
        let_go(desk, line, "")


def let_go(desk: Desk, line: Guardianship, where: object) -> None:
    """P64: a line that a file of this source brought is taken away. What the school typed, and what bars, stays."""
    brought = desk.standing.brought.get(line.pk)
    if brought is None or line.barred or line.guardian_id in desk.untouched:
        return
    desk.plan.draft.remove(brought)
    desk.plan.draft.remove(line)
    pupil, guardian = desk.standing.people[line.pupil_id], desk.standing.people[line.guardian_id]
    desk.teller.differs(pupil, "pupil", where, "Guardian", guardian.name, "")


def take_staff(desk: Desk) -> None:
    """P45: who works here. Only who may give roles adds or ends them; everybody's details may be brought up to date."""
    found = [(row, match_staff(desk, row)) for row in desk.roll.staff if not row.gone or _known(desk, row)]
    sign_ons = _sign_ons(desk, [(row, person) for row, person in found if person is not None])
    taken: set[int] = set()
    for row, person in found:
        known = person if isinstance(person, Person) else None
        works_here = known is not None and any(each.role in STAFF for each in desk.standing.held(known))
        if person is None or (row.gone and not works_here):
            continue
        if not desk.may_give_roles and (row.gone or not works_here):
            desk.refuse(row, f"Somebody new on the staff, or who leaves it: {row.role_told or row.role}", ONLY_THE_HEAD)
        elif known and id(known) in taken:
            desk.refuse(row, f"Another line is taken for {known.name} already", "Answer otherwise for one of them")
        elif known and row.gone:
            staff_leaves(desk, known, "The file says that they have left", row.where)
        else:
            desk.staff[row.key] = _member(desk, row, person, sign_ons, works_here)
            desk.refer(desk.staff[row.key], row)
            taken.add(id(desk.staff[row.key]))


def _member(desk: Desk, row: StaffRow, person: Found, sign_ons: set[int], works_here: bool) -> Person:
    told = _told(row, COMMON, sign_ons)
    role = Role(row.role)
    if not isinstance(person, Person):
        person = _new(desk, row, {"joined_on": desk.on, **told})
        desk.begin(person, role, desk.on)
        desk.teller.differs(person, "staff", row.where, "Role", "", role.label)
        desk.standing.adults_by_name[fold(f"{row.given_names} {row.family_name}")].append(person)
        return person
    if not works_here:
        if desk.come_back(person, role):
            desk.teller.new(person, "staff", row.where, "Left before, and comes back.")
        desk.teller.differs(person, "staff", row.where, "Role", "", role.label)
    _compare(desk, row, person, told)
    return person


def staff_leaves(desk: Desk, person: Person, why: str, where: object) -> None:
    """A file ends what a file may give. Who holds a post besides leaves by the hand of the head."""
    posts = sorted(Role(each.role).label for each in desk.standing.held(person) if each.role in POSTS)
    if posts:
        desk.remark(person.name, str(where), f"{why}, but holds a post ({', '.join(posts)}): end that by hand")
        return
    leave(desk, person, "staff", None, why, where)
    desk.untouched.add(person.pk)


def _known(desk: Desk, row: PersonRow) -> bool:
    return bool(row.reference) and row.reference in desk.standing.references


def _new(desk: Desk, row: PersonRow, told: dict[str, Any]) -> Person:
    person = desk.plan.draft.add(Person(school=desk.school, **told))
    desk.plan.joined.append(person)
    what = WHAT[type(row)]
    desk.teller.new(person, what, row.where)
    for name, value in told.items():
        if name not in ("given_names", "family_name", "joined_on"):
            _tell_difference(desk, person, what, row, name, "", value)
    return person


def _compare(desk: Desk, row: PersonRow, person: Person, told: dict[str, Any]) -> None:
    for name, (old, new) in desk.plan.draft.change(person, **told).items():
        _tell_difference(desk, person, WHAT[type(row)], row, name, old, new)


def _tell_difference(desk: Desk, person: Person, what: str, row: PersonRow, name: str, old: Any, new: Any) -> None:
    if old not in (None, "") or new not in (None, ""):
        desk.teller.differs(person, what, row.where, TITLES[name], old, new)


def _told(row: PersonRow, names: Iterable[str], sign_ons: set[int]) -> dict[str, Any]:
    """What the file says. What it does not speak of is not among it."""
    told = {name: value for name in names if (value := getattr(row, name)) is not None}
    if id(row) not in sign_ons:
        told.pop("sign_on", None)
    return {name: value for name, value in told.items() if value != "" or name not in KEPT}


def _sign_ons(desk: Desk, found: Iterable[tuple[PersonRow, Person | str]]) -> set[int]:
    """The rows (by id) whose network sign-on name can be given: who has it keeps it, unless they get another one
    themselves. Names may so be handed on, and even swapped, within one file."""
    wants = {id(row): (row, person) for row, person in found if row.sign_on is not None and not row.gone}
    people = [*desk.standing.people.values(), *desk.plan.draft.added[Person]]
    holders = {each.sign_on.casefold(): each for each in people if isinstance(each, Person) and each.sign_on}
    while True:
        moving = {id(person) for _, person in wants.values()}
        given: dict[str, int] = {}
        for key, (row, person) in wants.items():
            name = (row.sign_on or "").casefold()
            holder = holders.get(name)
            if not name:
                continue
            if (holder is not None and holder is not person and id(holder) not in moving) or name in given:
                text = f"The network sign-on name {row.sign_on} is taken, so it is left out"
                desk.remark(f"{row.given_names} {row.family_name}", row.where, text)
                del wants[key]
                break
            given[name] = key
        else:
            return set(wants)
