"""Signing in at a provider outside: there, and back again."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from drystone.registers.accounts.sso.provider import Door
from drystone.registers.school.access import public


@public("leads whoever signs in to their provider")
@never_cache
def sign_in_with(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """By a form of ours only. The way out is a page, not a redirect: a form here leads nowhere else (CSP
    form-action), and which address the provider has is known only once it was asked."""
    if request.method != "POST":
        return redirect("account_login")
    provider = _provider(request, provider_id)
    try:
        answer = provider.redirect_from_request(request)
    except (RequestException, OAuth2Error, KeyError, ValueError) as error:
        return _unreachable(request, provider, error)
    there = answer.headers.get("Location", "")
    return render(request, "accounts/leave.html", {"provider": provider, "there": there})


@public("where providers send people back to; what they bring is checked")
@never_cache
@require_GET
def sign_in_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    provider = _provider(request, provider_id)
    try:
        answer: HttpResponseBase = OAuth2CallbackView.adapter_view(Door(request, provider_id))(request)
    except (KeyError, ValueError, AttributeError) as error:  # an answer that is no JSON, or none of OpenID Connect's
        return _unreachable(request, provider, error)
    return answer


def _provider(request: HttpRequest, provider_id: str) -> Any:
    try:
        return get_adapter(request).get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404("no such provider") from None


def _unreachable(request: HttpRequest, provider: Any, error: Exception) -> HttpResponseBase:
    answer: HttpResponseBase = render_authentication_error(request, provider, exception=error)
    return answer
