"""P45: parents sign in by a link to the address that the school has on record: no password to lose or to share.

Everything is asked of the roll when the link is used, not when it is sent: whoever was barred, left, or has another
address on record meanwhile does not come in by it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from drystone.registers.accounts.models import SignInLink
from drystone.registers.accounts.queries import doors_of
from drystone.registers.accounts.services.sessions import end_sessions
from drystone.registers.school.models import Guardianship, Person, Role, RoleHolding, User
from drystone.registers.school.queries import current
from drystone.registers.school.services import audit
from drystone.registers.school.services.accounts import make_account
from drystone.registers.school.services.changes import Refused

LASTS = timedelta(minutes=15)
KEPT = timedelta(days=1)
MOST_OPEN = 3  # links of one address at a time: a slow mail server, or an impatient parent

SHARED = "several people of the school have this address on record, and nobody shares an account"
OTHER_WAY = "people with a task at the school sign in with their own password"
NO_CHILD = "the school has no child on its roll for this address"
CLOSED = "the school has closed this account"
SPLIT = "the school’s records do not agree on this address"


@dataclass(frozen=True, slots=True)
class Found:
    """Whom an address stands for: the doors that a link would open, or why it opens none."""

    people: tuple[Person, ...] = ()
    why: str = ""


def find_parents(address: str, on: date) -> Found:
    """One parent a school; nobody who also works or governs there or anywhere else by the same account: a link opens
    less than a password and a second step do, and is not to be the way around them."""
    known = current(Person.objects.filter(email__iexact=address), on).select_related("school", "user").order_by("pk")
    if not (people := list(known)):
        return Found()
    if len({person.school_id for person in people}) < len(people):
        return Found(why=SHARED)
    user, why = _one_account(people, address)
    if why:
        return Found(why=why)
    behind = list(doors_of(user, on)) if user else []
    if any(door.email.lower() != address.lower() for door in behind):
        return Found(why=SPLIT)
    everybody = {person.pk for person in [*people, *behind]}
    held = RoleHolding.objects.filter(person__in=everybody).exclude(ends__lt=on)  # one that begins later counts too
    if held.exclude(role=Role.PARENT).exists():
        return Found(why=OTHER_WAY)
    parents = set(held.filter(starts__lte=on).values_list("person", flat=True))
    wards = Guardianship.objects.filter(barred=False, pupil__in=current(Person.objects.all(), on))
    with_child = set(wards.filter(guardian__in=everybody).values_list("guardian", flat=True))
    opened = tuple(person for person in people if person.pk in parents & with_child)
    return Found(opened) if opened else Found(why=NO_CHILD)


def _one_account(people: list[Person], address: str) -> tuple[User | None, str]:
    """The account that all of these would come in by, if there is one yet; or why there can be none."""
    found = User.objects.filter(Q(email__iexact=address) | Q(people__in=people)).distinct()
    if len(found) > 1:
        return None, SPLIT
    if not found:
        return None, ""
    others = Person.objects.filter(user=found[0], school__in=[person.school_id for person in people])
    if others.exclude(pk__in=[person.pk for person in people]).exists():
        return None, SPLIT  # somebody else of the same school has that account
    return found[0], "" if found[0].is_active else CLOSED


def make_link(*, address: str) -> str | None:
    """The secret of a new link; None where there are enough open ones already."""
    now = timezone.now()
    SignInLink.objects.filter(made_at__lt=now - KEPT).delete()
    if SignInLink.objects.filter(address=address.lower(), used_at=None, expires_at__gt=now).count() >= MOST_OPEN:
        return None
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(address=address.lower(), digest=_digest(secret), expires_at=now + LASTS)
    return secret


def find_link(secret: str) -> SignInLink | None:
    """The link, while it can be used."""
    return SignInLink.objects.filter(digest=_digest(secret), used_at=None, expires_at__gt=timezone.now()).first()


@transaction.atomic
def use_link(*, secret: str, on: date) -> User:
    """Who comes in by it: an account, made now if this is the first time. Spent with every other link of the address.

    Raises Refused.
    """
    link = SignInLink.objects.select_for_update().filter(digest=_digest(secret)).first()
    if link is None or link.used_at or link.expires_at <= timezone.now():
        raise Refused("This link was used already, or is older than 15 minutes")
    found = find_parents(link.address, on)
    if not found.people:
        raise Refused(f"This link opens nothing any more: {found.why or NO_CHILD}. Ask the school office")
    SignInLink.objects.filter(address=link.address, used_at=None).update(used_at=timezone.now())
    user = _account(found.people, link.address)
    for person in found.people:
        audit.record(
            school=person.school,
            by=person,
            verb="sign_in_by_link",
            subject=person,
            summary=f"{person.name} signed in by a link to the address on record",
        )
    return user


def _account(people: tuple[Person, ...], address: str) -> User:
    """The one account of these people; from now on it has the address on record."""
    user = _one_account(list(people), address)[0] or make_account(person=people[0], by=None, as_name="Sign-in link")
    if user.email.lower() != address:
        _rename(user, people, address)
    for person in people:
        if person.user_id is None:
            _attach(person, user)
    return user


def _rename(user: User, people: tuple[Person, ...], address: str) -> None:
    """Whoever still has the old address is out, also where they sit signed in."""
    before, user.email = user.email, address
    user.save(update_fields=["email"])
    end_sessions(user=user)
    for person in people:
        audit.record(
            school=person.school,
            by=None,
            as_name="Sign-in link",
            verb="change_account_address",
            subject=person,
            summary=f"{person.name} signs in by {address}, the address on record now",
            before={"email": before},
            after={"email": address},
        )


def _attach(person: Person, user: User) -> None:
    person.user = user
    person.save(update_fields=["user"])
    audit.record(
        school=person.school,
        by=None,
        as_name="Sign-in link",
        verb="make_account",
        subject=person,
        summary=f"{person.name} has an account: {user.email}",
        after={"email": user.email, "person": person.key},
    )


def _digest(secret: str) -> str:
    return salted_hmac("drystone.sign-in-link", secret, algorithm="sha256").hexdigest()
