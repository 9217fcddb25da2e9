"""P45: accounts on the school's network and e-mail, and who holds them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.registers.accounts.forms.held import AccountForm, HolderForm, NewAccountForm, NotNeededForm, PasteForm
from drystone.registers.accounts.models import AccountHolder, HeldAccount, System, Use
from drystone.registers.accounts.queries import Held, held_accounts, staff_accounts
from drystone.registers.accounts.services import held as verbs
from drystone.registers.accounts.services.held_import import COLUMNS, import_accounts
from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.models import Person
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.changes import edition_of, values
from drystone.registers.school.views import person_of, school_of, within

STATES = {
    "": "Open accounts",
    "shared": "Shared by several people",
    "close": "Nobody’s any more: to be closed",
    "nobody": "Nobody on record",
    "closed": "Closed",
}


@needs("accounts.view_held")
def held(request: HttpRequest) -> HttpResponseBase:
    school, today = school_of(request), timezone.localdate()
    text, state = request.GET.get("text", "").strip()[:100].lower(), request.GET.get("state", "")
    system = request.GET.get("system", "")
    state = state if state in STATES else ""
    rows = [Held(account, today) for account in held_accounts(school, closed=state == "closed")]
    ever = bool(rows) or HeldAccount.objects.filter(school=school).exists()
    counts = {key: sum(1 for row in rows if row.state == key) for key in ("shared", "close", "nobody")}
    if system in System.values:
        rows = [row for row in rows if row.account.system == system]
    if state:
        rows = [row for row in rows if row.state == state]
    rows = [row for row in rows if text in _words(row)]
    if request.GET.get("format") == "csv":
        return csv_response("accounts", COLUMNS, (line for row in rows for line in _lines(row)))
    page, pages = page_of(request, rows)
    context = {"page": page, "pages": pages, "text": text, "state": state, "states": STATES, "ever": ever}
    return render(
        request, "accounts/held.html", context | {"system": system, "systems": System.choices, "counts": counts}
    )


def _words(row: Held) -> str:
    return " ".join([row.account.name, *(holder.person.name for holder in row.holders)]).lower()


def _lines(row: Held) -> list[list[str]]:
    """As an import reads them again."""
    account = row.account
    people = [holder.person.sign_on or holder.person.email or holder.person.name for holder in row.holders] or [""]
    system = "e-mail" if account.system == System.EMAIL else account.system
    return [[system, account.name, person, account.use, account.note] for person in people]


@needs("accounts.view_held")
def held_account(request: HttpRequest, pk: int) -> HttpResponse:
    account = within(request, HeldAccount, pk)
    form = HolderForm(school=account.school, initial={"since": timezone.localdate()})
    return _account_page(request, account, form)


@needs("accounts.change_held")
@require_POST
def give_held(request: HttpRequest, pk: int) -> HttpResponse:
    account = within(request, HeldAccount, pk)
    form = HolderForm(request.POST, school=account.school)
    if form.is_valid():
        by, given = person_of(request), form.cleaned_data
        if holder := attempt(form, lambda: verbs.give_account(account=account, by=by, **given)):
            messages.success(request, f"{holder.person.name} holds {account.name}.")
            return redirect("accounts:held_account", pk=pk)
    return _account_page(request, account, form)


def _account_page(request: HttpRequest, account: HeldAccount, form: HolderForm) -> HttpResponse:
    holders = account.holders.select_related("person").order_by("-since", "-pk")
    context = {"account": account, "form": form, "holders": holders, "row": Held(account, timezone.localdate())}
    return render(request, "accounts/held_account.html", context)


@needs("accounts.change_held")
def new_held(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    form = NewAccountForm(request.POST or None, school=school)
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        if account := attempt(form, lambda: _add(request, **given)):
            messages.success(request, f"{account.name} is on record.")
            return redirect("accounts:held_account", pk=account.pk)
    return render(request, "accounts/held_form.html", {"form": form, "heading": "Add an account"})


def _add(request: HttpRequest, *, person: Person | None, system: str, use: str, **given: Any) -> HeldAccount:
    return verbs.add_with_holder(
        school=school_of(request),
        by=person_of(request),
        system=System(system),
        use=Use(use),
        person=person,
        on=timezone.localdate(),
        **given,
    )


@needs("accounts.change_held")
def change_held(request: HttpRequest, pk: int) -> HttpResponse:
    account = within(request, HeldAccount, pk)
    now = values(account)
    form = AccountForm(request.POST or None, initial=now, edition=edition_of(now))
    if request.method == "POST" and form.is_valid():
        by, given = person_of(request), form.cleaned_data
        use = Use(given.pop("use"))
        if attempt(form, lambda: verbs.change_account(account=account, by=by, use=use, **given)):
            messages.success(request, f"{account.name} is saved.")
            return redirect("accounts:held_account", pk=pk)
    return render(request, "accounts/held_form.html", {"form": form, "heading": f"Change {account.name}"})


@needs("accounts.change_held")
@require_POST
def let_go_held(request: HttpRequest, pk: int) -> HttpResponse:
    holder = within(request, AccountHolder, pk, "account__school")
    verbs.let_go(holder=holder, by=person_of(request), until=timezone.localdate())
    messages.success(request, f"{holder.person.name} holds {holder.account.name} until today.")
    return redirect("accounts:held_account", pk=holder.account_id)


@needs("accounts.change_held")
def close_held(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked first: it says that the technician has closed it on the system, which Drystone cannot do there."""
    account = within(request, HeldAccount, pk)
    if request.method == "POST":
        verbs.close_on_system(account=account, by=person_of(request), on=timezone.localdate())
        messages.success(request, f"{account.name} is closed.")
        return redirect("accounts:held")
    return render(request, "accounts/held_close.html", {"row": Held(account, timezone.localdate())})


@needs("accounts.change_held")
def import_held(request: HttpRequest) -> HttpResponse:
    """A table is tried first; what was tried is then taken in, or nothing is."""
    form = PasteForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "found": None, "columns": COLUMNS}
    if request.method == "POST" and form.is_valid():
        school, by, text = school_of(request), person_of(request), form.cleaned_data["text"]
        for_real = "take_in" in request.POST
        write = {"school": school, "by": by, "text": text, "on": timezone.localdate(), "dry_run": not for_real}
        found = attempt(form, lambda: import_accounts(**write))
        if found is not None and for_real and not found.wrong:
            messages.success(request, f"{found.added} accounts added, {found.changed} changed.")
            return redirect("accounts:held")
        context |= {"found": found, "text": text}
    return render(request, "accounts/held_import.html", context)


@needs("accounts.view_held")
def staff_held(request: HttpRequest) -> HttpResponseBase:
    """P45: each member of staff, and what they hold."""
    rows = staff_accounts(school_of(request), timezone.localdate())
    if request.GET.get("format") == "csv":
        lines = ([row.person.name, *(_cell(row, system) for system in System)] for row in rows)
        return csv_response("staff-accounts", ["Name", *(system.label for system in System)], lines)
    lacking = sum(1 for row in rows if row.lacks)
    if request.GET.get("only") == "lacking":
        rows = [row for row in rows if row.lacks]
    page, pages = page_of(request, rows)
    context = {"page": page, "pages": pages, "lacking": lacking, "only": request.GET.get("only", "")}
    return render(request, "accounts/held_staff.html", context | {"systems": list(System)})


def _cell(row: Any, system: System) -> str:
    return row.held.get(system) or (f"needs none: {row.not_needed[system]}" if system in row.not_needed else "")


@needs("accounts.change_held")
def not_needed(request: HttpRequest, pk: int) -> HttpResponse:
    system = request.GET.get("system", "")
    if system not in System.values:
        raise Http404("no such system")
    thing = within(request, Person, pk)
    form, place = NotNeededForm(request.POST or None), System(system)
    if request.method == "POST" and form.is_valid():
        by, reason = person_of(request), form.cleaned_data["reason"]
        verbs.needs_none(person=thing, system=place, reason=reason, by=by, on=timezone.localdate())
        messages.success(request, f"It is on record that {thing.name} needs no {place.label} account.")
        return redirect("accounts:held_staff")
    heading = f"{thing.name} needs no account on the {place.label.lower()}"
    return render(request, "accounts/held_form.html", {"form": form, "heading": heading, "back": "accounts:held_staff"})
