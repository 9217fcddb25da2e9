"""Parents sign in by a link sent to the address on record."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from drystone.registers.accounts.forms.links import LinkForm
from drystone.registers.accounts.queries import unreachable_parents
from drystone.registers.accounts.services.links import find_link, use_link
from drystone.registers.accounts.tasks import send_sign_in_link
from drystone.registers.school.access import needs, public
from drystone.registers.school.csv import csv_response
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import school_of


@public("parents ask for a link here; what it answers is the same for every address")
@never_cache
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """P45: what is known of the address is looked up by the worker, so that neither words nor time give it away."""
    form = LinkForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/link_ask.html", {"form": form})
    address = form.cleaned_data["email"].lower()
    if not ratelimit.consume(request, action="sign_in_link", key=address):
        return render(request, "accounts/link_sent.html", {"address": address, "too_many": True}, status=429)
    there = request.build_absolute_uri(reverse("accounts:link", args=["SECRET"]))
    send_sign_in_link(address, there)
    return render(request, "accounts/link_sent.html", {"address": address})


@public("opened from a parent’s e-mail; the secret in it says who, once")
@never_cache
def link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Looking at it spends nothing: mail scanners look. Only the button signs in."""
    if not ratelimit.consume(request, action="open_link"):
        return render(request, "accounts/link_gone.html", {"why": "Too many links were tried from here"}, status=429)
    found = find_link(secret)
    if found is None:
        return render(request, "accounts/link_gone.html", {"why": ""}, status=410)
    if request.method != "POST":
        return render(request, "accounts/link.html", {"address": found.address})
    try:
        user = use_link(secret=secret, on=timezone.localdate())
    except Refused as refusal:
        return render(request, "accounts/link_gone.html", {"why": str(refusal)}, status=410)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    record_authentication(request, user, method="link")
    messages.success(request, "You are signed in.")
    answer: HttpResponseBase = perform_login(request, user, redirect_url=reverse("home"))
    return answer


@needs("accounts.view_parents")
def parents(request: HttpRequest) -> HttpResponseBase:
    """P45: parents whom no link can reach, and why: no address, or one that several people share."""
    found = unreachable_parents(school_of(request), timezone.localdate())
    if request.GET.get("format") == "csv":
        rows = ([row.person.name, row.person.email, row.why] for row in found)
        return csv_response("parents-without-sign-in", ["Parent", "Address on record", "Why"], rows)
    page, pages = page_of(request, found)
    return render(request, "accounts/parents.html", {"page": page, "pages": pages, "count": len(found)})
