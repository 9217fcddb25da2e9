"""What every page needs: who is signed in, the navigation of their roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation, shown to those who hold the permission."""

    text: str
    url_name: str
    permission: str


NAVIGATION = (
    Entry("Policy board", "policy:board", "policy.view_board"),
    Entry("Traffic", "monitoring:traffic", "monitoring.view_traffic"),
    Entry("Filter rules", "network:rules", "network.view_rules"),
    Entry("Filter checks", "network:checks", "network.view_checks"),
    Entry("People", "school:people", "school.view_people"),
    Entry("School", "school:settings", "school.view_settings"),
    Entry("Audit trail", "school:audit", "school.view_audit"),
)


def context(request: HttpRequest) -> dict[str, Any]:
    permissions: frozenset[str] = getattr(request, "permissions", frozenset())
    return {
        "person": getattr(request, "person", None),
        "school": getattr(request, "school", None),
        "permissions": permissions,
        "navigation": [
            {"text": entry.text, "href": href, "active": href != "/" and request.path.startswith(href)}
            for entry in NAVIGATION
            if entry.permission in permissions
            for href in [reverse(entry.url_name)]
        ],
    }
