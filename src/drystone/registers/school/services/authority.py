"""What somebody of the council or trust does for its schools."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from drystone.registers.school.models import Person, Role, School, User
from drystone.registers.school.services import audit
from drystone.registers.school.services.accounts import give_first_time_code, make_account
from drystone.registers.school.services.calendar import add_year
from drystone.registers.school.services.changes import Refused, values
from drystone.registers.school.services.people import add_person, give_role
from drystone.registers.school.services.permission import require
from drystone.registers.school.services.schools import found_school
from drystone.registers.school.terms import usual_year


@dataclass(frozen=True, slots=True)
class Added:
    """`code` opens the head's account; "" where the head signs in already, at another school of the authority."""

    school: School
    head: Person
    code: str


def schools_of(person: Person) -> QuerySet[School]:
    """The schools of the authority that a person speaks for; whether they do is the permission's to say."""
    if person.school.authority_id is None:
        return School.objects.none()
    return School.objects.filter(authority=person.school.authority_id).order_by("name", "pk")


@transaction.atomic
def add_school(
    *, by: Person, name: str, short_name: str, given_names: str, family_name: str, email: str, dfe_number: str = ""
) -> Added:
    """A school of the council's own, with its usual groups and year, and its head, who does the rest. Whoever adds it
    sees no more of it than of the others."""
    require(by, "school.add_schools", by.school)
    authority = by.school.authority
    if authority is None:
        raise Refused("This school belongs to no council or trust, so no school can be added to it")
    if dfe_number and School.objects.filter(dfe_number=dfe_number).exists():
        raise Refused("Another school has this DfE number", field="dfe_number")
    school = found_school(
        by=by, name=name, short_name=short_name, authority=authority.name, dfe_number=dfe_number,
        time_zone=by.school.time_zone,
    )  # fmt: skip
    head = add_person(school=school, by=by, given_names=given_names, family_name=family_name, email=email)
    today = timezone.localdate()
    give_role(person=head, role=Role.HEAD, by=None, as_name=by.name, starts=today)
    add_year(school=school, by=by, plan=usual_year(today))
    code = "" if _signs_in_already(head, by) else _new_code(head, by)
    audit.record(
        school=by.school, by=by, verb="add_school", subject=school,
        summary=f"{school.name} was added to {authority.name}", after={"slug": school.slug},
    )  # fmt: skip
    return Added(school, head, code)


def _new_code(head: Person, by: Person) -> str:
    make_account(person=head, by=by)
    return give_first_time_code(person=head, by=by)


def _signs_in_already(head: Person, by: Person) -> bool:
    """A head of two schools of one authority has one account, and chooses where to work. (P45) Nobody of another
    authority is given a place by somebody who merely knows their address."""
    user = User.objects.filter(email__iexact=head.email).first()
    if user is None:
        return False
    if not user.is_active or not user.people.filter(school__authority=by.school.authority_id, left_on=None).exists():
        raise Refused("Somebody signs in with this address already: use another one for this post", field="email")
    before = values(head)
    head.user = user
    head.save(update_fields=["user"])
    audit.record(
        school=head.school, by=by, verb="link_account", subject=head,
        summary=f"{head.name} signs in with the account of another school of the authority",
        before={"user_id": before["user_id"]}, after={"user_id": head.user_id},
    )  # fmt: skip
    return True
