"""P02, P13: who to ask. For children, parents and staff; open to anyone, and each names the co-ordinator."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from drystone.registers.school.access import public
from drystone.registers.school.models import Role, School
from drystone.registers.school.queries import coordinator, holdings_on

WHY = "a child or parent who looks for help is never asked to sign in"


@public(WHY)
def children(request: HttpRequest, slug: str = "") -> HttpResponse:
    return _page(request, "site/help_children.html", slug)


@public(WHY)
def parents(request: HttpRequest, slug: str = "") -> HttpResponse:
    return _page(request, "site/help_parents.html", slug)


@public("the ways to report, without names of anyone but the co-ordinator")
def staff(request: HttpRequest, slug: str = "") -> HttpResponse:
    return _page(request, "site/help_staff.html", slug)


def _page(request: HttpRequest, template: str, slug: str) -> HttpResponse:
    school = _school(request, slug)
    today = timezone.localdate()
    # unscoped: the names of schools, on pages that stand open
    others = [] if school else list(School.objects.order_by("name"))
    lead = holdings_on(school, Role.SAFEGUARDING_LEAD, today).first() if school else None
    head = holdings_on(school, Role.HEAD, today).first() if school else None
    holding = coordinator(school, today) if school else None
    page = {
        "asked_school": school,
        "others": others,
        "coordinator": holding.person if holding else None,
        "safeguarding_lead": lead.person if lead else None,
        "head": head.person if head else None,
    }
    return render(request, template, page)


def _school(request: HttpRequest, slug: str) -> School | None:
    """The one asked for; else the reader's own; else the only one there is."""
    if slug:
        # unscoped: the names of schools, on pages that stand open
        school = School.objects.filter(slug=slug).first()
        if school is None:
            raise Http404("no such school")
        return school
    own: School | None = getattr(request, "school", None)
    # unscoped: the names of schools, on pages that stand open
    first_two = list(School.objects.order_by("pk")[:2])
    return own or (first_two[0] if len(first_two) == 1 else None)
