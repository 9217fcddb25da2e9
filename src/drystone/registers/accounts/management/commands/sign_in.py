"""`drystone manage sign_in`: whether people can sign in at the providers of `sign-in.yaml`."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.management.base import BaseCommand, CommandError
from django.test import RequestFactory
from django.urls import reverse
from requests import RequestException

from drystone.registers.accounts.sso.provider import Door
from drystone.registers.accounts.sso.sources import BadSources, Source, sources, sources_file
from drystone.registers.school.models import School


class Command(BaseCommand):
    help = "Reads sign-in.yaml, asks each provider who it is, and says what is wrong and where."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            known = sources()
        except BadSources as fault:
            raise CommandError(str(fault)) from None
        if not known:
            self.stdout.write(f"There is no {sources_file()}, so people sign in with a password.")
            return
        faults = [wrong for source in known if (wrong := self._fault(source))]
        if faults:
            raise CommandError("\n".join(faults))

    def _fault(self, source: Source) -> str:
        """Empty where it answers as it should."""
        missing = sorted((source.schools or set()) - set(School.objects.values_list("slug", flat=True)))
        if missing:
            return f"{source.key}: there is no school {missing[0]} here"
        try:
            Door(RequestFactory().get("/"), source.key).openid_config  # noqa: B018 - asking is the point
        except (OAuth2Error, RequestException, ValueError) as error:
            return f"{source.key}: {source.issuer} does not answer as it should: {error}"
        back = reverse("accounts:sign_in_back", args=[source.key])
        self.stdout.write(f"{source.key}: {source.issuer} answers. Register the redirect address …{back} there.")
        return ""
