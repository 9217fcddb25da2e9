"""What the register holds of a school, read once and by few queries, arranged as a file's rows look for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from drystone.engine.roll.names import fold
from drystone.registers.roll.models import Brought, ClassReference
from drystone.registers.school.models import (
    ClassStaff,
    Group,
    Guardianship,
    Person,
    Reference,
    Role,
    RoleHolding,
    School,
    SchoolClass,
)
from drystone.registers.school.moments import day


class Standing:
    """One school on one day, as one source of files knows it. `plan` reads it and never writes."""

    def __init__(self, school: School, source: str, on: date) -> None:
        self.school, self.source, self.on = school, source, on
        self.groups = list(Group.objects.filter(school=school).order_by("pk"))
        self.people = {person.pk: person for person in Person.objects.filter(school=school).order_by("pk")}
        self.holdings: dict[int, list[RoleHolding]] = defaultdict(list)
        for holding in RoleHolding.objects.filter(person__school=school).order_by("pk"):
            self.holdings[holding.person_id].append(holding)
        self._references()
        self._names()
        self._families()
        self._classes()

    def _references(self) -> None:
        found = Reference.objects.filter(school=self.school, source=self.source).order_by("pk")
        self.references = {reference.value: self.people[reference.person_id] for reference in found}
        self.referred = {reference.person_id for reference in found}

    def _names(self) -> None:
        self.upns = {person.upn: person for person in self.people.values() if person.upn}
        self.pupils_by_name: dict[str, list[Person]] = defaultdict(list)
        self.adults_by_name: dict[str, list[Person]] = defaultdict(list)
        self.births: dict[date, list[Person]] = defaultdict(list)
        for person in self.people.values():
            names = names_of(person)
            by_name = self.pupils_by_name if self.was_pupil(person) else self.adults_by_name
            for name in names:
                by_name[name].append(person)
            if person.date_of_birth and self.is_pupil(person):
                self.births[person.date_of_birth].append(person)
        self.pupils = [person for person in self.people.values() if self.is_pupil(person)]

    def _families(self) -> None:
        self.guardians_of: dict[int, list[Guardianship]] = defaultdict(list)
        self.wards_of: dict[int, list[Guardianship]] = defaultdict(list)
        for line in Guardianship.objects.filter(pupil__school=self.school).order_by("order", "pk"):
            self.guardians_of[line.pupil_id].append(line)
            self.wards_of[line.guardian_id].append(line)
        brought = Brought.objects.filter(school=self.school, source=self.source)
        self.brought = {each.guardianship_id or -1: each for each in brought}
        self.brought_teaching = {each.teaching_id for each in brought}

    def _classes(self) -> None:
        self.classes = {each.pk: each for each in SchoolClass.objects.filter(school=self.school).order_by("pk")}
        self.classes_by_name = {fold(each.name): each for each in self.classes.values()}
        found = ClassReference.objects.filter(school=self.school, source=self.source)
        self.class_references = {reference.value: self.classes[reference.school_class_id] for reference in found}
        self.teaching: dict[tuple[int, int], list[ClassStaff]] = defaultdict(list)
        for line in ClassStaff.objects.filter(school_class__school=self.school).order_by("pk"):
            self.teaching[line.school_class_id, line.person_id].append(line)

    def was_pupil(self, person: Person) -> bool:
        """Ever, or somebody of whom nothing is known but a number."""
        return bool(person.upn) or any(each.role == Role.PUPIL for each in self.holdings.get(person.pk, ()))

    def is_pupil(self, person: Person) -> bool:
        """On the roll today, and not leaving today."""
        return self.here(person) and any(each.role == Role.PUPIL for each in self.held(person))

    def here(self, person: Person) -> bool:
        return person.left_on is None or person.left_on > self.on

    def held(self, person: Person) -> Iterable[RoleHolding]:
        """What they hold today and still tomorrow."""
        return [
            each
            for each in self.holdings.get(person.pk, ())
            if each.starts <= self.on and (each.ends is None or each.ends > self.on)
        ]

    def in_words(self, person: Person) -> str:
        """So that somebody can tell two people of one name apart."""
        parts = [person.name]
        if person.date_of_birth:
            parts.append(f"born {day(person.date_of_birth)}")
        if placed := self.classes.get(person.school_class_id or 0):
            parts.append(placed.name)
        if person.upn:
            parts.append(f"UPN {person.upn}")
        if not self.was_pupil(person):
            wards = [self.people[line.pupil_id].name for line in self.wards_of.get(person.pk, ())]
            roles = sorted({Role(each.role).label.lower() for each in self.held(person)})
            parts += [", ".join(roles)] * bool(roles) + [f"of {', '.join(wards[:3])}"] * bool(wards)
        return ", ".join(parts if self.here(person) else [*parts, "left"])


def names_of(person: Person) -> set[str]:
    """The names under which a file may have somebody."""
    names = {fold(f"{person.given_names} {person.family_name}")}
    if person.preferred_name:
        names.add(fold(f"{person.preferred_name} {person.family_name}"))
    return names
