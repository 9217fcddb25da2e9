"""How a call of the API is let in: by the token of an integration, for the scope that the route names."""

from __future__ import annotations

import logging

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from drystone.registers.school.models import Integration, Scope
from drystone.registers.school.services.integrations import integration_of, note_use

log = logging.getLogger(__name__)


class Bearer(HttpBearer):
    """`Authorization: Bearer …`. 401 without a token that works, 403 for one that is not for this, or not from there.

    No cookie is read: somebody who is signed in gets nothing here by that.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Integration | None:
        found = integration_of(token.strip())
        if found is None:
            return None
        client = get_adapter(request).get_client_ip(request) if found.calls_from else ""
        if not found.may_call_from(client):
            log.warning("a call came from %s with the token of “%s” (%s)", client, found.name, found.school.slug)
            raise HttpError(403, f"This token is for {found.calls_from}, and not for {client}")
        if self.scope not in found.scopes:
            raise HttpError(403, f"This token may not do that: it needs {self.scope.value}")
        note_use(integration=found, what=self.scope.label)
        return found


def integration(request: HttpRequest) -> Integration:
    """Whose call it is, behind `Bearer`."""
    found: Integration = request.auth  # type: ignore[attr-defined]
    return found
