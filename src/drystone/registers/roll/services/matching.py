"""Who of the register a row of a file is: by the source's own reference, by UPN, then by name and birth date.

What is certain is matched. What is not is asked, and until somebody answers nobody is touched: to take two people for
one would show a parent somebody else's child.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz.fuzz import ratio

from drystone.engine.roll.names import fold
from drystone.engine.roll.values import GuardianRow, PersonRow, PupilRow, StaffRow
from drystone.registers.roll.services.desk import NEW, SKIP, Desk
from drystone.registers.roll.services.standing import names_of
from drystone.registers.school.models import STAFF, Person

ALIKE = 85  # of 100: names from here on may be one name misspelt, where the birth date is the same
IN_TOUCH = 6  # digits of a telephone number that say something

WHO_IS_IT = "Somebody of this name is known, and nothing says whether it is they"

Found = Person | str | None  # a person, NEW, or None where the row is left out


def match_pupils(desk: Desk) -> list[tuple[PupilRow, Found]]:
    """Every pupil's row with whom it is about. Two rows about one pupil are both left out."""
    first = [(row, _pupil(desk, row)) for row in desk.roll.pupils]
    rows_of: dict[int, list[PupilRow]] = defaultdict(list)
    for row, found in first:
        if isinstance(found, Person):
            rows_of[found.pk].append(row)
    return [(row, _once(desk, row, found, rows_of)) for row, found in first]


def _once(desk: Desk, row: PupilRow, found: Found, rows_of: dict[int, list[PupilRow]]) -> Found:
    if isinstance(found, Person) and len(rows_of[found.pk]) > 1:
        others = ", ".join(str(other.where) for other in rows_of[found.pk] if other is not row)
        todo = "Remove what is there twice in the school’s database and export again"
        desk.refuse(row, f"This is the same pupil as in {others}: {found.name}", todo, found)
        return None
    if found == NEW and not row.gone:
        near = [person for person in _near(desk, row) if person.pk not in rows_of]
        if near:
            return _answered(desk.ask(row, f"Born the same day as {_named(near)}, with a name much like it", near))
    return found


def _pupil(desk: Desk, row: PupilRow) -> Found:
    standing = desk.standing
    by_reference = standing.references.get(row.reference) if row.reference else None
    by_upn = standing.upns.get(row.upn) if row.upn else None
    if by_reference and by_upn and by_reference is not by_upn:
        what = f"By its UPN this is {by_upn.name}, by the database’s own number it is {by_reference.name}"
        desk.refuse(row, what, "Correct the UPN on the page of one of them, or in the school’s database", by_reference)
        desk.untouched.add(by_upn.pk)
        return None
    found = by_reference or by_upn
    if found is not None:
        if row.gone or _agree(found, row):
            return found
        why = f"The number is that of {standing.in_words(found)}, but neither name nor birth date is"
        return _answered(desk.ask(row, why, [found], new=False))
    return _by_name(desk, row)


def _by_name(desk: Desk, row: PupilRow) -> Found:
    namesakes = desk.standing.pupils_by_name.get(fold(f"{row.given_names} {row.family_name}"), [])
    born = row.date_of_birth
    same = [person for person in namesakes if born and person.date_of_birth == born]
    if len(same) == 1 and (not row.upn or same[0].upn in ("", row.upn)):
        return same[0]
    open_to = same or [person for person in namesakes if not born or person.date_of_birth is None]
    if not open_to:
        return NEW
    if same:
        why = (
            "The name and birth date are those of a pupil with another UPN"
            if len(same) == 1
            else ("Several pupils have this name and birth date")
        )
    else:
        why = "The name is that of a pupil, and a birth date is missing to be sure"
    return _answered(desk.ask(row, why, open_to))


def _near(desk: Desk, row: PupilRow) -> list[Person]:
    """Pupils born the same day whose name may be this one misspelt, or who changed one of their names."""
    given, name = fold(row.given_names), fold(f"{row.given_names} {row.family_name}")
    family = fold(row.family_name)
    return (
        [
            person
            for person in desk.standing.births.get(row.date_of_birth, ())
            if not (row.upn and person.upn)
            and (fold(person.given_names) == given or max(ratio(name, each) for each in names_of(person)) >= ALIKE)
            and (fold(person.given_names) == given or fold(person.family_name) == family)
        ]
        if row.date_of_birth
        else []
    )


def _agree(person: Person, row: PupilRow) -> bool:
    """Whether a number found whom the row means: names and births change, but hardly all at once."""
    if row.date_of_birth is not None and row.date_of_birth == person.date_of_birth:
        return True
    return fold(row.given_names) in (fold(person.given_names), fold(person.preferred_name)) or (
        fold(row.family_name) == fold(person.family_name)
    )


def match_guardian(desk: Desk, row: GuardianRow, wards: Iterable[Person]) -> Found:
    """By reference; else somebody of the name who has one of these children in their care, or the same e-mail address
    or telephone number. Who only has the name is asked about."""
    standing = desk.standing
    if row.reference and (found := standing.references.get(row.reference)):
        return found
    carers = {line.guardian_id for ward in wards if ward.pk for line in standing.guardians_of.get(ward.pk, ())}
    namesakes = _namesakes(desk, row)
    weights = [(2 * _in_touch(one, row) + (one.pk in carers), one) for one in namesakes]
    most = max((weight for weight, _ in weights), default=0)
    best = [one for weight, one in weights if weight == most]
    if most and len(best) == 1:
        return best[0]
    if asked := [one for one in namesakes if one.pk]:
        return _answered(desk.ask(row, WHO_IS_IT, asked))
    return _not_barred(desk, row, wards)


def _not_barred(desk: Desk, row: GuardianRow, wards: Iterable[Person]) -> Found:
    """P64: where somebody is barred from a child, nobody new is let in under a name spelt otherwise."""
    lines = [line for ward in wards if ward.pk for line in desk.standing.guardians_of.get(ward.pk, ()) if line.barred]
    barred = {line.guardian_id: desk.standing.people[line.guardian_id] for line in lines}
    if not barred:
        return NEW
    why = "Somebody is barred from seeing this child. Make sure that this is not they, written in another way"
    return _answered(desk.ask(row, why, list(barred.values())))


def match_staff(desk: Desk, row: StaffRow) -> Found:
    """By reference; else by name and e-mail address; else the one member of staff of that name."""
    standing = desk.standing
    if row.reference and (found := standing.references.get(row.reference)):
        return found
    namesakes = _namesakes(desk, row)
    sure = [one for one in namesakes if _in_touch(one, row)]
    if len(sure) == 1:
        return sure[0]
    works_here = [one for one in namesakes if any(each.role in STAFF for each in standing.held(one))]
    if not sure and len(works_here) == 1 and not (row.email and works_here[0].email):
        return works_here[0]
    if namesakes:
        return _answered(desk.ask(row, WHO_IS_IT, namesakes))
    return NEW


def _namesakes(desk: Desk, row: PersonRow) -> list[Person]:
    """Grown-ups of the name. Whom the source calls by another reference is somebody else, unless an address or a
    number says otherwise: a teacher who is a parent stands in a file twice. The same goes for who is new by it."""
    namesakes = desk.standing.adults_by_name.get(fold(f"{row.given_names} {row.family_name}"), [])
    referred = desk.standing.referred if row.reference else set()
    return [one for one in namesakes if (one.pk and one.pk not in referred) or _in_touch(one, row)]


def _in_touch(person: Person, row: PersonRow) -> bool:
    """The same address or number: with the same name, the same person."""
    if row.email and row.email.casefold() == person.email.casefold():
        return True
    number = _digits(row.telephone or "")
    return len(number) >= IN_TOUCH and number == _digits(person.telephone)


def _digits(telephone: str) -> str:
    """+44 1539 720000 and 01539 720000 are one number."""
    digits = "".join(char for char in telephone if char.isdigit())
    return digits.removeprefix("44") if telephone.strip().startswith("+44") else digits.removeprefix("0")


def _answered(answer: Person | str) -> Found:
    return None if answer == SKIP else answer


def _named(people: list[Person]) -> str:
    return ", ".join(person.name for person in people)
