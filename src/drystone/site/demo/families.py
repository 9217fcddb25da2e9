"""Parents and carers of the demo school, who teaches which class, when pupils were born; and what is seldom plain:
brothers and sisters, a shared mailbox, a parent who works here, one who is told nothing by order of a court."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from drystone.engine.roll.upn import check_letter
from drystone.registers.school.models import Guardianship, Person, Role, RoleHolding, School
from drystone.registers.school.reach import Viewer
from drystone.registers.school.services import audit
from drystone.registers.school.services.families import add_guardian
from drystone.registers.school.services.sensitivities import note_sensitivity
from drystone.registers.school.services.teaching import add_class_staff
from drystone.site.demo.names import names

NAME, SEED = "Demo school", 64
SIBLINGS = (("Acorns", "Chestnuts", 8), ("Beeches", "Damsons", 5), ("Elders", "Gorses", 6))  # how many pairs
NEVER_PUBLISHED = 40  # one pupil in so many
OF_STAFF = "support"  # helps at lunch, and has a child in the Beeches


def add_families(school: School, people: Mapping[str, Person], *, since: date, today: date) -> None:
    """In their own order of chance, so that the rest of the demo is the same with them."""
    rng = Random(SEED)  # noqa: S311 - a demo is meant to be the same each time
    classes = list(school.classes.order_by("year_group"))
    for number, school_class in enumerate(classes, 1):
        teacher = people[f"teacher{number}"]
        add_class_staff(school_class=school_class, person=teacher, by=None, as_name=NAME, starts=since)
    pupils = {each.name: list(each.pupils.order_by("family_name", "given_names")) for each in classes}
    _born(school, [(pupil, each.year_group) for each in classes for pupil in pupils[each.name]], since, rng)
    families = _families(pupils)
    lines = _parents(school, families, since, rng)
    audit.record(
        school=school, by=None, as_name=NAME, verb="demo_families", subject=school,
        summary=f"{len({line.guardian_id for line in lines})} parents and carers of {len(families)} families added",
    )  # fmt: skip
    add_guardian(
        pupil=pupils["Beeches"][-1], guardian=people[OF_STAFF], by=None, on=since, relationship="Mother",
        parental_responsibility=True, order=1,
    )  # fmt: skip
    lead = Viewer(people["safeguarding"], frozenset({Role.SAFEGUARDING_LEAD}), today)
    note_sensitivity(
        person=pupils["Elders"][0], by=lead, text="Grandmother died in the summer: searches about illness may be that."
    )


def _born(school: School, pupils: list[tuple[Person, int]], since: date, rng: Random) -> None:
    """Each in the school year that their class says, with a number of no real council."""
    for number, (pupil, year) in enumerate(pupils, 1):
        pupil.year_group = year
        pupil.date_of_birth = date(since.year - 5 - year, 9, 1) + timedelta(days=rng.randrange(365))
        rest = f"9999999{(since.year - year) % 100:02}{number:03}"
        pupil.upn = check_letter(rest) + rest
        pupil.never_publish = number % NEVER_PUBLISHED == 0
        pupil.fold()
    fields = ["year_group", "date_of_birth", "upn", "never_publish", "search"]
    school.people.bulk_update([pupil for pupil, _ in pupils], fields)


def _families(pupils: dict[str, list[Person]]) -> list[list[Person]]:
    elder = {
        pupils[older][place].pk: pupils[younger][place]
        for younger, older, pairs in SIBLINGS
        for place in range(pairs)
    }  # fmt: skip
    younger = {pupil.pk for pupil in elder.values()}
    return [
        [pupil, *([elder[pupil.pk]] if pupil.pk in elder else [])]
        for each in pupils.values()
        for pupil in each
        if pupil.pk not in younger
    ]


def _parents(school: School, families: list[list[Person]], since: date, rng: Random) -> list[Guardianship]:
    """Most children have two whom the school may call, some one. Brothers and sisters bear one name each."""
    given = iter([each for each, _ in names(rng, 2 * len(families))])
    parents: list[tuple[Person, str, list[Person]]] = []
    for number, children in enumerate(families):
        mother = _parent(school, next(given), children[0].family_name, number)
        parents.append((mother, "Mother", children))
        if number % 6:
            father = _parent(school, next(given), children[-1].family_name, number, second=True)
            parents.append((father, "Father", children))
    Person.objects.bulk_create([parent for parent, _, _ in parents])
    RoleHolding.objects.bulk_create(
        [RoleHolding(person=parent, role=Role.PARENT, starts=since) for parent, _, _ in parents]
    )
    lines = [
        Guardianship(
            pupil=child, guardian=parent, relationship=relationship, parental_responsibility=True,
            order=1 if relationship == "Mother" else 2,
        )
        for parent, relationship, children in parents
        for child in children
    ]  # fmt: skip
    barred = next(line for line in reversed(lines) if line.relationship == "Father")
    barred.barred = True
    RoleHolding.objects.filter(person=barred.guardian, role=Role.PARENT).delete()
    return Guardianship.objects.bulk_create(lines)


def _parent(school: School, given: str, family: str, number: int, *, second: bool = False) -> Person:
    """Nearly all have an address of their own; some families share one, some have none: the office sees which."""
    mailbox = f"family{number}" if number % 25 == 7 else f"{given}.{family}.{number}".lower()
    parent = Person(
        school=school, given_names=given, family_name=family, joined_on=None,
        email="" if second and number % 20 == 3 else f"{mailbox}@home.drystone.test",
        telephone=f"01632 960{100 + number + 400 * second}",
    )  # fmt: skip
    parent.fold()
    return parent
