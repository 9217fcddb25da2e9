"""Stepping into a role of the demonstration school, to see what each of them sees. Never of a real school."""

from __future__ import annotations

import os

from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.registers.accounts.api import STEPPED_IN
from drystone.registers.school.access import public
from drystone.registers.school.models import Person, Role, RoleHolding, School, User
from drystone.registers.school.queries import holdings_on
from drystone.registers.school.services.accounts import make_account
from drystone.registers.school.services.changes import Refused
from drystone.site.setup.code import at_this_machine
from drystone.site.views.account import BACKEND

WHY = "everybody in the demonstration school is made up; only at this machine, or in a house started as a demonstration"
STEPPABLE = [role for role in Role if role != Role.PUPIL]  # pupils have no account


@public(WHY)
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    school = _demo_school(request)
    today = timezone.localdate()
    holders = [(role, holdings_on(school, role, today).first()) for role in STEPPABLE]
    people = [(role.label, holding) for role, holding in holders if holding]
    return render(request, "site/demo_roles.html", {"demo_school": school, "people": people})


@public(WHY)
@require_POST
def step_into(request: HttpRequest) -> HttpResponse:
    school = _demo_school(request)
    number = request.POST.get("holding", "")
    if not number.isdecimal():
        raise Http404("no such role")
    holding = get_object_or_404(RoleHolding, pk=int(number), person__school=school, role__in=STEPPABLE)
    if not holding.held_on(timezone.localdate()):
        raise Http404("nobody holds that role today")
    user = _account_of(holding.person)
    login(request, user, backend=BACKEND)
    request.session["person"] = holding.person.pk
    request.session[STEPPED_IN] = True
    return redirect("home")


def _account_of(person: Person) -> User:
    """Made-up people only: an account that also opens a real school is never stepped into."""
    if person.user is None:
        try:
            return make_account(person=person, by=None, as_name="Demonstration")
        except Refused as refusal:
            raise PermissionDenied(str(refusal)) from None
    if person.user.people.exclude(school__is_demo=True).exists():
        raise PermissionDenied("This account belongs to a real school too.")
    return person.user


def open_demo(request: HttpRequest) -> School | None:
    """The demonstration school, where this visitor may step into its roles."""
    if not at_this_machine(request) and os.environ.get("DRYSTONE_DEMO") != "1":
        return None
    # unscoped: the demo school is open to all
    return School.objects.filter(is_demo=True).first()


def _demo_school(request: HttpRequest) -> School:
    school = open_demo(request)
    if school is None:
        raise Http404("no demonstration school is open here")
    return school
