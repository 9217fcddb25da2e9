"""P45: closing one person's account, opening it again, forgetting a sign-in at a provider."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from drystone.registers.accounts.services import closing as verbs
from drystone.registers.accounts.services.sso import forget_sign_in
from drystone.registers.school.access import needs
from drystone.registers.school.models import Person
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, within


@needs("accounts.close")
def close_account(request: HttpRequest, pk: int) -> HttpResponse:
    thing, by = within(request, Person, pk), person_of(request)
    if request.method != "POST":
        return render(request, "accounts/close.html", {"thing": thing, "verb": "close"})
    try:
        verbs.close_account(person=thing, by=by, why=f"{by.name} closed it", on=timezone.localdate())
        messages.success(request, f"The account of {thing.name} is closed.")
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
    return redirect("school:person", pk=pk)


@needs("accounts.close")
def reopen_account(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Person, pk)
    if request.method != "POST":
        return render(request, "accounts/close.html", {"thing": thing, "verb": "open"})
    try:
        verbs.reopen_account(person=thing, by=person_of(request), on=timezone.localdate())
        messages.success(request, f"The account of {thing.name} is open. Give them a new code.")
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
    return redirect("school:person", pk=pk)


@needs("accounts.close")
def forget_provider(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Person, pk)
    if request.method != "POST":
        return render(request, "accounts/close.html", {"thing": thing, "verb": "forget"})
    try:
        count = forget_sign_in(person=thing, by=person_of(request))
        messages.success(request, f"{thing.name}: {count} sign-ins at a provider forgotten.")
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
    return redirect("school:person", pk=pk)
