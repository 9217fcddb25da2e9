"""Whose second step counts after a sign-in at a provider."""

from __future__ import annotations

from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from drystone.registers.accounts.sso.provider import Told
from drystone.registers.accounts.sso.sources import TwoStep

ALLAUTH = "allauth.mfa.stages.AuthenticateStage"
OURS = "drystone.registers.accounts.sso.stages.SecondStep"


def with_ours(stages: list[str]) -> list[str]:
    return [OURS if stage == ALLAUTH else stage for stage in stages]


def counts(sociallogin: Any) -> bool:
    """P48: whether the provider's own second step stands for ours: only where `sign-in.yaml` says so."""
    told: Told | None = getattr(sociallogin, "told", None)  # none once the sign-in waited in the session
    if told is None:
        return False
    match told.source.two_step:
        case TwoStep.THEIRS:
            return True
        case TwoStep.TOLD:
            return told.second_step
    return False


class SecondStep(AuthenticateStage):  # type: ignore[misc]
    def _should_handle(self, request: HttpRequest) -> bool:
        if counts((self.login.signal_kwargs or {}).get("sociallogin")):
            return False
        ask: bool = super()._should_handle(request)
        return ask
