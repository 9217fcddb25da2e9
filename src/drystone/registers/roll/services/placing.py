"""Classes, who is in them, who teaches them, and which grown-ups are whose."""

from __future__ import annotations

from collections import Counter, defaultdict

from drystone.engine.roll.names import fold
from drystone.engine.roll.values import ClassRow, Membership, PupilRow, Scope
from drystone.engine.roll.years import LAST, NURSERY, year_name
from drystone.registers.roll.models import Brought, ClassReference, Tab
from drystone.registers.roll.services.desk import Desk
from drystone.registers.roll.services.taking import ONLY_THE_HEAD, let_go
from drystone.registers.school.models import AgeBand, ClassStaff, Group, Guardianship, Person, SchoolClass

NOT_MADE = "none"
OLDEST_OF_KS1 = 2


def take_care(desk: Desk) -> None:
    """Which grown-ups are whose. `care` is all that the file has of a pupil's guardians, where it has any."""
    for row in desk.roll.pupils:
        pupil = desk.pupils.get(row.key)
        if pupil is not None and row.care is not None:
            _care_of(desk, row, pupil)


def _care_of(desk: Desk, row: PupilRow, pupil: Person) -> None:
    standing = {line.guardian_id: line for line in desk.standing.guardians_of.get(pupil.pk, ())}
    named: set[int] = set()
    for care in row.care or ():
        guardian = desk.guardians.get(care.guardian) or desk.known_before(care.guardian)
        if guardian is None or guardian is pupil or id(guardian) in named:
            continue
        named.add(id(guardian))
        told: dict[str, object] = {"order": care.order}
        told |= {"relationship": care.relationship} if care.relationship is not None else {}
        if care.parental_responsibility is not None:
            told["parental_responsibility"] = care.parental_responsibility
        line = standing.get(guardian.pk) if guardian.pk else None
        if line is None:
            _entrust(desk, row, pupil, guardian, told)
        elif not line.barred:
            for name, (old, new) in desk.plan.draft.change(line, **told).items():
                title = f"{guardian.name}: {name.replace('_', ' ')}"
                desk.teller.differs(pupil, "pupil", row.where, title, old, new)
    for line in standing.values():
        if id(desk.standing.people[line.guardian_id]) not in named:
            let_go(desk, line, row.where)


def _entrust(desk: Desk, row: PupilRow, pupil: Person, guardian: Person, told: dict[str, object]) -> None:
    line = desk.plan.draft.add(Guardianship(pupil=pupil, guardian=guardian, **told))
    desk.plan.draft.add(Brought(school=desk.school, source=desk.standing.source, guardianship=line))
    relationship = f" ({told['relationship']})" if told.get("relationship") else ""
    desk.teller.differs(pupil, "pupil", row.where, "Guardian", "", f"{guardian.name}{relationship}")


def take_classes(desk: Desk) -> dict[str, SchoolClass]:
    """The file's classes by key, and by the source's own reference. One that does not exist is offered to be made."""
    years = _years(desk)
    found: dict[str, SchoolClass] = dict(desk.standing.class_references)
    for row in desk.roll.classes:
        by_reference = desk.standing.class_references.get(row.reference) if row.reference else None
        school_class = by_reference or desk.standing.classes_by_name.get(fold(row.name))
        if row.gone or (school_class is None and row.key not in years and row.year_group is None):
            continue  # a class without pupils is nothing to make
        if school_class is None:
            school_class = _make(desk, row, years.get(row.key, Counter()))
        else:
            _compare(desk, row, school_class)
        if school_class is None:
            continue
        found[row.key] = school_class
        if row.reference and by_reference is None:
            reference = ClassReference(school=desk.school, source=desk.standing.source, value=row.reference)
            reference.school_class = school_class
            desk.plan.draft.add(reference)
            found[row.reference] = school_class
    return found


def _compare(desk: Desk, row: ClassRow, school_class: SchoolClass) -> None:
    told: dict[str, object] = {}
    if row.name != school_class.name and fold(row.name) not in desk.standing.classes_by_name:
        told["name"] = row.name
    if row.year_group is not None:
        told["year_group"] = row.year_group
    was = school_class.name
    fields = [
        ["Year", year_name(old), year_name(new)] if name == "year_group" else ["Name", old, new]
        for name, (old, new) in desk.plan.draft.change(school_class, **told).items()
    ]
    if fields:
        desk.teller.tell(Tab.CHANGED, was, "class", where=row.where, fields=fields)


def _make(desk: Desk, row: ClassRow, years: Counter[int]) -> SchoolClass | None:
    """A year (the file's, else that of most of its pupils) and a group, which says what its pupils may reach."""
    year = row.year_group if row.year_group is not None else (years.most_common(1)[0][0] if years else None)
    key = f"class:{fold(row.name)}"[:64]
    options = _options(desk, year)
    suggested = options[0][0] if year is not None and options else NOT_MADE
    answer = desk.choices.get(key, suggested)
    if answer not in {value for value, _ in options}:
        answer = NOT_MADE
    made = None
    if answer != NOT_MADE:
        chosen, group = (int(part) for part in answer.split(":"))
        made = desk.plan.draft.add(SchoolClass(school=desk.school, name=row.name, year_group=chosen, group_id=group))
        desk.standing.classes_by_name[fold(row.name)] = made
    why = "It will be made" if made else "There is no such class. Unless it is made, its pupils stay in no class of it"
    options = [*options, (NOT_MADE, "Do not make it")]
    fields = [["Chosen", "", dict(options)[answer]]]
    desk.teller.tell(
        Tab.CLASS, row.name, "class", where=row.where, detail=f"{why}.", key=key, options=options, fields=fields
    )
    return made


def _options(desk: Desk, year: int | None) -> list[tuple[str, str]]:
    """The likeliest first: the group in which other classes of that year are."""
    groups = [group for group in desk.standing.groups if AgeBand(group.age_band).is_pupils]
    years = [year] if year is not None else list(range(NURSERY, LAST + 1))
    return [
        (f"{each}:{group.pk}", f"{year_name(each)}, filtered as {group.name}")
        for each in years
        for group in sorted(groups, key=lambda group: _unlikely(desk, group, each))
    ]


def _unlikely(desk: Desk, group: Group, year: int) -> tuple[bool, bool, int]:
    used = any(one.year_group == year and one.group_id == group.pk for one in desk.standing.classes.values())
    band = AgeBand.KS1 if year <= OLDEST_OF_KS1 else AgeBand.KS2
    return (not used, group.age_band != band, group.pk)


def _years(desk: Desk) -> dict[str, Counter[int]]:
    """Of the pupils in each class of the file: how many of each year."""
    rows = {row.key: row for row in desk.roll.pupils}
    years: dict[str, Counter[int]] = defaultdict(Counter)
    for membership in desk.roll.memberships:
        row = rows.get(membership.person)
        if row is not None and not membership.teaches:
            years[membership.school_class].update([row.year_group] if row.year_group is not None else [])
    return years


def place_pupils(desk: Desk, classes: dict[str, SchoolClass]) -> None:
    """Who is in which class. In a full file a pupil in none is in none."""
    goes_to: dict[int, tuple[Person, SchoolClass | None, object]] = {}
    unclear: set[int] = set()
    for membership in desk.roll.memberships:
        pupil = desk.pupils.get(membership.person) or desk.known_before(membership.person)
        if membership.teaches or pupil is None or not _may_be_placed(desk, pupil):
            continue
        school_class = classes.get(membership.school_class)
        if not _in_force(desk, membership):
            if membership.gone and school_class and school_class.pk and pupil.school_class_id == school_class.pk:
                goes_to.setdefault(id(pupil), (pupil, None, membership.where))
        elif school_class is None:
            unclear.add(id(pupil))
        else:
            goes_to[id(pupil)] = (pupil, school_class, membership.where)
    if desk.scopes.memberships == Scope.FULL:
        for row in desk.roll.pupils:
            pupil = desk.pupils.get(row.key)
            if pupil is not None and id(pupil) not in unclear:
                goes_to.setdefault(id(pupil), (pupil, None, row.where))
    for pupil, school_class, where in goes_to.values():
        _move(desk, pupil, school_class, where)


def _may_be_placed(desk: Desk, pupil: Person) -> bool:
    return pupil.pk is None or (desk.standing.was_pupil(pupil) and desk.standing.here(pupil))


def _move(desk: Desk, pupil: Person, school_class: SchoolClass | None, where: object) -> None:
    old = desk.standing.classes.get(pupil.school_class_id or 0)
    if not desk.plan.draft.change(pupil, school_class=school_class):
        return
    was, name = old.name if old else "", school_class.name if school_class else ""
    if pupil.pk is None:
        desk.teller.differs(pupil, "pupil", where, "Class", was, name)
    else:
        fields = [["Class", was, name]]
        desk.teller.tell(Tab.MOVE, pupil.name, "pupil", where=where, person=pupil, fields=fields)


def place_staff(desk: Desk, classes: dict[str, SchoolClass]) -> None:
    """Whose class is whose: it is what lets them see its pupils, so only who may give roles brings it about."""
    named: set[tuple[int | None, int]] = set()
    refused: set[str] = set()
    for membership in desk.roll.memberships:
        person = desk.staff.get(membership.person) or desk.known_before(membership.person)
        school_class = classes.get(membership.school_class)
        if not membership.teaches or person is None or school_class is None:
            continue
        lines = desk.standing.teaching.get((school_class.pk, person.pk), []) if school_class.pk else []
        stands = [line for line in lines if line.ends is None or line.ends > desk.on]
        now = _in_force(desk, membership)
        if bool(stands) == now:
            named |= {(school_class.pk, person.pk)} if now else set()
        elif not desk.may_give_roles:
            refused.add(f"{person.name}, {school_class.name}")
        elif now:
            _teach(desk, membership, person, school_class, lines)
            named.add((school_class.pk, person.pk))
        else:
            _teach_no_more(desk, stands, membership.where)
    if desk.scopes.memberships == Scope.FULL and desk.roll.staff and desk.may_give_roles:
        for key, lines in list(desk.standing.teaching.items()):
            if key not in named and key[1] not in desk.untouched:
                brought = [line for line in lines if line.pk in desk.standing.brought_teaching]
                _teach_no_more(desk, [line for line in brought if line.ends is None or line.ends > desk.on], "")
    for text in sorted(refused):
        detail = f"Another class for a teacher. {ONLY_THE_HEAD}."
        desk.teller.tell(Tab.REFUSED, text, "staff", detail=detail)


def _teach(
    desk: Desk, membership: Membership, person: Person, school_class: SchoolClass, lines: list[ClassStaff]
) -> None:
    ended_today = next((line for line in lines if line.ends == desk.on), None)
    if ended_today:
        desk.plan.draft.change(ended_today, ends=None)
    else:
        line = desk.plan.draft.add(ClassStaff(school_class=school_class, person=person, starts=desk.on))
        desk.plan.draft.add(Brought(school=desk.school, source=desk.standing.source, teaching=line))
    desk.teller.differs(person, "staff", membership.where, "Class taught", "", school_class.name)


def _teach_no_more(desk: Desk, lines: list[ClassStaff], where: object) -> None:
    for line in lines:
        desk.plan.draft.change(line, ends=max(desk.on, line.starts))
        person, taught = desk.standing.people[line.person_id], desk.standing.classes[line.school_class_id]
        desk.teller.differs(person, "staff", where, "Class taught", taught.name, "")


def _in_force(desk: Desk, membership: Membership) -> bool:
    begun = membership.starts is None or membership.starts <= desk.on
    return not membership.gone and begun and (membership.ends is None or membership.ends >= desk.on)
