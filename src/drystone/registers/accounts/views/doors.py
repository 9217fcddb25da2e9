"""Who can sign in: invitations, locked accounts, and help for who lost the phone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.registers.accounts import doors as queries
from drystone.registers.accounts.forms.doors import InviteForm, RecoverForm
from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services import invitations, locks, recovery
from drystone.registers.accounts.tasks import send_invitation
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.models import Person, Role
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, school_of, within

SHOWN = {"": "Everybody", "to_invite": "Not opened yet", "no_second_step": "Second step missing", "locked": "Locked"}


@needs("accounts.view_doors")
def doors(request: HttpRequest) -> HttpResponseBase:
    """P45: one account for each adult, and how far each has come with it."""
    found, role, show = _found(request)
    if request.GET.get("format") == "csv":
        heads = ["Name", "Roles", "Signs in as", "Account", "Two-step sign-in"]
        return csv_response("signing-in", heads, (_row(door) for door in found))
    return _page(request, found, role, show, InviteForm(offered={}))


def _found(request: HttpRequest) -> tuple[list[queries.Door], str, str]:
    role, show = request.GET.get("role", ""), request.GET.get("show", "")
    role = role if role in queries.BY_INVITATION else ""
    found = queries.doors(school_of(request), on=timezone.localdate(), at=timezone.now(), role=role)
    match show:
        case "to_invite":
            found = [door for door in found if door.can_be_invited]
        case "no_second_step":
            found = [door for door in found if door.needs_two_step and not door.two_step]
        case "locked":
            found = [door for door in found if door.locked_until]
        case _:
            show = ""
    return found, role, show


def _row(door: queries.Door) -> list[str]:
    user = door.person.user
    needs = "needed" if door.needs_two_step else ""
    return [
        door.person.name,
        ", ".join(door.roles),
        user.email if user else "",
        door.account,
        "on" if door.two_step else needs,
    ]


def _page(request: HttpRequest, found: list[queries.Door], role: str, show: str, form: InviteForm) -> HttpResponse:
    context: dict[str, Any] = {
        "doors": found,
        "form": form,
        "chosen": set(request.POST.getlist("people")),
        "role": role,
        "roles": [(r.value, r.label) for r in Role if r in queries.BY_INVITATION],
        "show": show,
        "choices": SHOWN,
        "may_invite": "school.give_accounts" in request.permissions,  # type: ignore[attr-defined]
        "by_mail": invitations.goes_by_mail(),
        "only_here": _only_here(request),
    }
    return render(request, "accounts/doors.html", context)


@needs("school.give_accounts")
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """Letters are shown this once; mails go out behind the page."""
    if request.method != "POST":
        return redirect("accounts:doors")
    found, role, show = _found(request)
    form = InviteForm(request.POST, offered={str(d.person.pk): d.person.name for d in found if d.can_be_invited})
    if not form.is_valid():
        return _page(request, found, role, show, form)
    chosen = {door.person.pk: door.person for door in found}
    done = invitations.invite(
        people=[chosen[key] for key in form.cleaned_data["people"]],
        how=Invitation.How(form.cleaned_data["how"]),
        pages=request.build_absolute_uri("/").rstrip("/"),
        by=person_of(request),
    )
    for mail in done.mails:
        send_invitation(mail.pk)
    if done.letters:
        page = {"letters": done.letters, "refused": done.refused, "only_here": _only_here(request)}
        return render(request, "accounts/letters.html", page)
    for _, why in done.refused:
        messages.error(request, why)
    if done.mails:
        messages.success(request, f"{len(done.mails)} by e-mail: this list shows when each was sent.")
    return redirect("accounts:doors")


@needs("accounts.unlock")
@require_POST
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    person = within(request, Person, pk)
    try:
        locks.unlock(person=person, by=person_of(request), request=request)
        messages.success(request, f"{person.name} can sign in again.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("accounts:doors")


@needs("accounts.recover")
def recover(request: HttpRequest, pk: int) -> HttpResponse:
    person = within(request, Person, pk)
    form = RecoverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, reason = person_of(request), form.cleaned_data["reason"]

        def take_away() -> bool:
            recovery.take_second_step_away(person=person, by=by, reason=reason)
            return True

        if attempt(form, take_away):
            messages.success(request, f"{person.name} signs in with the password alone, and then sets up another step.")
            return redirect("accounts:doors")
    return render(request, "accounts/recover.html", {"form": form, "thing": person})


def _only_here(request: HttpRequest) -> bool:
    """An address that nobody else's machine can open."""
    return request.get_host().rsplit(":", 1)[0] in ("localhost", "127.0.0.1", "[::1]")
