"""What accounts add to a person's page."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db.models import Q
from django.utils import timezone

from drystone.registers.accounts.doors import BY_INVITATION, door_of
from drystone.registers.accounts.models import AccountHolder, System
from drystone.registers.school.access import roles_of
from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Person, Role
from drystone.registers.school.reach import Viewer


@person_part(permission="accounts.view_doors", order=51)
def ways_in(viewer: Viewer, person: Person) -> PersonPart | None:
    """P45: their account, how far they have come with it, and help where they are shut out."""
    if person.user is None and not roles_of(person) & BY_INVITATION:
        return None
    door = door_of(person, on=viewer.on, at=timezone.now())
    return PersonPart("Invitation and second step", "accounts/part.html", {"door": door, "reader": viewer.person})


@person_part(permission="accounts.view_held", order=52)
def accounts(viewer: Viewer, person: Person) -> PersonPart | None:
    """P45: those on the school's network and e-mail; and closing the one here. Children have none of either here."""
    if Role.PUPIL in roles_of(person):
        return None
    held = AccountHolder.objects.filter(Q(until__isnull=True) | Q(until__gte=viewer.on), person=person)
    held = held.filter(account__closed_on=None).select_related("account")
    context = {
        "held": list(held.order_by("account__system", "account__name")),
        "not_needed": [(System(said.system).label, said.reason) for said in person.accounts_not_needed.all()],
        "reader": viewer.person,
        "outside": SocialAccount.objects.filter(user=person.user_id).exists() if person.user_id else False,
    }
    return PersonPart("Network and e-mail accounts", "accounts/person.html", context)
