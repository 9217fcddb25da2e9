"""P45: which account somebody opens who signed in at a provider. The school made it, or there is none."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from drystone.registers.accounts.queries import doors_of
from drystone.registers.accounts.sso.provider import Told
from drystone.registers.accounts.sso.sources import Source, TwoStep
from drystone.registers.accounts.two_step import is_required_of, ways_of
from drystone.registers.school.models import AuditEntry, Person, User
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require

PERMISSION = "accounts.close"
ASK = "Ask the head teacher"


def admit(*, told: Told) -> SocialAccount:
    """The account bound to who this is at their provider; bound now, if the school made one for their address and
    nobody else came by it before. Raises Refused.

    The provider's own number for somebody counts from then on, and the address no more: an address may pass to a
    successor, and the account does not go with it.
    """
    with transaction.atomic():
        bound = _bound(told)
        if bound is not None:
            _refuse_other_schools(bound.user, told.source)
            _refuse_after_recovery(bound.user, told.source)
            return bound
        user, rival = _by_address(told)
        if rival is None:
            account = SocialAccount.objects.create(
                user=user, provider=told.source.key, uid=told.uid, extra_data={"issuer": told.source.issuer}
            )
            _record(user, told, "bind_sign_in", f"signs in at {told.source.name} from now on")
            return account
    _record(user, told, "refuse_sign_in", f"was asked for by another {told.source.name} account of the same address")
    raise Refused(
        f"Your account is bound to another {told.source.name} account. {ASK} to forget that one, then sign in again"
    )


def forget_sign_in(*, person: Person, by: Person) -> int:
    """P45: they have a new account at the provider, so their next sign-in binds anew. How many there were."""
    require(by, PERMISSION, person.school)
    if person.user is None:
        return 0
    if person.user.people.exclude(school=person.school).exists():
        raise Refused(f"{person.name} is known in another school too, so this school alone cannot change their sign-in")
    with transaction.atomic():
        count: int = SocialAccount.objects.filter(user=person.user).delete()[0]
        if count:
            audit.record(
                school=person.school,
                by=by,
                verb="forget_sign_in",
                subject=person,
                summary=f"Sign-in at a provider is forgotten for {person.name}: the next one binds anew",
            )
    return count


def _bound(told: Told) -> SocialAccount | None:
    found = SocialAccount.objects.filter(provider=told.source.key, uid=told.uid)
    return found.select_related("user").first()


def _by_address(told: Told) -> tuple[User, SocialAccount | None]:
    """The account of this address, and who is bound to it already. Two that come at once stand in line."""
    if told.doubt:
        raise Refused(f"{told.source.name} let you in, but {told.doubt}. {ASK}")
    user = User.objects.select_for_update().filter(email__iexact=told.address).first()
    if user is None:
        raise Refused(f"The school has made no account for {told.address}. {ASK}")
    _refuse_other_schools(user, told.source)
    _refuse_after_recovery(user, told.source)
    return user, SocialAccount.objects.filter(user=user, provider=told.source.key).first()


def _refuse_other_schools(user: User, source: Source) -> None:
    """Whoever runs one school's provider could sign in as any of its people: so it opens no other school's door."""
    doors = list(doors_of(user))
    if not user.is_active or not doors:
        raise Refused(f"This account is closed. {ASK}")
    if source.schools is not None and any(door.school.slug not in source.schools for door in doors):
        raise Refused(f"This account does not belong to {source.name}: sign in with your password")


def _refuse_after_recovery(user: User, source: Source) -> None:
    """P48: whoever takes a second step away here may well run the provider too, and set a password there. So until
    there is a second step again, only the password of these pages opens the account, which they do not know."""
    if source.two_step is TwoStep.THEIRS or not is_required_of(user) or ways_of(user).exists():
        return
    taken = AuditEntry.objects.filter(verb="take_second_step_away")
    if any(taken.filter(chain=door.school.slug, subject=audit.subject_of(door)).exists() for door in doors_of(user)):
        raise Refused("Your second step was taken away: sign in once with your password, or a code from the school")


def _record(user: User, told: Told, verb: str, what: str) -> None:
    for person in doors_of(user):
        audit.record(
            school=person.school,
            by=None,
            as_name=f"Sign-in at {told.source.name}",
            verb=verb,
            subject=person,
            summary=f"The account of {person.name} {what}",
        )
