"""The last step: everything at once or nothing, then the first bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.addresses import THIS_MACHINE
from drystone.registers.school.models import ChainHead, Person, School, User
from drystone.registers.school.services.accounts import give_first_time_code, make_account
from drystone.registers.school.services.audit import HOUSE
from drystone.registers.school.services.calendar import add_year
from drystone.registers.school.services.people import add_person, give_role
from drystone.registers.school.services.places import add_zone
from drystone.registers.school.services.schools import found_school
from drystone.site.setup.answers import people_of, plan_of

WIZARD = "Set-up wizard"


class AlreadySetUp(Exception):
    """Somebody else finished the wizard first."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is printed for somebody who has no password yet."""

    name: str
    roles: str
    email: str
    code: str


@dataclass(frozen=True, slots=True)
class Founded:
    school: School
    technician: Person
    letters: tuple[Letter, ...]


@transaction.atomic
def found(answers: dict[str, Any]) -> Founded:
    """School, calendar, people with accounts, zones. P02: the co-ordinator holds the role from today."""
    ChainHead.objects.get_or_create(chain=HOUSE)
    ChainHead.objects.select_for_update().get(chain=HOUSE)  # two browsers at the last step: one of them
    # unscoped: whether the house is set up
    if School.objects.exists():
        raise AlreadySetUp
    school = found_school(by=None, as_name=WIZARD, **answers["school"])
    people, letters = [], []
    for named in people_of(answers):
        person = add_person(
            school=school,
            by=None,
            as_name=WIZARD,
            given_names=named.given_names,
            family_name=named.family_name,
            email=named.email,
        )
        for role in named.roles:
            give_role(person=person, role=role, by=None, as_name=WIZARD, starts=timezone.localdate())
        make_account(person=person, by=None, as_name=WIZARD)
        people.append((person, ", ".join(role.label for role in named.roles)))
    technician = people[-1][0]
    _set_password(technician.user, answers["you"]["password_hash"])
    for person, roles in people[:-1]:
        code = give_first_time_code(person=person, by=technician)
        letters.append(Letter(person.name, roles, person.email, code))
    add_year(school=school, by=technician, plan=plan_of(answers))
    _zones(school, technician, answers["zones"])
    return Founded(school, technician, tuple(letters))


def _set_password(user: User | None, encoded: str) -> None:
    if user is None:
        raise ValueError("the technician has no account")
    user.password, user.password_changed_at = encoded, timezone.now()
    user.save(update_fields=["password", "password_changed_at"])


def _zones(school: School, by: Person, told: dict[str, Any]) -> None:
    groups = {group.slug: group for group in school.groups.all()}
    for row in told["rows"]:
        add_zone(school=school, by=by, name=row["name"], group=groups[row["group"]], addresses=row["addresses"])
    if told["this_machine"]:
        add_zone(school=school, by=by, name="This machine", group=groups["ks2"], addresses="\n".join(THIS_MACHINE))
