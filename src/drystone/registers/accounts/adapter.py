"""How allauth behaves here: nobody makes an account for themselves, repeated wrong passwords lock, and what opens a
second step is sealed and not to be given up by who needs it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from drystone.registers.accounts import sealing, two_step
from drystone.registers.accounts.services import locks
from drystone.registers.accounts.sso import stages
from drystone.registers.school.models import User

USE = "authenticator"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "Too many wrong passwords or codes. Wait for 15 minutes, or ask the head teacher or "
        "the technician to unlock your account"
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """P45: the school makes accounts, one for each person."""
        return False

    def get_login_stages(self) -> list[str]:
        """P48: an outside provider's second step stands for ours where `sign-in.yaml` says so, and else does not."""
        return stages.with_ours(super().get_login_stages())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before a password is looked at. Many people may sign in from a school's one address, so only what fails
        counts there: allauth gives back what it took when the password was right."""
        self._login_failed_rl_usage = ratelimit.consume(request, app="allauth.account", action="wrong_passwords")
        if not self._login_failed_rl_usage or locks.is_locked(_address(credentials), at=timezone.now()):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002
        locks.count_failure(_address(credentials), at=timezone.now())


def _address(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")


class TwoStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps and passkeys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right, or was used already. Wait for the next one, and enter that",
        "cannot_delete_authenticator": "Your role needs two-step sign-in: add another way first",
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, use=USE)

    def decrypt(self, encrypted_text: str) -> str:
        """What stands there unsealed is from before secrets were sealed."""
        return sealing.unseal(encrypted_text, use=USE) if sealing.is_sealed(encrypted_text) else encrypted_text

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last way of somebody whose role needs a second step."""
        others = two_step.ways_of(authenticator.user).exclude(pk=authenticator.pk)
        return others.exists() or not two_step.is_required_of(authenticator.user)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        """What a passkey is called whose owner gives it no name."""
        number = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {number + 1}" if number else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, Any] = super().get_public_key_credential_rp_entity()
        return entity | {"name": self.get_totp_issuer()}
