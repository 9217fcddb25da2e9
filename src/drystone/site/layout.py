"""What every page needs: who is signed in, the navigation of their roles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from drystone.registers.accounts.api import idle_seconds, outside_sign_in
from drystone.site.views.demo_roles import open_demo


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation, shown to those who hold the permission; not to those who reach the same page by the
    entry that goes with `unless`."""

    text: str
    url_name: str
    permission: str
    about: str
    unless: str = ""
    covers: tuple[str, ...] = ()  # pages elsewhere that hang on this entry


NAVIGATION = (
    Entry("Policy board", "policy:board", "policy.view_board", "How each promise of the policy stands today"),
    Entry("Traffic", "monitoring:traffic", "monitoring.view_traffic", "What was allowed and what was blocked, and why"),
    Entry(
        "Filter rules", "network:rules", "network.view_rules", "What the filter blocks and allows, for whom and when"
    ),
    Entry("Requests", "unblock:requests", "unblock.view_requests", "Who asks for a site, or reports one"),
    Entry(
        "Ask about a site",
        "unblock:ask",
        "unblock.report_site",
        "Report a site that should be blocked, or ask for one",
        unless="unblock.view_requests",
    ),
    Entry("Filter checks", "network:checks", "network.view_checks", "The filter tests itself, and keeps the evidence"),
    Entry("Sign-on", "signon:passwords", "signon.view", "Internet passwords, devices, and who is signed on where"),
    Entry(
        "People",
        "school:people",
        "school.view_people",
        "Who is who, their roles and classes",
        covers=("school:classes", "accounts:doors"),
    ),
    Entry(
        "My classes",
        "school:classes",
        "school.view_classes",
        "The pupils you teach or help",
        unless="school.view_people",
    ),
    Entry("My children", "school:my_children", "school.view_children", "What the school has about your children"),
    Entry(
        "School",
        "school:settings",
        "school.view_settings",
        "Contacts, calendar, zones, groups and classes",
        covers=("documents:mine",),
    ),
    Entry("Schools", "school:authority", "school.view_authority", "How the schools of the council or trust stand"),
    Entry("Audit trail", "school:audit", "school.view_audit", "Who changed what, and when"),
)


def context(request: HttpRequest) -> dict[str, Any]:
    permissions: frozenset[str] = getattr(request, "permissions", frozenset())
    shown = [
        (entry, reverse(entry.url_name))
        for entry in NAVIGATION
        if entry.permission in permissions and entry.unless not in permissions
    ]
    below = {under: href for entry, href in shown for under in (href, *map(reverse, entry.covers))}
    here = below.get(max(filter(request.path.startswith, below), key=len, default=""), "")  # the closest
    return {
        "person": getattr(request, "person", None),
        "school": getattr(request, "school", None),
        "permissions": permissions,
        "idle_seconds": idle_seconds(request),
        "open_demo": partial(open_demo, request),  # looked up only where a page asks
        "outside_sign_in": outside_sign_in,
        "navigation": [
            {"text": entry.text, "href": href, "about": entry.about, "active": href == here} for entry, href in shown
        ],
    }
