"""Naming the holder of a post."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet

from drystone.registers.school.models import Person, Role, RoleHolding, School
from drystone.registers.school.moments import day
from drystone.registers.school.posts import BY_ROLE
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.people import add_person, change_coordinator, end_role, give_role
from drystone.registers.school.services.permission import require


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody outside the school: a person on the register without an account."""

    given_names: str
    family_name: str
    email: str = ""
    telephone: str = ""


@transaction.atomic
def fill_post(
    *, school: School, role: Role, holder: Person | Contact, by: Person | None, starts: date, as_name: str = ""
) -> RoleHolding:
    """P02, P19: who holds a post from a day on. Where one person holds it, the day before is the last of whoever did.
    A new line in every case: history is never written over."""
    require(by, "school.change_roles", school)
    lock(school)
    post = BY_ROLE[role]
    if isinstance(holder, Contact):
        if not post.outside:
            raise Refused(f"{role.label}: somebody who works at the school holds this post", field="person")
        if not holder.email and not holder.telephone:
            raise Refused("Give an e-mail address or a telephone number: a contact has to be reached", field="email")
        person = add_person(school=school, by=by, as_name=as_name, **asdict(holder))
    else:
        person = holder
    if person.school_id != school.pk:
        raise Refused("That person is not of this school", field="person")
    if person.left_on is not None and person.left_on < starts:
        raise Refused(f"{person.name} left the school on {day(person.left_on)}", field="person")
    if role == Role.COORDINATOR and by is not None:
        return change_coordinator(school=school, person=person, by=by, starts=starts)
    before = _held_from(school, role, starts).exclude(person=person) if post.one else RoleHolding.objects.none()
    taken_over = list(before)
    for held in taken_over:
        if held.starts >= starts:
            raise Refused(
                f"{held.person.name} takes the post on {day(held.starts)}: choose a later day", field="starts"
            )
    holding = give_role(person=person, role=role, by=by, starts=starts, as_name=as_name)
    for held in taken_over:  # after the new one, so that a school is never without a head
        end_role(holding=held, by=by, ends=starts - timedelta(days=1))
    return holding


def _held_from(school: School, role: Role, starts: date) -> QuerySet[RoleHolding]:
    held = RoleHolding.objects.filter(person__school=school, role=role).exclude(ends__lt=starts)
    return held.select_related("person__school").order_by("starts")
