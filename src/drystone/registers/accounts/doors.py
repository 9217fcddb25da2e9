"""How each person comes in: an account or none, an invitation and what became of it, a second step, a lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.db.models import Prefetch, Q

from drystone.registers.accounts.models import Invitation, SignInFailures
from drystone.registers.accounts.two_step import REQUIRED_OF, SECOND_STEPS
from drystone.registers.school.models import Person, Role, RoleHolding, School

BY_INVITATION = frozenset(Role) - {Role.PARENT, Role.PUPIL}  # parents come by a link, pupils not at all


@dataclass(frozen=True, slots=True)
class Door:
    """How one person comes in."""

    person: Person
    roles: tuple[str, ...]
    invitation: Invitation | None
    state: Invitation.State | None
    opened: bool  # they have set a password, or signed in by an outside provider
    two_step: bool
    needs_two_step: bool
    locked_until: datetime | None

    @property
    def is_closed(self) -> bool:
        return bool(self.person.user and not self.person.user.is_active)

    @property
    def account(self) -> str:
        """In words."""
        if self.is_closed:
            return "Closed"
        if self.opened:
            return "Open"
        return "Not opened yet" if self.person.user else "None"

    @property
    def address(self) -> str:
        """P45: what they sign in with, or will. Whoever invites sees where the code goes: others may change it."""
        return self.person.user.email if self.person.user else self.person.email

    @property
    def can_be_invited(self) -> bool:
        return not self.opened and not self.is_closed


def doors(school: School, *, on: date, at: datetime, role: str = "") -> list[Door]:
    """Everybody who signs in with an account that the school makes, by family name."""
    roles = {role} if role else {str(r) for r in BY_INVITATION}
    held = RoleHolding.objects.filter(role__in=roles, starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    people = (
        Person.objects.filter(school=school, pk__in=held.values("person"))
        .filter(Q(left_on__isnull=True) | Q(left_on__gte=on))
        .select_related("user", "school")
        .prefetch_related("holdings", Prefetch("invitations", Invitation.objects.select_related("code")))
        .order_by("family_name", "given_names", "pk")
    )
    steps = set(
        Authenticator.objects.filter(user__people__school=school, type__in=SECOND_STEPS).values_list("user", flat=True)
    )
    locked = dict(
        SignInFailures.objects.filter(user__people__school=school, locked_until__gt=at).values_list(
            "user", "locked_until"
        )
    )
    return [_door(person, on, at, steps, locked) for person in people]


def door_of(person: Person, *, on: date, at: datetime) -> Door:
    """Of one person, as the list shows it."""
    user = person.user
    steps = {user.pk} if user and Authenticator.objects.filter(user=user, type__in=SECOND_STEPS).exists() else set()
    failures = SignInFailures.objects.filter(user=user, locked_until__gt=at).first() if user else None
    return _door(person, on, at, steps, {user.pk: failures.locked_until} if user and failures else {})


def _door(person: Person, on: date, at: datetime, steps: set[int], locked: dict[int, datetime | None]) -> Door:
    held = [Role(h.role) for h in person.holdings.all() if h.held_on(on)]
    invitation = next(iter(person.invitations.all()), None)
    return Door(
        person=person,
        roles=tuple(role.label for role in held),
        invitation=invitation,
        state=invitation.state(at) if invitation else None,
        opened=bool(person.user and (person.user.has_usable_password() or person.user.last_login)),
        two_step=person.user_id in steps,
        needs_two_step=bool(REQUIRED_OF & set(held)),
        locked_until=locked.get(person.user_id) if person.user_id else None,
    )
