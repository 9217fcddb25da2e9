"""Whoever else is at the demo school: who manages its network, who helps and who visits, a governor with a child here;
and parents who sign in already. So every role of the house is held by somebody."""

from __future__ import annotations

from datetime import date

from django.db.models import Count

from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.moments import add_months
from drystone.registers.school.services.accounts import make_account
from drystone.registers.school.services.families import add_guardian
from drystone.registers.school.services.people import add_person, give_role

NAME = "Demo school"
SIGN_IN = ("Damsons", 3)  # so many of its pupils have a parent with an account


def add_others(school: School, people: dict[str, Person], *, since: date, today: date) -> None:
    network = _adult(school, Role.NETWORK_MANAGER, "Teasel", "Limewick", "network", since=since, sign_on="network")
    people["network"] = network
    make_account(person=network, by=None, as_name=NAME)
    _adult(school, Role.VOLUNTEER, "Betony", "Stilebrook", "reading", since=since)  # hears children read on Tuesdays
    ends = add_months(today, 3)
    _adult(school, Role.VISITOR, "Merlin", "Rigghowe", "music", since=since, ends=ends)  # brings instruments, Thursdays
    _governor_with_a_child(school, people["governor"], since)
    _parents_who_sign_in(school)


def _adult(
    school: School, role: Role, given: str, family: str, mailbox: str, *, since: date, ends: date | None = None,
    sign_on: str = "",
) -> Person:  # fmt: skip
    person = add_person(
        school=school, by=None, as_name=NAME, given_names=given, family_name=family, sign_on=sign_on, joined_on=since,
        email=f"{mailbox}@demo.drystone.test",
    )  # fmt: skip
    give_role(person=person, role=role, by=None, as_name=NAME, starts=since, ends=ends)
    return person


def _governor_with_a_child(school: School, governor: Person, since: date) -> None:
    """As a governor they see no child; as a parent this one."""
    firs = school.people.filter(school_class__name="Firs").annotate(known=Count("guardianships"))
    child = firs.filter(known=1).order_by("family_name", "given_names")[0]
    add_guardian(
        pupil=child, guardian=governor, by=None, on=since, relationship="Father", parental_responsibility=True, order=2
    )


def _parents_who_sign_in(school: School) -> None:
    of_class, count = SIGN_IN
    alone = school.people.filter(wards__pupil__school_class__name=of_class, wards__order=1, user=None).exclude(email="")
    for parent in alone.order_by("pk").distinct()[:count]:
        make_account(person=parent, by=None, as_name=NAME)
