"""How allauth behaves when somebody comes back from a provider: nobody becomes known to the school by it."""

from __future__ import annotations

import hmac
import logging
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from drystone.registers.accounts.services.sso import admit
from drystone.registers.accounts.sso.provider import SchoolSignIn, Told
from drystone.registers.accounts.sso.sources import BadSources, sources
from drystone.registers.school.services.changes import Refused

log = logging.getLogger(__name__)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(self, request: Any, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:  # noqa: ARG002 - allauth's signature
        """Those of `sign-in.yaml`, and none of the database's."""
        try:
            known = sources()
        except BadSources as fault:
            log.error("nobody can sign in at a provider: %s", fault)
            return []
        apps = [
            SocialApp(
                provider=SchoolSignIn.id,
                provider_id=source.key,
                name=source.name,
                client_id=source.client,
                secret=source.secret,
                settings={"server_url": source.issuer, "oauth_pkce_enabled": True, "source": source},
            )
            for source in known
        ]
        return [app for app in apps if provider in (None, app.provider_id) and client_id in (None, app.client_id)]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        """P45: the school makes accounts. `pre_social_login` lets nobody come so far."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """P45: whom this sign-in is, or nobody."""
        told: Told = sociallogin.told
        if sociallogin.state.get("process") != AuthProcess.LOGIN or not hmac.compare_digest(
            str(sociallogin.state.get("nonce") or "none was sent"), told.nonce
        ):
            self._back(request, "The sign-in was not begun here. Begin it again on this page")
        try:
            account = admit(told=told)
        except Refused as refusal:
            log.info("a sign-in at %s was refused: %s", told.source.key, refusal)
            self._back(request, str(refusal))
        sociallogin.account, sociallogin.user = account, account.user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - allauth's signature
    ) -> NoReturn:
        if error == AuthError.CANCELLED:
            self._back(request, f"You did not sign in at {provider}")
        log.warning("signing in at %s failed: %s %s", provider, error, exception or "")
        self._back(request, f"Signing in at {provider} did not work. Try it again, or use your password")

    def _back(self, request: HttpRequest, why: str) -> NoReturn:
        messages.error(request, f"{why}.")
        raise ImmediateHttpResponse(redirect("account_login"))
