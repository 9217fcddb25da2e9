"""Reads of the accounts register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from drystone.registers.accounts.models import AccountHolder, HeldAccount, System, Use
from drystone.registers.school.models import STAFF, Guardianship, Person, Role, RoleHolding, School, User
from drystone.registers.school.queries import current


def doors_of(user: User, on: date | None = None) -> QuerySet[Person]:
    """Whom a sign-in is, school by school: those who have not left."""
    found = Person.objects.filter(user=user).select_related("school").order_by("pk")
    return current(found, on or timezone.localdate())


def holds(roles: frozenset[Role], on: date) -> Q:
    """People who hold one of these roles on a day."""
    held = RoleHolding.objects.filter(role__in=roles, starts__lte=on).filter(Q(ends__isnull=True) | Q(ends__gte=on))
    return Q(pk__in=held.values("person"))


def parents_with_child(school: School, on: date) -> QuerySet[Person]:
    """Parents of the school's present pupils, but for those whom a court bars."""
    wards = Guardianship.objects.filter(barred=False, pupil__in=current(school.people.all(), on).values("pk"))
    found = current(school.people.all(), on).filter(
        holds(frozenset({Role.PARENT}), on), pk__in=wards.values("guardian")
    )
    return found.order_by("family_name", "given_names", "pk")


@dataclass(frozen=True, slots=True)
class Unreachable:
    person: Person
    why: str


def unreachable_parents(school: School, on: date) -> list[Unreachable]:
    """P45: parents whom a sign-in link does not reach: no address, or one that somebody else here has too."""
    addresses = current(school.people.exclude(email=""), on).order_by().values(address=Lower("email"))
    shared = addresses.annotate(count=Count("pk")).filter(count__gt=1)
    several = {row["address"]: row["count"] for row in shared}
    parents = parents_with_child(school, on).annotate(address=Lower("email"))
    found = parents.filter(Q(email="") | Q(address__in=shared.values("address")))
    return [
        Unreachable(
            parent,
            f"{several[parent.address]} people here have this address; each needs one of their own"
            if parent.email
            else "No e-mail address is on record",
        )
        for parent in found
    ]


@dataclass(frozen=True, slots=True)
class Glance:
    """P45 in numbers. `adults` are staff; `lacking` those of them without an account of their own on record."""

    adults: int
    lacking: int
    recorded: int
    shared: int
    nobodys: int
    to_close: int


def accounts_at_a_glance(school: School, on: date) -> Glance:
    accounts = [Held(account, on) for account in held_accounts(school)]
    staff = staff_accounts(school, on)
    return Glance(
        adults=len(staff),
        lacking=sum(1 for each in staff if each.lacks),
        recorded=len(accounts),
        shared=sum(1 for each in accounts if each.is_shared),
        nobodys=sum(1 for each in accounts if each.is_nobodys),
        to_close=sum(1 for each in accounts if each.is_to_close),
    )


def held_accounts(school: School, *, closed: bool = False) -> QuerySet[HeldAccount]:
    """Accounts on the school's systems that are open there, or those that were closed."""
    found = HeldAccount.objects.filter(school=school, closed_on__isnull=not closed)
    holders = AccountHolder.objects.select_related("person").order_by("since", "pk")
    return found.prefetch_related(Prefetch("holders", queryset=holders)).order_by("system", "name", "pk")


class Held:
    """An account as it stands on a day."""

    def __init__(self, account: HeldAccount, on: date) -> None:
        self.account = account
        self.holders = [holder for holder in account.holders.all() if holder.held_on(on)]
        self.before = [holder for holder in account.holders.all() if holder.until and holder.until < on]

    @property
    def is_shared(self) -> bool:
        return self.account.use == Use.SHARED or len(self.holders) > 1

    @property
    def is_to_close(self) -> bool:
        """Everybody who held it has left it, and it still stands open on the system."""
        return self.account.use == Use.OWN and not self.holders and bool(self.before)

    @property
    def is_nobodys(self) -> bool:
        return self.account.use == Use.OWN and not self.holders and not self.before

    @property
    def state(self) -> str:
        """The first that applies of what is wrong with it; “fine” where nothing is."""
        if self.account.closed_on:
            return "closed"
        return "shared" if self.is_shared else "close" if self.is_to_close else "nobody" if self.is_nobodys else "fine"


@dataclass(frozen=True, slots=True)
class OfStaff:
    """What one member of staff holds: by system the accounts' names, or why they need none."""

    person: Person
    held: Mapping[System, str]
    not_needed: Mapping[System, str]

    @property
    def lacks(self) -> list[System]:
        return [system for system in System if system not in self.held and system not in self.not_needed]


def staff_accounts(school: School, on: date) -> list[OfStaff]:
    """P45: staff who are here, and which accounts they hold."""
    open_ones = AccountHolder.objects.filter(since__lte=on).filter(Q(until__isnull=True) | Q(until__gte=on))
    open_ones = open_ones.filter(account__closed_on=None).exclude(account__use=Use.SHARED).select_related("account")
    people = (
        current(school.people.filter(holds(STAFF, on)), on)
        .prefetch_related(Prefetch("held_accounts", queryset=open_ones), "accounts_not_needed")
        .order_by("family_name", "given_names", "pk")
    )
    return [
        OfStaff(
            person,
            {System(holder.account.system): holder.account.name for holder in person.held_accounts.all()},
            {System(said.system): said.reason for said in person.accounts_not_needed.all()},
        )
        for person in people
    ]
