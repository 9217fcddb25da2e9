"""What happens when somebody signs in, confirms that it is they, or gets a code of the second step wrong."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.account.signals import user_logged_in as account_signed_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from drystone.registers.accounts import idle, two_step
from drystone.registers.accounts.services import locks
from drystone.registers.accounts.sso import stages
from drystone.registers.school.models import User
from drystone.registers.school.services import audit


@receiver(user_logged_in)
def begins(request: HttpRequest | None, user: User, **_: Any) -> None:
    locks.forget_failures(user)
    if request is not None:
        idle.unlock(request, now=time.time())


@receiver(account_signed_in)
def came_by_provider(request: HttpRequest, sociallogin: Any = None, **_: Any) -> None:
    """P48: how this sign-in came about, and not one before it in the same browser, says whose second step counts."""
    request.session[two_step.BY_PROVIDER] = sociallogin is not None and stages.counts(sociallogin)


@receiver(authentication_step_completed)
def confirms(request: HttpRequest, user: User, *, reauthenticated: bool = False, **_: Any) -> None:
    """P47: who is signed in gave a password, a code or a passkey again."""
    if reauthenticated and request.user == user:
        locks.forget_failures(user)
        idle.unlock(request, now=time.time())


@receiver(authentication_failed)
def fails(user: User, **_: Any) -> None:
    locks.count_failure(user.email, at=timezone.now())


@receiver(authenticator_added)
def adds(user: User, authenticator: Authenticator, **_: Any) -> None:
    _on_record(user, "add_second_step", f"set up {_what(authenticator)}")


@receiver(authenticator_removed)
def removes(user: User, authenticator: Authenticator, **_: Any) -> None:
    _on_record(user, "remove_second_step", f"gave up {_what(authenticator)}")


@receiver(authenticator_reset)
def renews(user: User, authenticator: Authenticator, **_: Any) -> None:
    _on_record(user, "renew_second_step", f"renewed {_what(authenticator)}")


def _what(authenticator: Authenticator) -> str:
    match authenticator.type:
        case Authenticator.Type.TOTP:
            return "an authenticator app"
        case Authenticator.Type.WEBAUTHN:
            return f"the passkey “{authenticator.wrap().name}”"
        case _:
            return "recovery codes"


def _on_record(user: User, verb: str, what: str) -> None:
    """P48: how somebody signs in is worth a line in each school that their account opens."""
    for person in user.people.select_related("school"):
        audit.record(school=person.school, by=person, verb=verb, subject=person, summary=f"{person.name} {what}")
