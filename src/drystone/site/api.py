"""The API at /api/v1/: each register adds its routes, each route names the scope that a token needs for it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.urls import URLPattern
from ninja import NinjaAPI

from drystone.registers.school.rest import router as roll
from drystone.registers.school.tokens import Bearer
from drystone.registers.signon.rest import router as sessions

ABOUT = "Calls bring the token of an integration: `Authorization: Bearer drystone-…`. It opens one school."
OPEN = {
    "openapi-json": "what the API offers, with nothing of any school in it",
    "api-root": "says that nothing is here",
}

api = NinjaAPI(title="Drystone", version=version("drystone"), description=ABOUT, urls_namespace="api-1", docs_url=None)
ROUTERS = {"/roll": roll, "/sessions": sessions}
for prefix, router in ROUTERS.items():
    api.add_router(prefix, router)


def marked() -> tuple[list[Any], str, str]:
    """The routes, each with its `access` as a view behind `needs` has, for the rule that closes all others."""
    patterns, app, namespace = api.urls
    access = {name: f"public: {why}" for name, why in OPEN.items()} | _scopes()
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name in access:
            setattr(pattern.callback, "access", access[pattern.name])  # noqa: B010 - a function has no such field
    return patterns, app, namespace


def _scopes() -> dict[str, str]:
    """Name of a route → `token: scope`. One whose operations do not all name a scope is left out, and so is closed."""
    found = {}
    for router in ROUTERS.values():
        for view in router.path_operations.values():
            asked = [each.auth_param for each in view.operations]
            scopes = {each.scope.value for each in asked if isinstance(each, Bearer)}
            if view.url_name and all(isinstance(each, Bearer) for each in asked):
                found[view.url_name] = "token: " + ", ".join(sorted(scopes))
    return found
