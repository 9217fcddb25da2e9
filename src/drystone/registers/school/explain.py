"""Why somebody may see a person: said to themselves on the page, and to the head of everybody who may.

The same rules as `reach.py`, told role by role; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from drystone.registers.school.access import Reach, reaches
from drystone.registers.school.hooks import permissions_of_parts
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, RoleHolding
from drystone.registers.school.reach import Viewer
from drystone.registers.school.services.sensitivities import may_open

SEE = "school.view_person"
SENSITIVITIES = "school.view_sensitivities"
# What each permission that reaches people shows of them; one that is not here stands under its own name.
SHOWS = {
    SEE: "name, class and year",
    "school.view_births": "date of birth",
    "school.view_contacts": "e-mail and telephone",
    "school.view_guardians": "parents and carers",
    "school.view_people": "roles and account",
    SENSITIVITIES: "what only safeguarding reads",
    "monitoring.view_names": "what the filter logged of them",
    "signon.view": "Internet password and devices",
    "accounts.view_doors": "how they sign in",
    "accounts.view_held": "network and e-mail accounts",
    "documents.view_register": "notices they took note of",
}


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties people to one person on a day, looked up once."""

    person: Person
    on: date
    classes: dict[int, tuple[str, ...]]  # who takes the person's class, and which
    children: dict[int, tuple[str, ...]]  # who takes a class of their children
    guardians: frozenset[int]
    barred: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sees:
    """Somebody who may see the person."""

    who: Person
    because: tuple[str, ...]
    shows: tuple[str, ...] = field(default=())


def why(viewer: Viewer, person: Person, permission: str = SEE) -> str:
    """“You see this because you are class teacher of Damsons.”, or "" where no role of the viewer reaches so far."""
    reasons = _reasons(viewer.person, viewer.roles, permission, ties_of(person, viewer.on))
    return f"You see this because you are {' and '.join(reasons)}." if reasons else ""


def who_sees(person: Person, on: date) -> list[Sees]:
    """Everybody who may see the person today, why, and what of them. A few queries, however many they are."""
    ties, shown = ties_of(person, on), [SEE, *(name for name in permissions_of_parts() if name != SEE)]
    found = []
    for who, roles in _holders(person, on, ties.guardians).items():
        if reasons := _reasons(who, roles, SEE, ties):
            held = [name for name in {**SHOWS, **dict.fromkeys(shown)} if _reasons(who, roles, name, ties)]
            sealed = may_open(Viewer(who, roles, on), person) if SENSITIVITIES in held else False
            names = [SHOWS.get(name, name) for name in held if name != SENSITIVITIES or sealed]
            found.append(Sees(who, reasons, tuple(names)))
    return sorted(found, key=lambda each: (each.who.family_name, each.who.given_names, each.who.pk))


def ties_of(person: Person, on: date) -> Ties:
    lines = Guardianship.objects.filter(Q(pupil=person) | Q(guardian=person), pupil__school=person.school_id)
    pairs = list(lines.select_related("pupil"))
    own = [each for each in pairs if each.pupil_id == person.pk]
    wards = [each.pupil for each in pairs if each.guardian_id == person.pk]
    classes = {person.school_class_id} - {None}
    theirs = {ward.school_class_id for ward in wards} - {None}
    taken = ClassStaff.objects.filter(school_class__school=person.school_id, school_class__in=classes | theirs)
    now = taken.filter(Q(ends__isnull=True) | Q(ends__gte=on), starts__lte=on).select_related("school_class")
    staff = list(now)
    return Ties(
        person,
        on,
        _by_person(each for each in staff if each.school_class_id in classes),
        _by_person(each for each in staff if each.school_class_id in theirs),
        frozenset(each.guardian_id for each in own if not each.barred),
        frozenset(each.guardian_id for each in own if each.barred),
    )


def _by_person(staff: Iterable[ClassStaff]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for each in staff:
        found[each.person_id] = (*found.get(each.person_id, ()), each.school_class.name)
    return found


def _holders(person: Person, on: date, guardians: frozenset[int]) -> dict[Person, frozenset[Role]]:
    """Everybody of whom a role could reach the person. Of those whom only their own children let in, a school has many
    hundreds; here only this person's guardians count."""
    far = [role for role, reach in reaches()[SEE].items() if reach != Reach.CHILDREN]
    held = RoleHolding.objects.filter(person__school=person.school_id, role__in=reaches()[SEE], starts__lte=on)
    here = held.filter(Q(ends__isnull=True) | Q(ends__gte=on))
    here = here.filter(Q(person__left_on__isnull=True) | Q(person__left_on__gte=on)).select_related("person__school")
    others = here.filter(role__in=far).order_by().values("person")
    here = here.filter(Q(person__in=others) | Q(person__in=guardians))
    found: dict[Person, frozenset[Role]] = {}
    for holding in here:
        found[holding.person] = found.get(holding.person, frozenset()) | {Role(holding.role)}
    return found


def _reasons(who: Person, roles: frozenset[Role], permission: str, ties: Ties) -> tuple[str, ...]:
    """A phrase for each role that reaches the person. Whom a court keeps away, no role reaches."""
    if who.pk in ties.barred or who.school_id != ties.person.school_id:
        return ()
    held = reaches().get(permission, {})
    phrases = [_phrase(who, role, held[role], ties) for role in Role if role in roles and role in held]
    return tuple(phrase for phrase in phrases if phrase)


def _phrase(who: Person, role: Role, reach: Reach, ties: Ties) -> str:
    name = role.label[:1].lower() + role.label[1:]
    match reach:
        case Reach.SCHOOL:
            return name
        case Reach.CLASSES if own := ties.classes.get(who.pk):
            return f"{name} of {', '.join(own)}"
        case Reach.CLASSES if role in reaches()["school.view_guardians"] and (theirs := ties.children.get(who.pk)):
            return f"{name} of {', '.join(theirs)}, where a child of {ties.person.name} is"
        case Reach.CHILDREN if who.pk in ties.guardians:
            return f"{name} of {ties.person.name}"
        case Reach.SELF if who.pk == ties.person.pk:
            return "this person yourself"
    return ""
