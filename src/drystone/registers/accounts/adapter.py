"""How allauth behaves here: nobody makes an account for themselves, repeated wrong passwords lock, and what opens a
second step is sealed and not to be given up by who needs it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from drystone.registers.accounts import sealing, two_step

USE = "authenticator"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """P45: the school makes accounts, one for each person."""
        return False


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

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, Any] = super().get_public_key_credential_rp_entity()
        return entity | {"name": self.get_totp_issuer()}
